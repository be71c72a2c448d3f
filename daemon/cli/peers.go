package cli

import (
	"fmt"
	"io"
	"net/netip"

	"github.com/spf13/cobra"

	"mcdns/daemon/control"
)

func (e *env) peersCommand() *cobra.Command {
	return &cobra.Command{
		Use: "peers", Short: "Show who shares with this host", Args: noArgs,
		Long: "Show who shares with this host, in 80 columns. The first column: * this host, + a peer, ! a peer that does not\n" +
			"hear this host's multicast.\n\n" +
			"HEARS is ? while that is not known. TOLD counts the answers taken from it; WRONG those that a DNS server said\n" +
			"otherwise in a way that is not rotation. All that is known of each: --json.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var p control.Peers
			printed, err := e.get(cmd.Context(), "/peers", nil, &p)
			if err == nil && !printed {
				err = e.showPeers(e.out, &p)
			}
			return err
		},
	}
}

func (e *env) showPeers(w io.Writer, p *control.Peers) error {
	if len(p.Peers) == 0 {
		_, err := fmt.Fprintf(w, "%s: no peers; this host is %s\n", plain(p.State), plain(p.Self))
		return err
	}
	rows := [][]string{{" ", "PEER", "ADDRESS", "SINCE", "LAST", "NAMES", "HEARS", "TOLD", "WRONG"}}
	rows = append(rows, []string{"*", p.Self, "this host", "-", "-", "-", "-", "-", "-"})
	for i := range p.Peers {
		rows = append(rows, peerRow(&p.Peers[i]))
	}
	if err := writeTable(w, rows); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s; * this host, + a peer, ! one that does not hear this host's multicast\n", groupWords(p.State, len(p.Peers)))
	return e.showOtherVersions(w, p)
}

func peerRow(q *control.Peer) []string {
	mark := "+"
	if q.HearsUs != nil && !*q.HearsUs {
		mark = "!"
	}
	return []string{
		mark, q.ID, hostOf(q.Addr), ago(q.SinceS), ago(q.LastS), fmt.Sprint(q.Names), known(q.HearsUs), fmt.Sprint(q.Told), fmt.Sprint(q.Contradicted),
	}
}

// hostOf is an address without the port, which is the group's.
func hostOf(addr string) string {
	a, err := netip.ParseAddrPort(addr)
	if err != nil {
		return addr
	}
	return a.Addr().String()
}

// showOtherVersions names the peers that are not of this command's version.
func (e *env) showOtherVersions(w io.Writer, p *control.Peers) (err error) {
	for _, q := range p.Peers {
		if q.Version != e.version {
			_, err = fmt.Fprintf(w, "%s is of version %s, this mcdns of %s\n", plain(q.ID), plain(q.Version), e.version)
		}
	}
	return err
}

func known(b *bool) string {
	switch {
	case b == nil:
		return "?"
	case *b:
		return "yes"
	}
	return "no"
}
