// Package stats reads the page of metrics, for who wants its values.
package stats

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"mcdns/daemon/text"
)

// Stat is one value of the page of metrics.
type Stat struct {
	Name   string            `json:"name"` // without mcdns_
	Labels map[string]string `json:"labels,omitempty"`
	Value  json.Number       `json:"value"`
	label  string            // the labels as they stand in the page
}

// Show prints all but the buckets of histograms, a line each.
func Show(w io.Writer, stats []Stat) error {
	out := bufio.NewWriter(w)
	for _, s := range stats {
		if _, bucket := s.Labels["le"]; !bucket {
			fmt.Fprintf(out, "%s=%s\n", text.Plain(s.Name+s.label), s.Value)
		}
	}
	return out.Flush()
}

var errNoMetric = errors.New("this is no page of metrics")

// Parse reads the page: NAME{LABEL="VALUE",...} NUMBER, and comments.
func Parse(page []byte) (stats []Stat, err error) {
	for line := range strings.Lines(string(page)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		s, err := parse(strings.TrimSuffix(line, "\n"))
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

func parse(line string) (Stat, error) {
	name, ours := strings.CutPrefix(line, "mcdns_")
	end := strings.IndexAny(name, "{ ")
	if !ours || end < 0 {
		return Stat{}, errNoMetric
	}
	s := Stat{Name: name[:end], Labels: map[string]string{}}
	rest := name[end:]
	var all []string
	for rest[0] == '{' || rest[0] == ',' {
		label, value, found := strings.Cut(rest[1:], "=")
		quoted, err := strconv.QuotedPrefix(value)
		text, bad := strconv.Unquote(quoted)
		if !found || err != nil || bad != nil || len(value) == len(quoted) {
			return Stat{}, errNoMetric
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
		return Stat{}, errNoMetric
	}
	return s, nil
}
