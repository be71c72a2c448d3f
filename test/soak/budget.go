package main

import (
	"fmt"
	"strings"

	"mcdns/test/checks"
)

// A budget is what a figure may do. Growth is judged for each daemon alone, by
// its means over the thirds of the run; the first is the warm-up.
type budget struct {
	// share and more say by how much the mean of the last third may exceed that
	// of the middle third.
	share, more float64
	// most is what no sample at all may exceed.
	most float64
}

// The margins are a few times what the means of two thirds differ by chance.
var allowed = [figures]budget{
	rss:        {.05, 1024, 40 << 10}, // a runtime, and a cache of 1 MiB
	heap:       {.05, 256, 16 << 10},
	fds:        {0, 2, 128},
	goroutines: {0, 2, 200},
	threads:    {0, 2, 40},
	files:      {.10, 128, 3 << 10}, // README: a log of up to six times what is held
	members:    {0, 1, 20},          // those that left are known until their silence is noticed
	entries:    {.02, 0, 4 << 10},
	held:       {.02, 0, 1 << 10},
}

// third is a series' mean and its greatest value in one third of its samples.
func (s *series) third(i, figure int) (mean, most float64) {
	part := s.Samples[len(s.Samples)*i/3 : len(s.Samples)*(i+1)/3]
	for _, one := range part {
		mean += one.Figures[figure] / float64(len(part))
		most = max(most, one.Figures[figure])
	}
	return mean, most
}

// budgets holds every daemon to what is allowed.
func budgets(all []*series) (out checks.List) {
	for _, s := range all {
		enough := len(s.Samples) >= 30
		out.Want(s.Host+": samples", ">= 30", len(s.Samples), enough)
		for f, b := range allowed {
			_, most := s.third(0, f)
			middle, most1 := s.third(1, f)
			last, most2 := s.third(2, f)
			limit := middle*(1+b.share) + b.more
			out.Want(fmt.Sprintf("%s: %s, mean of the last third", s.Host, figureNames[f]),
				fmt.Sprintf("<= %.0f: the middle third's and %.0f %% and %.0f", limit, 100*b.share, b.more), round(last), last <= limit && enough)
			most = max(most, most1, most2)
			out.Want(fmt.Sprintf("%s: %s, at most", s.Host, figureNames[f]), fmt.Sprintf("<= %.0f", b.most), round(most), most <= b.most && most > 0)
		}
	}
	return out
}

func round(v float64) float64 { return float64(int(v*10+.5)) / 10 }

// row is a figure of all daemons together: the mean over the daemons of each
// third, the daemon that grew most from the middle to the last, and the greatest
// sample of any.
type row struct {
	Figure string  `json:"figure"`
	First  float64 `json:"first"`
	Middle float64 `json:"middle"`
	Last   float64 `json:"last"`
	Grew   float64 `json:"grew_most"`
	Most   float64 `json:"most"`
}

func summary(all []*series) (rows []row) {
	for f, name := range figureNames {
		r := row{Figure: name, Grew: -1e9}
		for _, s := range all {
			first, most0 := s.third(0, f)
			middle, most1 := s.third(1, f)
			last, most2 := s.third(2, f)
			n := float64(len(all))
			r.First, r.Middle, r.Last = r.First+first/n, r.Middle+middle/n, r.Last+last/n
			r.Grew, r.Most = max(r.Grew, last-middle), max(r.Most, most0, most1, most2)
		}
		r.First, r.Middle, r.Last, r.Grew = round(r.First), round(r.Middle), round(r.Last), round(r.Grew)
		rows = append(rows, r)
	}
	return rows
}

// table is the summary for people.
func table(all []*series) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n%-14s %10s %10s %10s %12s %10s\n", "", "first", "middle", "last third", "grew at most", "worst")
	for _, r := range summary(all) {
		fmt.Fprintf(&b, "%-14s %10.1f %10.1f %10.1f %+12.1f %10.1f\n", r.Figure, r.First, r.Middle, r.Last, r.Grew, r.Most)
	}
	return b.String()
}
