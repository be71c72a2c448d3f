package sim

import (
	"fmt"
	"slices"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// held is what a host held for a question before an input.
type held struct {
	q     dns.Question
	entry node.Entry
	ok    bool
}

// before notes what a host holds of what an input is about.
func (c *Checks) before(w *World, h *Host, now time.Duration, in node.Input) []held {
	if h.Index >= c.opt.Watch {
		return nil
	}
	var out []held
	note := func(q dns.Question) {
		e, ok := h.node.Entry(now, q)
		out = append(out, held{q, e, ok})
	}
	switch in := in.(type) {
	case node.Received:
		for _, a := range answersOf(in.Message) {
			note(a.Question)
		}
	case node.Pulled:
		for _, a := range in.Answers {
			note(a.Question)
		}
	case node.Replied:
		if a := h.replied; a != nil {
			note(a.q)
		}
	}
	return out
}

func answersOf(m *wire.Message) []wire.Aged {
	switch b := m.Body.(type) {
	case *wire.Announce:
		return b.Answers
	case *wire.Answer:
		return b.Answers
	}
	return nil
}

// after compares. It runs beside other hosts' deliveries, so what it finds
// stays with the host until its turn.
func (c *Checks) after(w *World, h *Host, now time.Duration, in node.Input, was []held) {
	// A page of a stream may push an answer out of a full cache and bring it back:
	// then it is not the one that was held before.
	_, page := in.(node.Pulled)
	anew := page && len(was) > 0 && full(w, h)
	for _, old := range was {
		old.ok = old.ok && !anew
		e, ok := h.node.Entry(now, old.q)
		j := judge{c: c, w: w, h: h, in: in, old: old, now: held{old.q, e, ok}}
		j.judge()
	}
}

// judge holds one host's answer before and after one input against the rules.
type judge struct {
	c        *Checks
	w        *World
	h        *Host
	in       node.Input
	old, now held
}

func (j *judge) fail(check, text string, args ...any) {
	j.h.faults = append(j.h.faults, Fault{j.w.now, j.h.Name, check, show(j.old.q) + ": " + fmt.Sprintf(text, args...)})
}

func (j *judge) judge() {
	o, n := j.old.entry, j.now.entry
	if !j.now.ok {
		if _, own := j.in.(node.Replied); j.old.ok && !own && !j.full() {
			j.fail("stands", "a held answer is gone")
		}
		return
	}
	if j.old.ok && o.Answer.Birth == n.Answer.Birth {
		j.copied(o, n)
		return
	}
	j.c.trueAge(j.w, j.h, n.Answer, n.Age, func(f Fault) { j.h.faults = append(j.h.faults, f) })
	if n.Answer.TTL <= 0 {
		j.fail("stands", "an answer with TTL 0 is kept")
	}
	j.from()
	if j.old.ok {
		j.replaced(o, n)
	}
}

// copied: another copy of what is held must not make it younger.
func (j *judge) copied(o, n node.Entry) {
	if n.Age < o.Age-time.Millisecond {
		j.fail("age", "a copy of the same birth made it younger: %v, was %v", n.Age, o.Age)
	}
}

// lives is how long an answer is fresh on this host.
func (j *judge) lives(e node.Entry) time.Duration {
	return j.c.life(e.Answer, e.From == (wire.Peer{}))
}

func (j *judge) fresh(e node.Entry) bool { return e.Age < j.lives(e) }

// retold: the input brings another copy of a negative that was held.
func (j *judge) retold(o node.Entry) bool {
	var told []wire.Aged
	switch in := j.in.(type) {
	case node.Received:
		told = answersOf(in.Message)
	case node.Pulled:
		told = in.Answers
	}
	return o.Answer.Kind != dns.Positive && slices.ContainsFunc(told, func(a wire.Aged) bool { return a.Birth == o.Answer.Birth })
}

// full: there is no room left, so that answers are dropped for others.
func (j *judge) full() bool { return full(j.w, j.h) }

func full(w *World, h *Host) bool { return h.Status(w).Bytes > h.settings.CacheBytes*3/4 }

// tell is an answer in few words.
func (j *judge) tell(e node.Entry) string {
	whose := "told"
	if e.From == (wire.Peer{}) {
		whose = "own"
	}
	return fmt.Sprintf("%s (%s, %v of %v)", data(e.Answer), whose, e.Age.Round(time.Millisecond), j.lives(e))
}

// from checks that who told it may.
func (j *judge) from() {
	n := j.now.entry
	in, ok := j.in.(node.Received)
	if !ok {
		return
	}
	owner, ok := j.w.births.owner[in.Message.From]
	if !ok || !j.w.opens(j.h, j.w.hosts[owner]) {
		j.fail("key", "taken from %x, which has no key of this group", in.Message.From.ID)
	}
	if !j.fresh(n) {
		return
	}
	if j.h.proved[in.Message.From] {
		return // a replay never unproves anybody
	}
	for _, p := range j.h.Peers(j.w) {
		if p.Peer == in.Message.From && p.Proven {
			j.h.proved[p.Peer] = true
			return
		}
	}
	j.fail("proof", "fresh by the word of %x, who is not proven", in.Message.From.ID)
}

// replaced checks that one answer may stand in another's place. Ages count as
// the host knows them: a reboot may have made one too old, and how true they
// are is checked elsewhere.
func (j *judge) replaced(o, n node.Entry) {
	ob, nb := -o.Age, -n.Age
	same := o.Answer.SameData(n.Answer)
	own := n.From == (wire.Peer{}) // my own fetch always counts
	const blur = 100 * time.Millisecond
	switch {
	case n.Answer.Kind != dns.Positive && o.Answer.Kind == dns.Positive && j.nth(n) > j.nth(o):
		j.fail("stands", "a later server's negative replaced %s", j.tell(o))
	case own:
	case j.retold(o): // an older copy made it stale: what it hid shows again
	case j.nth(n) < j.nth(o): // of an earlier server: served, not held for an outage alone
	case nb < ob-blur && j.full(): // dropped for room, then heard again
	case nb < ob-blur:
		j.fail("stands", "%s replaced %s by %T", j.tell(n), j.tell(o), j.in)
	case same:
	case nb-ob < 2*time.Second-blur:
		j.fail("stands", "other data born %v later replaced what was held; want 2s", nb-ob)
	case o.From == (wire.Peer{}) && j.lives(o)-o.Age > window(j.lives(o))+blur:
		j.fail("stands", "a peer's word replaced my own fetch %v before it expires", j.lives(o)-o.Age)
	case n.Answer.Kind != dns.Positive && o.Answer.Kind == dns.Positive && j.fresh(o):
		j.fail("stands", "a peer's negative replaced a fresh positive")
	}
}

// nth is the number of the server that gave an answer in the host's list, the length
// of the list for other servers.
func (j *judge) nth(e node.Entry) int {
	servers := j.h.settings.Servers
	i := slices.IndexFunc(servers, func(s node.Server) bool { return s.ID == e.Answer.Server })
	if i < 0 || j.h.settings.Rotate {
		return len(servers)
	}
	return i
}

// window is W of PROTOCOL 4.1.
func window(ttl time.Duration) time.Duration { return min(ttl/10, 2*time.Second) }
