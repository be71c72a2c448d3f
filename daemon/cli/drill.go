package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"mcdns/daemon/control"
)

func (e *env) drillCommand() *cobra.Command {
	all := false
	drill := &cobra.Command{
		Use: "drill", Short: "Say what would still be answered if the DNS servers died now", Args: noArgs,
		Long: "Say what would still be answered if the DNS servers died now, of what programs asked for in the last day\n" +
			"(or since mcdnsd started). Nobody is asked, and nothing is harmed.\n\n" +
			"Exit code: 0, 1 if a name would be lost. It tells what was looked up: it is for root and the group mcdns.",
		RunE: func(cmd *cobra.Command, _ []string) error { return e.drill(cmd.Context(), all) },
	}
	drill.Flags().BoolVar(&all, "all", false, "name all that would be lost (else the first ten)")
	return drill
}

func (e *env) drill(ctx context.Context, all bool) error {
	var d control.Drill
	printed, err := e.get(ctx, "/drill", nil, &d)
	if err != nil {
		return err
	}
	if !printed {
		e.showDrill(&d, all)
	}
	if d.Lost > 0 {
		return quiet(exitNoName)
	}
	return nil
}

func (e *env) showDrill(d *control.Drill, all bool) {
	over := "the last day"
	if d.OverS < 24*3600 {
		over = "the " + ago(d.OverS) + " since mcdnsd started"
	}
	fmt.Fprintf(e.out, "held: %d of %s asked for in %s\n", d.Held, count(d.Names, "name"), over)
	if d.Stale > 0 {
		fmt.Fprintf(e.out, "      %d of them past their TTL, as they are served in an outage\n", d.Stale)
	}
	if d.Lost > 0 {
		fmt.Fprintf(e.out, "lost: %d, unless a peer holds them:\n", d.Lost)
	}
	names := d.LostNames
	if !all && len(names) > 10 {
		names = names[:10]
	}
	for _, name := range names {
		fmt.Fprintf(e.out, "      %s\n", plain(name))
	}
	if n := d.Lost - len(names); n > 0 && d.Lost > 0 {
		fmt.Fprintf(e.out, "      and %d more (--all)\n", n)
	}
	if d.Beyond > 0 {
		fmt.Fprintf(e.out, "note: there was no room to remember %s\n", count(int(d.Beyond), "more question"))
	}
}
