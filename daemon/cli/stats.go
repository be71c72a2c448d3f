package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// StatsSchema is that of `mcdns stats --json`.
const StatsSchema = "mcdns.stats/1"

// stat is one value of the page of metrics.
type stat struct {
	Name   string            `json:"name"` // without mcdns_
	Labels map[string]string `json:"labels,omitempty"`
	Value  json.Number       `json:"value"`
	label  string            // the labels as they stand in the page
}

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
	stats, err := parseStats(body)
	if err != nil {
		return e.stranger(err)
	}
	switch {
	case prometheus:
		_, err = e.out.Write(body)
	case e.json:
		err = json.NewEncoder(e.out).Encode(struct {
			Schema string `json:"schema"`
			Stats  []stat `json:"stats"`
		}{StatsSchema, stats})
	default:
		err = showStats(e.out, stats)
	}
	return err
}

func showStats(w io.Writer, stats []stat) error {
	out := bufio.NewWriter(w)
	for _, s := range stats {
		if _, bucket := s.Labels["le"]; !bucket {
			fmt.Fprintf(out, "%s=%s\n", plain(s.Name+s.label), s.Value)
		}
	}
	return out.Flush()
}

var errNoMetric = errors.New("this is no page of metrics")

// parseStats reads the page: NAME{LABEL="VALUE",...} NUMBER, and comments.
func parseStats(page []byte) (stats []stat, err error) {
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		s, err := parseStat(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, err
		}
		stats = append(stats, s)
	}
	if len(stats) == 0 {
		return nil, errNoMetric
	}
	return stats, nil
}

func parseStat(line string) (stat, error) {
	name, ours := strings.CutPrefix(line, "mcdns_")
	end := strings.IndexAny(name, "{ ")
	if !ours || end < 0 {
		return stat{}, errNoMetric
	}
	s := stat{Name: name[:end], Labels: map[string]string{}}
	rest := name[end:]
	var all []string
	for rest[0] == '{' || rest[0] == ',' {
		label, value, found := strings.Cut(rest[1:], "=")
		quoted, err := strconv.QuotedPrefix(value)
		text, bad := strconv.Unquote(quoted)
		if !found || err != nil || bad != nil || len(value) == len(quoted) {
			return stat{}, errNoMetric
		}
		s.Labels[label] = text
		all = append(all, label+"="+text)
		rest = value[len(quoted):]
	}
	if all != nil {
		s.label = "{" + strings.Join(all, ",") + "}"
		rest = strings.TrimPrefix(rest, "}")
	}
	s.Value = json.Number(strings.TrimPrefix(rest, " "))
	if _, err := s.Value.Float64(); err != nil {
		return stat{}, errNoMetric
	}
	return s, nil
}
