package report

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"mcdns/daemon/control"
	"mcdns/daemon/loop"
	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// Cache lists what is held, in the order of the names from their last label on, so that
// those of one domain stand together.
func (r *Reporter) Cache(ctx context.Context, l control.Listing) (control.CacheList, error) {
	out := control.CacheList{Schema: control.CacheSchema, Answers: []control.Held{}}
	entries, addrs, err := r.entries(ctx)
	if err != nil {
		return out, err
	}
	out.Held = len(entries)
	var some []placed
	for _, e := range entries {
		if at := place(e.Answer.Question); at > l.After && (l.Name == "" || e.Answer.Question.Name == l.Name) {
			some = append(some, placed{at, e})
		}
	}
	slices.SortFunc(some, func(a, b placed) int { return cmp.Compare(a.at, b.at) })
	if out.More = len(some) > l.Limit; out.More {
		some = some[:l.Limit]
	}
	set := r.config.Seen().Settings
	for _, p := range some {
		out.Answers = append(out.Answers, held(p, set, addrs))
	}
	return out, nil
}

type placed struct {
	at string
	node.Entry
}

// place orders questions: labels from the last on, then the type.
func place(q dns.Question) string {
	labels := strings.Split(strings.TrimSuffix(q.Name, "."), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + " " + strconv.Itoa(int(q.Type)) + "/" + strconv.Itoa(int(q.Flags))
}

// entries are all that is held, each question once, and the addresses of peers. The node's
// loop is held for as long as a list of them takes: of 220,000 9 ms, and 80 beside other work.
func (r *Reporter) entries(ctx context.Context) ([]node.Entry, map[wire.Peer]string, error) {
	type seen struct {
		entries []node.Entry
		addrs   map[wire.Peer]string
	}
	s, err := loop.See(ctx, r.config.Loop, func(v loop.View) seen {
		all, _ := v.Node.Changes(v.Now, 0)
		return seen{all, origins(v).addrs}
	})
	at := map[dns.Question]int{}
	once := s.entries[:0]
	for _, e := range s.entries { // what is hidden by another comes before it
		if i, twice := at[e.Answer.Question]; twice {
			once[i] = e
			continue
		}
		at[e.Answer.Question] = len(once)
		once = append(once, e)
	}
	return once, s.addrs, err
}

// lifeOf is how long an answer counts as fresh from its birth on, by the settings of now
// (PROTOCOL 2.10).
func lifeOf(e *node.Entry, set *node.Settings) time.Duration {
	life := min(max(e.Answer.TTL, set.MinTTL), set.MaxTTL)
	if e.Answer.Kind != dns.Positive {
		life = min(life, set.NegativeTTL)
	}
	if e.From != (wire.Peer{}) {
		life = min(life, cache.PeerMax)
	}
	return life
}

func held(p placed, set node.Settings, addrs map[wire.Peer]string) control.Held {
	life := lifeOf(&p.Entry, &set)
	r := node.Result{Answer: p.Answer, Age: p.Age, Life: life, TTL: max(life-p.Age, 0), Stale: p.Age >= life, Source: node.FromCache}
	if p.From != (wire.Peer{}) {
		r.Source, r.Peer = node.FromPeer, p.From
	}
	out := control.Held{Result: result(r, set), Place: p.at, Asked: p.Asked}
	if r.Source == node.FromPeer {
		out.PeerAddr = addrs[p.From]
	}
	return out
}

// mostLost is how many names a drill tells.
const mostLost = 1000

// Drill says what would be answered if the DNS servers died now, of what was asked in a
// day: what this host holds, and may serve stale for a while yet. Nothing is harmed by
// it: nobody is asked.
func (r *Reporter) Drill(ctx context.Context) (control.Drill, error) {
	asked := r.config.Asked.Questions()
	out := control.Drill{Schema: control.DrillSchema, OverS: asked.Over.Seconds(), Beyond: asked.Beyond, LostNames: []string{}}
	set := r.config.Seen().Settings
	worst := map[string]fate{}
	for some := range slices.Chunk(asked.All, 256) { // lookups have their turn between
		_, err := loop.See(ctx, r.config.Loop, func(v loop.View) bool {
			judge(worst, v, &set, some)
			return true
		})
		if err != nil {
			return out, err
		}
	}
	for name, f := range worst {
		switch out.Names++; f {
		case lost:
			out.Lost++
			out.LostNames = append(out.LostNames, name)
			continue
		case heldStale:
			out.Stale++
		}
		out.Held++
	}
	slices.Sort(out.LostNames)
	out.LostNames = out.LostNames[:min(len(out.LostNames), mostLost)]
	return out, nil
}

// fate is what becomes of a name in an outage; the worst of its questions counts.
type fate int

const (
	heldFresh fate = iota
	heldStale
	lost
)

func judge(worst map[string]fate, v loop.View, set *node.Settings, all []dns.Question) {
	for _, q := range all {
		f := lost
		if e, is := v.Node.Entry(v.Now, q); is && e.Worn <= set.MaxStale {
			f = heldFresh
			if e.Age >= lifeOf(&e, set) {
				f = heldStale
			}
		}
		worst[q.Name] = max(worst[q.Name], f)
	}
}
