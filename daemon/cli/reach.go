package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"mcdns/daemon/control"
)

// leastMTU lets the longest datagram pass whole (RFC 8200 section 5).
const leastMTU = 1280

const reachLong = "Each peer is sent three datagrams by unicast, to each of its addresses, and a stream is opened to it. How\n" +
	"multicast goes is what both have noticed lately. Nothing is changed. It is for root and the group mcdns.\n\n"

func (e *env) pingCommand() *cobra.Command {
	all := false
	ping := &cobra.Command{
		Use: "ping PEER", Short: "Try the ways to a peer, and say how long they take", Example: "  mcdns ping 192.0.2.7\n  mcdns ping 3f2a\n  mcdns ping --all",
		Long: "Try the ways to a peer, by its address or the beginning of its id, and say how long they take.\n\n" + reachLong +
			"Exit code: 0, 1 if there is no such peer or one does not answer.",
		Args: func(verb *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return errors.New("name one peer, or --all")
			}
			return atMost(1)(verb, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return e.ping(cmd.Context(), strings.Join(args, "")) },
	}
	ping.Flags().BoolVar(&all, "all", false, "try all peers (the first 64)")
	return ping
}

func (e *env) netcheckCommand() *cobra.Command {
	return &cobra.Command{
		Use: "netcheck", Short: "Try all ways to all peers, and name what does not get through", Args: noArgs,
		Long: "Try all ways to all peers, and name what does not get through: multicast and unicast, both ways, TCP and the MTU.\n\n" +
			reachLong + "Exit code: 0, 5 if something does not get through, or nobody is there to try it with.",
		RunE: func(cmd *cobra.Command, _ []string) error { return e.netcheck(cmd.Context()) },
	}
}

func (e *env) reach(ctx context.Context, who string) (r control.Reach, printed bool, err error) {
	printed, err = e.get(ctx, "/reach", url.Values{"peer": {who}}, &r)
	return r, printed, err
}

func (e *env) ping(ctx context.Context, who string) error {
	r, printed, err := e.reach(ctx, who)
	if err != nil {
		return err
	}
	if len(r.Peers) == 0 {
		return &failure{code: exitNoName, err: errors.New(noPeer(who, &r)), hint: "mcdns peers lists them"}
	}
	silent := false
	for i := range r.Peers {
		p := &r.Peers[i]
		silent = silent || answered(p) == nil
		if !printed {
			fmt.Fprintln(e.out, plain(pingLine(p)))
		}
	}
	if r.More > 0 && !printed {
		fmt.Fprintf(e.out, "%s more were not tried\n", count(r.More, "peer"))
	}
	if silent {
		return quiet(exitNoName)
	}
	return nil
}

func noPeer(who string, r *control.Reach) string {
	if who == "" {
		return "there is no peer: this host is " + groupWords(r.State, 0)
	}
	return "there is no peer " + plain(who)
}

// answered is the shortest round trip by UDP, nil if nothing was answered.
func answered(p *control.Reached) (best *float64) {
	for _, u := range p.UDP {
		if u.RTTMS != nil && (best == nil || *u.RTTMS < *best) {
			best = u.RTTMS
		}
	}
	return best
}

func pingLine(p *control.Reached) string {
	var all []string
	for _, u := range p.UDP {
		all = append(all, fmt.Sprintf("UDP %s %s, %d of %d answered", hostOf(u.Addr), tripOrNo(u.RTTMS), u.Answered, u.Sent))
	}
	tcp := "TCP " + tripOrNo(p.TCP.TookMS)
	if p.TCP.Problem != "" {
		tcp += ", " + p.TCP.Problem
	}
	return fmt.Sprintf("%s: %s; %s; multicast: heard %s, hears this host %s", p.ID, strings.Join(all, "; "), tcp, heardBy(p), known(p.HearsUs))
}

func tripOrNo(ms *float64) string {
	if ms == nil {
		return "no"
	}
	return roundTrip(ms)
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
	}
	return "no"
}

func (e *env) netcheck(ctx context.Context) error {
	r, printed, err := e.reach(ctx, "")
	if err != nil {
		return err
	}
	general, ofPeers := faults(&r)
	if !printed {
		if err := e.showReach(&r, general, ofPeers); err != nil {
			return err
		}
	}
	if len(general) > 0 || len(ofPeers) > 0 {
		return quiet(exitFailed)
	}
	return nil
}

func (e *env) showReach(r *control.Reach, general []string, ofPeers map[string][]string) error {
	var links []string
	for _, l := range r.Links {
		links = append(links, fmt.Sprintf("%s (MTU %d)", l.Name, l.MTU))
	}
	fmt.Fprintf(e.out, "group %s and %s, port %d, on %s\n", plain(r.IPv4), plain(r.IPv6), r.Port, plain(fallback(strings.Join(links, ", "), "no interface")))
	if len(r.Peers) > 0 {
		rows := [][]string{{" ", "PEER", "ADDRESS", "UDP", "LOST", "TCP", "MTU", "HEARD", "HEARS"}}
		for i := range r.Peers {
			p := &r.Peers[i]
			mark := "+"
			if ofPeers[p.ID] != nil {
				mark = "!"
			}
			for j, u := range p.UDP {
				row := []string{mark, p.ID, hostOf(u.Addr), tripOrNo(u.RTTMS), fmt.Sprintf("%d/%d", u.Sent-u.Answered, u.Sent)}
				if j == 0 {
					row = append(row, tripOrNo(p.TCP.TookMS), mtuOf(p), heardBy(p), known(p.HearsUs))
				}
				rows = append(rows, row)
			}
		}
		if err := writeTable(e.out, rows); err != nil {
			return err
		}
	}
	for _, f := range general {
		fmt.Fprintf(e.out, "%s %s\n", e.red("FAIL"), plain(f))
	}
	for i := range r.Peers {
		for _, f := range ofPeers[r.Peers[i].ID] {
			fmt.Fprintf(e.out, "%s %s (%s): %s\n", e.red("FAIL"), plain(r.Peers[i].ID), plain(hostOf(r.Peers[i].Addr)), plain(f))
		}
	}
	text := fmt.Sprintf("%s tried, %d with a fault", count(len(r.Peers), "peer"), len(ofPeers))
	if r.More > 0 {
		text += fmt.Sprintf("; %d more were not tried", r.More)
	}
	_, err := fmt.Fprintln(e.out, text)
	return err
}

func mtuOf(p *control.Reached) string {
	if p.TCP.MTU == 0 {
		return "?"
	}
	return fmt.Sprint(p.TCP.MTU)
}

// faults are what does not get through: here, and by the ids of peers.
func faults(r *control.Reach) (general []string, ofPeers map[string][]string) {
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
	udp := answered(p) != nil
	switch {
	case !udp && !p.TCP.Open:
		return []string{"it does not answer at all: it is gone, or a firewall is closed; " + open}
	case !udp:
		all = append(all, "no datagram to it alone is answered, TCP is; "+open)
	case !p.TCP.Open:
		all = append(all, "TCP: "+p.TCP.Problem+"; what it held before is not here; "+open)
	}
	if !p.HeardIPv4 && !p.HeardIPv6 {
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
