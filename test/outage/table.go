package main

import (
	"fmt"
	"strings"

	"mcdns/test/story"
)

// table is the end of the evening: mcdns and its rivals beside each other.
func table(results []*result) string {
	var b strings.Builder
	row := func(cells ...string) {
		fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("%-26s %22s %26s %26s %18s %9s", toAny(cells)...), " "))
	}
	for _, r := range results {
		if len(r.Rivals) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s, %d names\n", r.Case, r.Names)
		row("", "first lookups, alive", "held here, outage", "held elsewhere, outage", "never seen: fails", "recovers")
		row(mcdnsRow(r)...)
		for _, p := range r.Rivals {
			row(p.row()...)
		}
	}
	return b.String()
}

func toAny(cells []string) (all []any) {
	for _, c := range cells {
		all = append(all, c)
	}
	for len(all) < 6 {
		all = append(all, "")
	}
	return all
}

// mcdnsRow is mcdns in the plain outage of a case. Its hosts look up all names,
// nearly all of which another host had looked up first.
func mcdnsRow(r *result) []string {
	sweep := r.find("outage: every name on every host")
	cells := []string{"mcdns", lookups(r.find("first lookups, server alive")), lookups(sweep), lookups(sweep), vain(r.find("outage: names nobody knows, once down is known"))}
	if p := r.find("recovery 1"); p != nil {
		cells = append(cells, fmt.Sprintf("%.1f s", p.FreshS))
	}
	return cells
}

func (r *result) find(title string) *part {
	for _, p := range r.Parts {
		if p.Part == title {
			return p
		}
	}
	return nil
}

func (p *rivalsPart) row() []string {
	if p.Skipped != "" {
		return []string{p.System, "skipped: " + p.Skipped}
	}
	recovery := fmt.Sprintf("%.1f s", p.RecoveryS)
	if p.RecoveryS < 0 {
		recovery = fmt.Sprintf("> %.0f s", watchRecovery.Seconds())
	}
	return []string{p.System, lookups(p.First), lookups(p.Held), lookups(p.Others), vain(p.Never), recovery}
}

func lookups(p *part) string {
	if p == nil || p.Lookups == 0 {
		return "-"
	}
	p.sum()
	return fmt.Sprintf("%.4g %% %s, %s", 100*float64(p.Right)/float64(p.Lookups), story.Span(p.Program.P50), story.Span(p.Program.Worst))
}

func vain(p *part) string {
	if p == nil || p.Lookups == 0 {
		return "-"
	}
	p.sum()
	return fmt.Sprintf("%s, %s", story.Span(p.Program.P50), story.Span(p.Program.Worst))
}
