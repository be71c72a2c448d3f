package sim

import (
	"fmt"

	"mcdns/gocore/limit"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// watch looks around: lookups that wait too long and, once a minute, the memory
// of one host after the other.
func (c *Checks) watch(w *World) {
	c.living = 0
	for _, h := range w.hosts {
		if h.up {
			c.living++
		}
		if h.runs(h.run) && len(h.seen) > 0 {
			c.overdue(w, h)
		}
	}
	c.turn++
	if h := w.hosts[c.turn/12%len(w.hosts)]; c.turn%12 == 0 && h.runs(h.run) {
		c.memory(w, h)
	}
}

func (c *Checks) overdue(w *World, h *Host) {
	var first *lookup
	for _, l := range h.seen {
		c.prolong(w, h, l)
		if w.now-l.at > l.limit+watchEvery && !l.bad && (first == nil || l.id < first.id) {
			first = l
		}
	}
	if first != nil {
		first.bad = true
		c.fail(w, h, "deadline", fmt.Sprintf("%s is not answered after %v", show(first.q), w.now-first.at))
	}
}

func (c *Checks) memory(w *World, h *Host) {
	s := h.Status(w)
	if s.Bytes > h.settings.CacheBytes {
		c.fail(w, h, "memory", fmt.Sprintf("holds %d bytes; the budget is %d", s.Bytes, h.settings.CacheBytes))
	}
}

// Held checks the birth and age of everything that every host holds. It costs
// too much to be done all the time.
func (c *Checks) Held(w *World) {
	for _, h := range w.hosts {
		if !h.up {
			continue
		}
		entries, _ := h.node.Changes(h.clock.read(w.now), 0)
		for _, e := range entries {
			c.trueAge(w, h, e.Answer, e.Age, c.report)
		}
	}
}

// A budget allows burst at once and rate a second for ever.
type budget struct {
	limit.Bucket
	rate, burst float64
}

// sent checks a message against the budget of its kind (PROTOCOL 3.8 to 3.15). N is what
// the sender believes it is; a host that just came up knows few peers, so the
// true number counts only once everybody was heard.
func (c *Checks) sent(w *World, h *Host, e node.Send) {
	k := e.Message.Body.Kind()
	if a, ok := e.Message.Body.(*wire.Announce); ok && len(a.Answers)+len(a.Long) == 0 {
		c.fail(w, h, "form", "an empty announcement")
	}
	if k == wire.KindHello && e.To.IsValid() {
		return // in place of one to the group, for a host that does not hear it
	}
	now, bounded := c.budget(k, c.living)
	if !bounded {
		return
	}
	b := &h.said[k]
	if b.burst == 0 {
		*b = now
	}
	b.rate = now.rate
	if b.Take(w.now, b.rate, b.burst) > 0 {
		c.fail(w, h, "budget", fmt.Sprintf("more %ss than %.3g a second with a burst of %.3g", k, b.rate, b.burst))
		b.Bucket = limit.Bucket{}
	}
}

// budget is what one host may send of a kind, false if only others bound it.
func (c *Checks) budget(k wire.Kind, living int) (budget, bool) {
	n := float64(max(living, 1))
	switch k {
	case wire.KindHello: // one each half interval, and six in one as states change; more while the group forms
		return budget{rate: (2.2 + 6) / helloInterval(living).Seconds(), burst: 40}, true
	case wire.KindProve:
		return budget{rate: 20, burst: 21}, true
	case wire.KindAnnounce: // small groups are known within a few seconds, large ones later
		return budget{rate: max(50/n, .02) * 1.2, burst: 12 + 50*5}, true
	case wire.KindProof: // as many as there are that may challenge it
		n = float64(c.opt.Hosts)
		return budget{rate: 20 * n, burst: 2 * n}, true
	case wire.KindQuery, wire.KindAnswer, wire.KindAsk, wire.KindBye:
		return budget{}, false
	}
	return budget{rate: 1, burst: -1}, true // whoever adds a message says here what bounds it
}

// Agree checks that, some time after everything was mended, all hosts see the
// same world: the servers up, and each other, proven.
func (w *World) Agree() {
	up := 0
	for _, h := range w.hosts {
		if h.runs(h.run) && h.key != noKey {
			up++
		}
	}
	for _, h := range w.hosts {
		if !h.runs(h.run) {
			continue
		}
		s := h.Status(w)
		// Who has not asked yet cannot know.
		if want := w.truth(h); s.Upstream != want && (h.hasAsked || s.Upstream != node.Suspect) {
			w.Checks.fail(w, h, "agree", fmt.Sprintf("says upstream is %v; it is %v", s.Upstream, want))
		}
		if h.key != noKey && s.Proven != up-1 {
			w.Checks.fail(w, h, "agree", fmt.Sprintf("knows %d of %d peers", s.Proven, up-1))
		}
	}
}

// truth is the state a host's servers are in.
func (w *World) truth(h *Host) node.State {
	for _, s := range h.settings.Servers {
		if srv := w.serverAt(s.Addr); srv.healthy() && !h.cut[srv.Index] {
			return node.Up
		}
	}
	return node.Down
}
