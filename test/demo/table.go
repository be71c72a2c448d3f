package main

import (
	"fmt"
	"strings"

	"mcdns/test/story"
)

// table is the end of the story: a line for each phase, both sides beside each
// other.
func table(phases []phase) string {
	var b strings.Builder
	line := func(title, left, right string) {
		fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("%-24s %-30s    %s", title, left, right), " "))
	}
	line("", " "+phases[0].Side, " "+phases[1].Side)
	head := fmt.Sprintf("%9s %9s %9s", "answered", "median", "worst")
	line("names, and one lookup", head, head)
	for i := 0; i < len(phases); i += 2 {
		line(phases[i].Phase, cells(phases[i]), cells(phases[i+1]))
	}
	return "\n" + b.String()
}

func cells(p phase) string {
	return fmt.Sprintf("%9s %9s %9s", fmt.Sprintf("%.4g %%", p.Percent), story.Span(p.MedianMs), story.Span(p.WorstMs))
}
