package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"mcdns/test/lab"
)

const (
	lookupEvery = 200 * time.Millisecond // one on the whole LAN
	slow        = 100 * time.Millisecond
	slowAtMost  = 10
	// A LAN that has not found out by then never does.
	detectTime = 40 * second
	// Lookups go on after the LAN knows.
	detectRest = 5 * second
)

// detect strikes, and looks names up round robin until the LAN knows of the
// outage and for a while longer.
func (t *trial) detect(title string, hosts []*lab.Host, strike func() error) error {
	all, err := newCallers(hosts)
	if err != nil {
		return err
	}
	if err := strike(); err != nil {
		return err
	}
	begin := time.Now()
	w := watchDown(hosts, begin)
	defer w.stop()
	for i := 0; ; i++ {
		if past, known := time.Since(begin), w.last.Load(); past > detectTime || known > 0 && past-time.Duration(known) > detectRest {
			break
		}
		// The order differs between hosts; no host has one name twice.
		h, turn := i%len(hosts), i/len(hosts)
		name := t.names.Timed[(turn*37+h*11)%len(t.names.Timed)]
		if err := all[h].look(name); err != nil {
			return fmt.Errorf("%s: %w", hosts[h].Name, err)
		}
		time.Sleep(time.Until(begin.Add(time.Duration(i+1) * lookupEvery)))
	}
	calls, err := all.finish()
	if err != nil {
		return err
	}
	t.judgeDetection(title, begin, w, calls)
	return nil
}

func (t *trial) judgeDetection(title string, begin time.Time, w *watch, calls []call) {
	first, last := time.Duration(w.first.Load()), time.Duration(w.last.Load())
	before, after := t.part(title+": before the LAN knew"), t.part(title+": one every 200 ms")
	for _, c := range calls {
		if p := after; first == 0 || c.at.Sub(begin) < first {
			before.add(t.names, c.host, c.Lookup)
		} else {
			p.add(t.names, c.host, c.Lookup)
		}
	}
	before.KnownS, after.KnownS = first.Seconds(), last.Seconds()
	t.say("%s (known after %.2f s, by all after %.2f s)", before, first.Seconds(), last.Seconds())
	t.say("%s", after)
	t.want(title+": every host knows of the outage", true, last > 0, last > 0)
	t.want(title+": lookups over 100 ms before the LAN knew", fmt.Sprintf("<= %d", slowAtMost), before.program.Over(slow), before.program.Over(slow) <= slowAtMost)
	t.wantAll(before)
	t.wantAll(after)
}

// watch follows when hosts know of an outage.
type watch struct {
	first, last atomic.Int64 // since the beginning; 0: not yet
	quit        chan struct{}
	over        chan struct{}
}

const watchEvery = 100 * time.Millisecond

func watchDown(hosts []*lab.Host, begin time.Time) *watch {
	w := &watch{quit: make(chan struct{}), over: make(chan struct{})}
	go func() {
		defer close(w.over)
		tick := time.NewTicker(watchEvery)
		defer tick.Stop()
		for w.last.Load() == 0 {
			w.look(hosts, begin)
			select {
			case <-tick.C:
			case <-w.quit:
				return
			}
		}
	}()
	return w
}

func (w *watch) look(hosts []*lab.Host, begin time.Time) {
	down := 0
	for _, h := range hosts {
		// A host that boots has no socket yet.
		if s, err := h.Status(); err == nil && s.Upstream == "down" {
			down++
			w.first.CompareAndSwap(0, int64(time.Since(begin)))
		}
	}
	if down == len(hosts) {
		w.last.Store(int64(time.Since(begin)))
	}
}

func (w *watch) stop() {
	close(w.quit)
	<-w.over
}
