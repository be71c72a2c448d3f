package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// show tells what happens as it happens: on a terminal with a picture that
// moves, elsewhere line by line.
type show struct {
	begin time.Time
	live  bool
	sides []*side
}

func newShow() *show {
	_, err := unix.IoctlGetTermios(int(os.Stdout.Fd()), unix.TCGETS)
	return &show{begin: time.Now(), live: err == nil && os.Getenv("TERM") != "dumb"}
}

// say prints one line of the story.
func (w *show) say(format string, args ...any) {
	fmt.Printf("%5.1f s  %s\n", time.Since(w.begin).Seconds(), fmt.Sprintf(format, args...))
}

// detail prints a line that belongs to the last one.
func (w *show) detail(format string, args ...any) {
	fmt.Printf("         %s\n", fmt.Sprintf(format, args...))
}

// hosts draws who has power on each LAN.
func (w *show) hosts() {
	for _, s := range w.sides {
		var b strings.Builder
		fmt.Fprintf(&b, "%-14s", s.title)
		for _, h := range s.lan.Hosts {
			b.WriteString(lamp(h.Name, h.Powered()))
		}
		b.WriteString("  |" + lamp("DNS server", s.lan.Server.Host.Powered()))
		w.detail("%s", b.String())
	}
}

func lamp(name string, on bool) string {
	if on {
		return "  " + name
	}
	return "  " + strings.Repeat("x", len(name))
}

// watch draws how far both sides are until stop is called.
func (w *show) watch(draw func() []string) (stop func()) {
	if !w.live {
		return func() { w.lines(draw()) }
	}
	w.lines(draw())
	quit := make(chan struct{})
	var over sync.WaitGroup
	over.Go(func() {
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				w.redraw(draw())
			case <-quit:
				w.redraw(draw())
				return
			}
		}
	})
	return func() { close(quit); over.Wait() }
}

func (w *show) lines(lines []string) {
	for _, l := range lines {
		w.detail("%s", l)
	}
}

// redraw writes over the last lines.
func (w *show) redraw(lines []string) {
	fmt.Printf("\x1b[%dA", len(lines))
	for _, l := range lines {
		fmt.Printf("\x1b[2K         %s\n", l)
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

func (w *show) bars() []string {
	var lines []string
	for _, s := range w.sides {
		lines = append(lines, bar(s))
	}
	return lines
}

// wait lets time pass, and shows it.
func (w *show) wait(d time.Duration) {
	if !w.live {
		time.Sleep(d)
		return
	}
	end := time.Now().Add(d)
	stop := w.watch(func() []string {
		return []string{fmt.Sprintf("%.1f s to go", max(0, time.Until(end)).Seconds())}
	})
	time.Sleep(d)
	stop()
}
