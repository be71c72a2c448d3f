package sim

import (
	"strings"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// plain is a quarter of an hour with some of everything the checks look at:
// names that change, an outage, a stranger, a replay.
func plain(plant func(Node) Node, prepare func(w *World)) *World {
	z := NewMix(Mix{Count: 60, FixedTTL: 30 * time.Second})
	w := New(Options{
		Seed: 1, Hosts: 6, Zone: z, Settings: node.Settings{CacheBytes: 10 << 10},
		Make: func(c node.Config) Node { return plant(newNode(c)) },
	})
	stranger := w.hosts[5]
	w.Keys(stranger, 1)
	if prepare != nil {
		prepare(w)
	}
	w.Load(Demand{PerHour: 900})
	w.Record()
	w.Run(2 * time.Minute)
	w.Kill(w.hosts[4])
	w.Start(w.hosts[4])
	w.Run(time.Second)
	w.Replay()
	for i := range 60 {
		z.Change(i)
		w.Run(5 * time.Second)
	}
	w.Set(w.Server(0), ServerOff)
	w.Run(3 * time.Minute)
	w.Set(w.Server(0), ServerUp)
	w.Run(2 * time.Minute)
	w.Keys(stranger, 0)
	w.Run(2 * time.Minute)
	w.Agree()
	w.Checks.Held(w)
	return w
}

// bent is a node with a fault planted in what it hears, does or says of itself.
type bent struct {
	Node
	hear   func(n *bent, now time.Duration, in node.Input) node.Input
	do     func(n *bent, now time.Duration, e []node.Effect) []node.Effect
	status func(s *node.Status)
	wake   func(now time.Duration) time.Duration
	last   map[dns.Question]node.Entry // what it claims to hold
	count  int
}

func (b *bent) Handle(now time.Duration, in node.Input) []node.Effect {
	if b.hear != nil {
		in = b.hear(b, now, in)
	}
	effects := b.Node.Handle(now, in)
	if b.do != nil {
		effects = b.do(b, now, append([]node.Effect(nil), effects...))
	}
	return effects
}

func (b *bent) NextWake(now time.Duration) (time.Duration, bool) {
	if b.wake != nil {
		return b.wake(now), true
	}
	return b.Node.NextWake(now)
}

func (b *bent) Status(now time.Duration) node.Status {
	s := b.Node.Status(now)
	if b.status != nil {
		b.status(&s)
	}
	return s
}

func (b *bent) Entry(now time.Duration, q dns.Question) (node.Entry, bool) {
	if e, ok := b.last[q]; ok {
		return e, true
	}
	return b.Node.Entry(now, q)
}

// announced changes every answer that a node hears announced.
func announced(f func(wire.Aged) wire.Aged) func(*bent, time.Duration, node.Input) node.Input {
	return func(_ *bent, _ time.Duration, in node.Input) node.Input {
		r, ok := in.(node.Received)
		if !ok {
			return in
		}
		a, ok := r.Message.Body.(*wire.Announce)
		if !ok {
			return in
		}
		m := *r.Message
		var answers []wire.Aged
		for _, one := range a.Answers {
			answers = append(answers, f(one))
		}
		m.Body = &wire.Announce{Answers: answers}
		r.Message = &m
		return r
	}
}

// responses changes every answer that a node gives.
func responses(f func(node.Respond) []node.Effect) func(*bent, time.Duration, []node.Effect) []node.Effect {
	return func(_ *bent, _ time.Duration, effects []node.Effect) []node.Effect {
		var out []node.Effect
		for _, e := range effects {
			if r, ok := e.(node.Respond); ok {
				out = append(out, f(r)...)
				continue
			}
			out = append(out, e)
		}
		return out
	}
}

// hasty serves what is past its TTL without asking anybody.
func hasty(n *bent, now time.Duration, in node.Input) node.Input {
	q, ok := in.(node.Lookup)
	if !ok {
		return in
	}
	if e, held := n.Node.Entry(now, q.Question); held && e.Age >= e.Answer.TTL {
		n.last[dns.Question{}] = e
		n.count = int(q.ID)
		return node.Wake{}
	}
	return in
}

func served(n *bent, _ time.Duration, effects []node.Effect) []node.Effect {
	if n.count == 0 {
		return effects
	}
	e := n.last[dns.Question{}]
	id := uint64(n.count)
	n.count = 0
	return append(effects, node.Respond{ID: id, Result: node.Result{
		Answer: e.Answer, Age: e.Age, TTL: 30 * time.Second, Stale: true, Source: node.FromCache,
	}})
}

// believer takes whatever it hears, the last word above all.
func believer(n *bent, _ time.Duration, in node.Input) node.Input {
	if r, ok := in.(node.Received); ok {
		for _, a := range answersOf(r.Message) {
			n.last[a.Question] = node.Entry{Answer: a.Answer, Age: a.Age, From: r.Message.From}
		}
	}
	return in
}

// faults are what must be caught: by which check, and the node that has it.
var faults = []struct {
	name, check string
	bent        bent
	prepare     func(w *World)
}{
	{"serves stale too early", "early", bent{hear: hasty, do: served}, nil},
	{"forgets the age of what it hears", "age", bent{hear: announced(func(a wire.Aged) wire.Aged { a.Age -= 15 * time.Second; return a })}, nil},
	{"calls what it hears its own", "birth", bent{hear: announced(func(a wire.Aged) wire.Aged {
		own := *a.Answer
		own.Birth.Clock += time.Hour
		a.Answer = &own
		return a
	})}, nil},
	{"believes who spoke last", "stands", bent{hear: believer}, nil},
	{"takes a replay for news", "proof", bent{hear: believer}, nil},
	{"answers without a key", "key", bent{}, func(w *World) {
		w.hosts[0].gullible, w.hosts[5].gullible = true, true // else the stranger believes to be alone
	}},
	{"forgets every tenth query", "deadline", bent{do: func(n *bent, _ time.Duration, effects []node.Effect) []node.Effect {
		for i, e := range effects {
			if _, ok := e.(node.Respond); ok {
				if n.count++; n.count%10 == 0 {
					return append(effects[:i:i], effects[i+1:]...)
				}
			}
		}
		return effects
	}}, nil},
	{"answers twice", "deadline", bent{do: responses(func(r node.Respond) []node.Effect { return []node.Effect{r, r} })}, nil},
	{"gives more TTL than there is", "ttl", bent{do: responses(func(r node.Respond) []node.Effect { r.Result.TTL += time.Hour; return []node.Effect{r} })}, nil},
	{"calls the expired fresh", "ttl", bent{do: responses(func(r node.Respond) []node.Effect { r.Result.Stale = false; return []node.Effect{r} })}, nil},
	{"never learns of recovery", "agree", bent{status: func(s *node.Status) { s.Upstream = node.Down }}, nil},
	{"says everything five times", "budget", bent{do: func(_ *bent, _ time.Duration, effects []node.Effect) []node.Effect {
		for _, e := range effects {
			if s, ok := e.(node.Send); ok {
				effects = append(effects, s, s, s, s)
			}
		}
		return effects
	}}, nil},
	{"ignores its byte budget", "memory", bent{hear: func(_ *bent, _ time.Duration, in node.Input) node.Input {
		if c, ok := in.(node.Configure); ok {
			c.Settings.CacheBytes = 1 << 30
			return c
		}
		return in
	}}, nil},
	{"announces nothing", "form", bent{do: func(_ *bent, _ time.Duration, effects []node.Effect) []node.Effect {
		for _, e := range effects {
			if s, ok := e.(node.Send); ok {
				if _, ok := s.Message.Body.(*wire.Announce); ok {
					m := *s.Message
					m.Body = &wire.Announce{}
					effects = append(effects, node.Send{Message: &m, Ways: s.Ways})
				}
			}
		}
		return effects
	}}, nil},
}

// TestChecksCatchPlantedFaults: a check that cannot fail is worth nothing.
func TestChecksCatchPlantedFaults(t *testing.T) {
	for _, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			w := plain(func(n Node) Node {
				b := f.bent
				b.Node, b.last = n, map[dns.Question]node.Entry{}
				return &b
			}, f.prepare)
			if w.Checks.Count[f.check] == 0 {
				t.Errorf("not caught by %q; found %v", f.check, w.Checks.Count)
			}
		})
	}
}

// TestEveryCheckHasAPlantedFault: a new one must not come without.
func TestEveryCheckHasAPlantedFault(t *testing.T) {
	planted := map[string]bool{"progress": true} // TestSpinningNodeIsCaught
	for _, f := range faults {
		planted[f.check] = true
	}
	for _, name := range checkNames {
		if !planted[name] {
			t.Errorf("no test sees %q fail", name)
		}
	}
}

// TestSpinningNodeIsCaught: one that wants to be woken at once for ever.
func TestSpinningNodeIsCaught(t *testing.T) {
	w := New(Options{Hosts: 1, Make: func(c node.Config) Node {
		return &bent{Node: newNode(c), wake: func(now time.Duration) time.Duration { return now }}
	}})
	w.Run(10 * time.Millisecond)
	if w.Checks.Count["progress"] == 0 {
		t.Errorf("not caught; found %v", w.Checks.Count)
	}
}

// TestChecksAreQuietWithoutFaults: what the checks find is a fault.
func TestChecksAreQuietWithoutFaults(t *testing.T) {
	w := plain(func(n Node) Node { return n }, nil)
	if err := w.Checks.Err(); err != nil {
		t.Error(err)
	}
	if w.Tally.By[byStale] == 0 || w.Tally.By[byPeer] == 0 {
		t.Errorf("too quiet a quarter of an hour: %v", w.Tally.By)
	}
}

// TestFailedCheckSaysHowToSeeItAgain: one command, with the seed.
func TestFailedCheckSaysHowToSeeItAgain(t *testing.T) {
	w := New(Options{Seed: 42, Hosts: 1})
	w.Checks.Replay = "mcdns-sim -seed 42 -scenario x"
	w.Checks.fail(w, w.hosts[0], "age", "too young")
	if err := w.Checks.Err(); err == nil || !strings.Contains(err.Error(), "mcdns-sim -seed 42 -scenario x") {
		t.Errorf("got %v; want the command", err)
	}
}
