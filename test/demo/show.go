package main

import (
	"fmt"
	"strings"

	"mcdns/test/story"
)

// hosts draws who has power on each LAN.
func (t *telling) hosts() {
	for _, s := range t.sides {
		t.Detail("%s", story.Lamps(s.title, s.lan))
	}
}

// bar is how much of a side's work is done.
func bar(s *side) string {
	const width = 24 // a line fits into 80 columns: redraw counts lines
	done, total := s.done.Load(), max(1, s.total.Load())
	full := int(done * width / total)
	return fmt.Sprintf("%-14s  [%s%s] %d of %d lookups", s.title,
		strings.Repeat("#", full), strings.Repeat(".", width-full), done, total)
}

func (t *telling) bars() []string {
	var lines []string
	for _, s := range t.sides {
		lines = append(lines, bar(s))
	}
	return lines
}
