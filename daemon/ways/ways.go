// Package ways says how the ways to peers are, and what does not get through.
package ways

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"mcdns/daemon/control"
	"mcdns/daemon/text"
)

// leastMTU lets the longest datagram pass whole (RFC 8200 section 5).
const leastMTU = 1280

// Answered is the shortest round trip by UDP, nil if nothing was answered.
func Answered(p *control.Reached) (best *float64) {
	for _, u := range p.UDP {
		if u.RTTMS != nil && (best == nil || *u.RTTMS < *best) {
			best = u.RTTMS
		}
	}
	return best
}

// Line is how the ways to one peer are.
func Line(p *control.Reached) string {
	var all []string
	for _, u := range p.UDP {
		all = append(all, fmt.Sprintf("UDP %s %s, %d of %d answered", text.HostOf(u.Addr), tripOrNo(u.RTTMS), u.Answered, u.Sent))
	}
	tcp := "TCP " + tripOrNo(p.TCP.TookMS)
	if p.TCP.Problem != "" {
		tcp += ", " + p.TCP.Problem
	}
	return fmt.Sprintf("%s: %s; %s; multicast: heard %s, hears this host %s", p.ID, strings.Join(all, "; "), tcp, heardBy(p), text.Known(p.HearsUs))
}

func tripOrNo(ms *float64) string {
	if ms == nil {
		return "no"
	}
	return text.RoundTrip(ms)
}

// heardBy says by which families a peer was heard by multicast.
func heardBy(p *control.Reached) string {
	switch {
	case p.HeardIPv4 && p.HeardIPv6:
		return "IPv4+6"
	case p.HeardIPv4:
		return "IPv4"
	case p.HeardIPv6:
		return "IPv6"
	case p.New:
		return "?"
	}
	return "no"
}

// Show writes a table of the ways to all peers, and what does not get through. red paints.
func Show(w io.Writer, r *control.Reach, red func(string) string) error {
	general, ofPeers := Faults(r)
	var links []string
	for _, l := range r.Links {
		links = append(links, fmt.Sprintf("%s (MTU %d)", l.Name, l.MTU))
	}
	fmt.Fprintf(w, "group %s and %s, port %d, on %s\n", text.Plain(r.IPv4), text.Plain(r.IPv6), r.Port, text.Plain(cmp.Or(strings.Join(links, ", "), "no interface")))
	if err := showTable(w, r, ofPeers); err != nil {
		return err
	}
	for _, f := range general {
		fmt.Fprintf(w, "%s %s\n", red("FAIL"), text.Plain(f))
	}
	for i := range r.Peers {
		for _, f := range ofPeers[r.Peers[i].ID] {
			fmt.Fprintf(w, "%s %s (%s): %s\n", red("FAIL"), text.Plain(r.Peers[i].ID), text.Plain(text.HostOf(r.Peers[i].Addr)), text.Plain(f))
		}
	}
	end := fmt.Sprintf("%s tried, %d with a fault", text.Count(len(r.Peers), "peer"), len(ofPeers))
	if r.More > 0 {
		end += fmt.Sprintf("; %d more were not tried", r.More)
	}
	_, err := fmt.Fprintln(w, end)
	return err
}

func showTable(w io.Writer, r *control.Reach, ofPeers map[string][]string) error {
	if len(r.Peers) == 0 {
		return nil
	}
	rows := [][]string{{" ", "PEER", "ADDRESS", "UDP", "LOST", "TCP", "MTU", "HEARD", "HEARS"}}
	for i := range r.Peers {
		p := &r.Peers[i]
		mark := "+"
		if ofPeers[p.ID] != nil {
			mark = "!"
		}
		for j, u := range p.UDP {
			row := []string{mark, p.ID, text.HostOf(u.Addr), tripOrNo(u.RTTMS), fmt.Sprintf("%d/%d", u.Sent-u.Answered, u.Sent)}
			ofPeer := []string{"-", "-", "-", "-"} // said in its first row
			if j == 0 {
				ofPeer = []string{tripOrNo(p.TCP.TookMS), mtuOf(p), heardBy(p), text.Known(p.HearsUs)}
			}
			rows = append(rows, append(row, ofPeer...))
		}
	}
	return text.Table(w, rows)
}

func mtuOf(p *control.Reached) string {
	if p.TCP.MTU == 0 {
		return "?"
	}
	return fmt.Sprint(p.TCP.MTU)
}

// Faults are what does not get through: here, and by the ids of peers.
func Faults(r *control.Reach) (general []string, ofPeers map[string][]string) {
	ofPeers = map[string][]string{}
	open := fmt.Sprintf("let UDP and TCP port %d pass in and out, here and there: mcdnsd(8), FIREWALL", r.Port)
	switch {
	case r.State == control.Solo:
		return append(general, "this host has no group: mcdns status says why"), ofPeers
	case !r.Sends:
		general = append(general, "this machine lets nothing out to the group; "+open)
	case len(r.Peers) == 0:
		general = append(general, "nobody is heard, so no way could be tried; "+open+"; all hosts need one key (mcdns key show-id)")
	}
	for _, l := range r.Links {
		if l.MTU > 0 && l.MTU < leastMTU {
			general = append(general, fmt.Sprintf("%s has an MTU of %d, datagrams of the group need %d: ip link set %s mtu %d, or more", l.Name, l.MTU, leastMTU, l.Name, leastMTU))
		}
	}
	for i := range r.Peers {
		if all := faultsOf(&r.Peers[i], open); all != nil {
			ofPeers[r.Peers[i].ID] = all
		}
	}
	return general, ofPeers
}

func faultsOf(p *control.Reached, open string) (all []string) {
	udp := Answered(p) != nil
	switch {
	case !udp && !p.TCP.Open:
		return []string{"it does not answer at all: it is gone, or a firewall is closed; " + open}
	case !udp:
		all = append(all, "no datagram to it alone is answered, TCP is; "+open)
	case !p.TCP.Open:
		all = append(all, "TCP: "+p.TCP.Problem+"; what it held before is not here; "+open)
	}
	if !p.HeardIPv4 && !p.HeardIPv6 && !p.New {
		all = append(all, "its multicast is not heard here: an IGMP or MLD querier is missing on the switch, or a firewall here drops it")
	}
	if p.HearsUs != nil && !*p.HearsUs {
		all = append(all, "it does not hear this host's multicast: an IGMP or MLD querier is missing on the switch, or a firewall there drops it")
	}
	if p.TCP.MTU > 0 && p.TCP.MTU < leastMTU {
		all = append(all, fmt.Sprintf("the way to it has an MTU of %d, datagrams of the group need %d", p.TCP.MTU, leastMTU))
	}
	return all
}
