package cli

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"mcdns/daemon/control"
)

func (e *env) peersCommand() *cobra.Command {
	return &cobra.Command{
		Use: "peers", Short: "Show who shares with this host", Args: noArgs,
		Long: "Show who shares with this host, in 80 columns. The first column: * this host, + a peer, ! a peer that does not\n" +
			"hear this host's multicast, - a peer that is gone, x an address whose datagrams are refused. Anybody on the link\n" +
			"can send such datagrams, under any address.\n\n" +
			"PEER is what it calls itself, else its id. RTT is the last round trip, ? before the first. HEARS is ? while that\n" +
			"is not known yet. TOLD counts the answers taken from it; WRONG those that a DNS server said otherwise in a way\n" +
			"that is not rotation. All that is known of each: --json.",
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
	if len(p.Peers)+len(p.Lost)+len(p.Refused) == 0 {
		_, err := fmt.Fprintf(w, "%s: no peers; this host is %s\n", plain(p.State), plain(p.Self))
		return err
	}
	rows := [][]string{{" ", "PEER", "ADDRESS", "LAST", "RTT", "NAMES", "HEARS", "TOLD", "WRONG"}}
	rows = append(rows, []string{"*", p.Self, "this host", "-", "-", "-", "-", "-", "-"})
	for i := range p.Peers {
		rows = append(rows, peerRow(&p.Peers[i]))
	}
	for _, q := range p.Lost {
		rows = append(rows, []string{"-", q.ID, hostOf(q.Addr), ago(q.LastS), "gone: " + string(q.Why)})
	}
	for _, q := range p.Refused {
		rows = append(rows, []string{"x", "?", q.Addr, ago(q.LastS), "refused: " + refusal(&q)})
	}
	if err := writeTable(w, rows); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s; %s\n", groupWords(p.State, len(p.Peers)), legend(rows))
	return e.showOtherVersions(w, p)
}

// legend explains the first column.
func legend(rows [][]string) string {
	text := "* this host"
	for _, sign := range []struct{ sign, text string }{
		{"+", "a peer"}, {"!", "does not hear us"}, {"-", "gone"}, {"x", "refused"},
	} {
		if slices.ContainsFunc(rows, func(row []string) bool { return row[0] == sign.sign }) {
			text += ", " + sign.sign + " " + sign.text
		}
	}
	return text
}

// refusal is why an address is refused, in few columns.
func refusal(q *control.Refused) string {
	if q.Why == control.ForeignKey {
		return "another key, " + q.KeyID
	}
	return string(q.Why)
}

func peerRow(q *control.Peer) []string {
	mark := "+"
	if q.HearsUs != nil && !*q.HearsUs {
		mark = "!"
	}
	return []string{
		mark, calledOr(q), hostOf(q.Addr), ago(q.LastS), roundTrip(q.RTTMS), fmt.Sprint(q.Names), known(q.HearsUs),
		fmt.Sprint(q.Told), fmt.Sprint(q.Contradicted),
	}
}

// calledOr is what a peer calls itself, as far as an id is wide, else its id.
func calledOr(q *control.Peer) string {
	if q.Name == "" {
		return q.ID
	}
	name := plain(q.Name)
	if len(name) > len(q.ID) {
		return name[:len(q.ID)-1] + "~"
	}
	return name
}

// showOtherVersions names the peers that are not of this command's version.
func (e *env) showOtherVersions(w io.Writer, p *control.Peers) (err error) {
	for i := range p.Peers {
		q := &p.Peers[i]
		if q.Version != "" && q.Version != e.version { // its first HELLO says it
			_, err = fmt.Fprintf(w, "%s is of version %s, this mcdns of %s\n", plain(calledOr(q)), plain(q.Version), e.version)
		}
	}
	return err
}
