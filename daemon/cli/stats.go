package cli

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/spf13/cobra"

	"mcdns/daemon/stats"
)

// StatsSchema is that of `mcdns stats --json`.
const StatsSchema = "mcdns.stats/1"

func (e *env) statsCommand() *cobra.Command {
	prometheus := false
	verb := &cobra.Command{
		Use: "stats", Short: "Show what mcdnsd has counted since it started", Args: noArgs,
		Long: "Show what mcdnsd has counted since it started, and how it is now.\n\n" +
			"The names are those of the metrics without mcdns_; the buckets of histograms are left out.",
		RunE: func(cmd *cobra.Command, _ []string) error { return e.stats(cmd.Context(), prometheus) },
	}
	verb.Flags().BoolVar(&prometheus, "prometheus", false, "print the text format of Prometheus")
	return verb
}

func (e *env) stats(ctx context.Context, prometheus bool) error {
	if prometheus && e.json {
		return &failure{code: exitUsage, err: errors.New("--prometheus and --json exclude each other"), hint: "mcdns stats --help"}
	}
	body, err := e.fetch(ctx, "/metrics", nil)
	if err != nil {
		return err
	}
	all, err := stats.Parse(body)
	if err != nil {
		return e.stranger(err)
	}
	switch {
	case prometheus:
		_, err = e.out.Write(body)
	case e.json:
		err = json.NewEncoder(e.out).Encode(struct {
			Schema string       `json:"schema"`
			Stats  []stats.Stat `json:"stats"`
		}{StatsSchema, all})
	default:
		err = stats.Show(e.out, all)
	}
	return err
}
