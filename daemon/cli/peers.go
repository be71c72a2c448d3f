package cli

import (
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"mcdns/daemon/control"
)

func (e *env) peersCommand() *cobra.Command {
	return &cobra.Command{
		Use: "peers", Short: "Show who shares with this host", Args: noArgs,
		Long: "Show who shares with this host.\n\n" +
			"HEARS US is no for a peer that this host hears but that does not hear it by multicast, ? while that is not known.\n" +
			"CONTRADICTED counts answers that a DNS server said otherwise in a way that is not rotation.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			var p control.Peers
			printed, err := e.get(cmd.Context(), "/peers", nil, &p)
			if err == nil && !printed {
				err = showPeers(e.out, &p)
			}
			return err
		},
	}
}

func showPeers(w io.Writer, p *control.Peers) error {
	if len(p.Peers) == 0 {
		_, err := fmt.Fprintf(w, "%s: no peers; this host is %s\n", plain(p.State), plain(p.Self))
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "PEER\tADDRESS\tVERSION\tSINCE\tLAST\tNAMES\tPROVEN\tHEARS US\tTOLD\tCONTRADICTED")
	for _, q := range p.Peers {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\t%d\t%d\n", q.ID, plain(q.Addr), plain(q.Version),
			ago(q.SinceS), ago(q.LastS), q.Names, yes(q.Proven), known(q.HearsUs), q.Told, q.Contradicted)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "%s; this host is %s\n", groupWords(p.State, len(p.Peers)), plain(p.Self))
	return err
}

func known(b *bool) string {
	if b == nil {
		return "?"
	}
	return yes(*b)
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
