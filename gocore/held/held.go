package held

import (
	"log/slog"
	"maps"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/names"
	"mcdns/gocore/order"
)

// A Host is what holding needs of the node around it.
type Host interface {
	// After hands t to Fire once d has passed.
	After(now, d time.Duration, t Timer)
	Log(level slog.Level, text string, args ...any)
	// Evicted comes for each answer that was dropped for room, Contradicted for each of a
	// peer's that a server said otherwise.
	Evicted()
	Contradicted()
}

// Config is what a Held is made with and keeps. No peer knows the key.
type Config struct {
	Host  Host
	Key   cache.Key
	Group *group.Group
	Order *order.Order
}

// Settings may change while it runs. Bytes is the room for answers, MaxStale how long past
// its TTL one is served.
type Settings struct {
	Limits   cache.Limits
	MaxStale time.Duration
	Bytes    int
	Place    uint64
}

// Held is the answers that a host holds. It is not safe for concurrent use.
type Held struct {
	host   Host
	cache  *cache.Cache
	key    cache.Key
	group  *group.Group
	order  *order.Order
	set    Settings
	loans  map[uint64]loan // by the question's hash
	memory memory
}

// New makes one that holds nothing.
func New(c Config) *Held {
	h := &Held{host: c.Host, key: c.Key, group: c.Group, order: c.Order}
	h.cache = cache.New(0, c.Key, worth{h})
	return h
}

// Configure replaces the settings.
func (h *Held) Configure(s Settings) {
	h.set = s
	h.cache.SetLimit(s.Bytes)
}

// Usable returns the answer that may be served for a question, or none:
// whoever asks decides about fresh and stale.
func (h *Held) Usable(now time.Duration, q dns.Question) cache.Entry {
	e := h.Get(now, q)
	if !e.Held() || e.Worn(now) > h.set.MaxStale || h.order.Rebinds(e.Answer) || !h.order.Of(e).Good {
		e = cache.Entry{}
	}
	if len(h.loans) > 0 && !(e.Held() && e.Fresh(now)) {
		if lent := h.lent(now, q); lent.Held() {
			return lent
		}
	}
	return e
}

// Restore takes in what an earlier run saved.
func (h *Held) Restore(now time.Duration, in cache.Arrival) { h.cache.Put(now, in, h.set.Limits) }

// Put takes in what a peer told.
func (h *Held) Put(now time.Duration, in cache.Arrival) cache.Outcome {
	out, dropped := h.cache.Put(now, in, h.set.Limits)
	for range dropped {
		h.host.Evicted()
	}
	if dropped > 0 {
		h.noteFull()
	}
	return out
}

// durable is how long the group is taken to hold what it was told.
const durable = 6 * time.Hour

// Keep takes in what a server of this host said, and reports whether the group is taken to
// hold an answer already.
func (h *Held) Keep(now time.Duration, a *dns.Answer) (known bool) {
	before := h.Get(now, a.Question)
	h.compare(before, a)
	known = before.Held() && before.Age(now) < durable
	h.Put(now, cache.Arrival{Answer: a, Place: h.set.Place, Mine: true})
	delete(h.loans, h.key.Hash(a.Question))
	return known
}

// compare notes when this host's own fetch contradicts what a peer had told of the
// same server (PROTOCOL 7.3). An administrator decides what it means.
func (h *Held) compare(told cache.Entry, fetched *dns.Answer) {
	if !told.Held() || told.Own() || told.Answer.Server != fetched.Server {
		return
	}
	m := h.group.Get(told.From)
	if m == nil || !names.Contradict(told.Answer, fetched) {
		return
	}
	notes := h.group.Noted(m)
	notes.Contradicted++
	h.group.Note(m, notes)
	h.host.Contradicted()
	if notes.Contradicted == 1 {
		h.host.Log(slog.LevelWarn, "a peer's answer was contradicted by a DNS server; see mcdns peers", "peer", m.Addr().Addr().String())
	}
}

// Life is how long programs may keep an answer that was just fetched, kept here or not.
func (h *Held) Life(now time.Duration, a *dns.Answer) time.Duration {
	if e := h.Get(now, a.Question); e.Answer == a {
		return e.Life
	}
	if h.loans[h.key.Hash(a.Question)].answer == a {
		return loanLife(a)
	}
	return a.TTL
}

// Expire drops what is staler than may be served, and says when the room is enough again.
func (h *Held) Expire(now time.Duration) {
	h.cache.Expire(now, h.set.MaxStale)
	h.noteRoom()
}

// Full reports whether there is hardly room for more.
func (h *Held) Full() bool { return h.Bytes() >= h.set.Bytes*9/10 }

// Rank is this host's place for a question: that of its owner name, so that
// both address families of a name have one turn.
func (h *Held) Rank(q dns.Question) int { return h.group.Rank(group.Hash(q.Name)) }

// worth tells the cache what answers are worth.
type worth struct{ h *Held }

func (w worth) RanksHigh(q dns.Question) bool { return w.h.Rank(q) < 3 }

func (w worth) Standing(a *dns.Answer, own bool, place uint64) cache.Standing {
	return w.h.order.Standing(a, own, place)
}

// Copy is for simulators alone: see node.Copy.
func (h *Held) Copy(c Config) *Held {
	o := &Held{host: c.Host, key: h.key, group: c.Group, order: c.Order, set: h.set, memory: h.memory}
	o.cache, o.loans = h.cache.Copy(worth{o}), maps.Clone(h.loans)
	return o
}
