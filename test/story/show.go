package story

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"mcdns/test/lab"
)

// Show tells what happens as it happens: on a terminal with a picture that
// moves, elsewhere line by line.
type Show struct {
	Begin time.Time
	live  bool
}

// NewShow begins a story.
func NewShow() *Show {
	_, err := unix.IoctlGetTermios(int(os.Stdout.Fd()), unix.TCGETS)
	return &Show{Begin: time.Now(), live: err == nil && os.Getenv("TERM") != "dumb"}
}

// Say prints one line of the story.
func (w *Show) Say(format string, args ...any) {
	fmt.Printf("%5.1f s  %s\n", time.Since(w.Begin).Seconds(), fmt.Sprintf(format, args...))
}

// Detail prints a line that belongs to the last one.
func (w *Show) Detail(format string, args ...any) {
	fmt.Printf("         %s\n", fmt.Sprintf(format, args...))
}

// Lamps is a line that shows who has power on a LAN.
func Lamps(title string, l *lab.LAN) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-14s", title)
	for _, h := range l.Hosts {
		b.WriteString(lamp(h.Name, h.Powered()))
	}
	b.WriteString("  |" + lamp("DNS server", l.Server.Host.Powered()))
	return b.String()
}

func lamp(name string, on bool) string {
	if on {
		return "  " + name
	}
	return "  " + strings.Repeat("x", len(name))
}

// Watch draws lines again and again until stop is called; where nothing can
// move, once before and once after.
func (w *Show) Watch(draw func() []string) (stop func()) {
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

func (w *Show) lines(lines []string) {
	for _, l := range lines {
		w.Detail("%s", l)
	}
}

// redraw writes over the last lines.
func (w *Show) redraw(lines []string) {
	fmt.Printf("\x1b[%dA", len(lines))
	for _, l := range lines {
		fmt.Printf("\x1b[2K         %s\n", l)
	}
}

// Wait lets time pass, and shows it.
func (w *Show) Wait(d time.Duration) {
	if !w.live {
		time.Sleep(d)
		return
	}
	end := time.Now().Add(d)
	stop := w.Watch(func() []string {
		return []string{fmt.Sprintf("%.1f s to go", max(0, time.Until(end)).Seconds())}
	})
	time.Sleep(d)
	stop()
}
