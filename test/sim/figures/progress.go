package figures

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"mcdns/test/sim"
)

// progress shows how far the running cases are, one bar for all of them.
type progress struct {
	out     *shared
	name    string
	live    bool // out is a terminal: bars are drawn over each other
	shown   time.Time
	quarter int // told last
	pages   bigPages
}

// shared is written to by cases that run side by side.
type shared struct {
	mu sync.Mutex
	w  io.Writer
}

func (s *shared) printf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fmt.Fprintf(s.w, format, args...)
}

// run lets a world go on for d and shows it.
func (p *progress) run(w *sim.World, d time.Duration, doing string) {
	began, step := w.Now(), max(d/200, time.Second)
	for w.Now()-began < d {
		p.pages.want()
		w.Run(min(step, d-(w.Now()-began)))
		p.show(doing, float64(w.Now()-began)/float64(d), d)
	}
}

// show draws the bar, at most a few times a second.
func (p *progress) show(doing string, part float64, d time.Duration) {
	if !p.live {
		p.tell(doing, part, d)
		return
	}
	if time.Since(p.shown) < 200*time.Millisecond && part < 1 {
		return
	}
	p.shown = time.Now()
	const width = 30
	full := min(width, int(part*width))
	p.out.printf("\r\033[K%-22s %s%s %3.0f %%  %s, %v", p.name, strings.Repeat("█", full), strings.Repeat("░", width-full), part*100, doing, d.Round(time.Minute))
}

// tell says a line every quarter of what takes long, where nothing can be drawn
// over.
func (p *progress) tell(doing string, part float64, d time.Duration) {
	if d <= 10*time.Minute {
		return
	}
	if quarter := int(part * 4); quarter != p.quarter {
		p.quarter = quarter % 4
		p.out.printf("%s: %s, %3.0f %% of %v\n", p.name, doing, part*100, d.Round(time.Second))
	}
}
