package node

import (
	"log/slog"
	"math/rand/v2"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/catchup"
	"mcdns/gocore/failures"
	"mcdns/gocore/fetch"
	"mcdns/gocore/group"
	"mcdns/gocore/held"
	"mcdns/gocore/help"
	"mcdns/gocore/lookup"
	"mcdns/gocore/order"
	"mcdns/gocore/renewal"
	"mcdns/gocore/sharing"
	"mcdns/gocore/timers"
	"mcdns/gocore/upstream"
)

// A Node is one host's part in the protocol. It is not safe for concurrent
// use: one owner calls it.
type Node struct {
	rand    *rand.Rand
	key     cache.Key // of what timers and tables have of a question
	set     Settings
	started bool // the first Configure came

	group  *group.Group
	timers timers.Heap
	out    []Effect
	nextID uint64
	last   time.Duration // of the last Handle

	upstream *upstream.Upstream
	order    *order.Order
	held     *held.Held
	failures *failures.Failures
	fetch    *fetch.Fetcher
	share    *sharing.Sharing
	help     *help.Helper
	renewals *renewal.Renewals
	lookups  *lookup.Lookups
}

// New makes a node that waits for its first Configure.
func New(c Config) *Node {
	n := &Node{rand: c.Rand, key: c.Secret, group: group.New(c.Self.ID, c.Secret), failures: failures.New(c.Secret)}
	n.upstream = upstream.New(serving{n})
	n.order = order.New(n.upstream)
	n.held = held.New(held.Config{Host: holding{n}, Key: n.key, Group: n.group, Order: n.order})
	n.fetch = fetch.New(n.fetchConfig())
	n.share = sharing.New(sharing.Config{
		Host: sharer{n}, Store: store{n.held, n}, Group: n.group, Rand: c.Rand, Self: c.Self, Version: c.Version,
	})
	n.help = help.New(n.helpConfig())
	n.renewals = renewal.New(n.renewalConfig())
	n.lookups = lookup.New(n.lookupConfig())
	return n
}

func (n *Node) fetchConfig() fetch.Config {
	return fetch.Config{Host: fetching{n}, Upstream: n.upstream, Order: n.order, Rand: n.rand}
}

func (n *Node) helpConfig() help.Config {
	return help.Config{Host: helping{awaited{n}}, Share: n.share, Group: n.group, Upstream: n.upstream, Order: n.order}
}

func (n *Node) renewalConfig() renewal.Config {
	return renewal.Config{
		Host: renewing{awaited{n}}, Key: n.key, Held: n.held, Group: n.group, Upstream: n.upstream,
		Order: n.order, Fetch: n.fetch, Failures: n.failures,
	}
}

func (n *Node) lookupConfig() lookup.Config {
	return lookup.Config{
		Host: looking{n}, Held: n.held, Failures: n.failures, Upstream: n.upstream, Order: n.order, Fetch: n.fetch,
		Share: n.share, Help: n.help, Renewals: n.renewals,
	}
}

// Handle takes one input at a time and returns what is to be done about it, in
// order. now is CLOCK_BOOTTIME and must not go back; calling early or twice is
// harmless. The slice is the node's and is reused by the next call.
func (n *Node) Handle(now time.Duration, in Input) []Effect {
	n.out = n.out[:0]
	n.noticeAbsence(now)
	n.runTimers(now)
	switch in := in.(type) {
	case Configure:
		n.configure(now, in.Settings)
	case Restore:
		n.restore(now, in.Entries)
	case Lookup:
		n.lookups.Lookup(now, lookup.Lookup(in))
	case Forget:
		n.lookups.Forget(in.ID)
	case Received:
		n.share.Received(now, group.Datagram(in))
	case Replied:
		n.fetch.Replied(now, fetch.Replied(in))
	case Pulled:
		n.share.Pulled(now, catchup.Pulled(in))
	case PageWanted:
		n.share.PageWanted(now, in.Stream, in.Want)
	case StreamClosed:
		n.share.StreamClosed(in.Stream)
	case Paused:
		n.held.Grow(in.By)
	case Prove:
		n.share.Prove(now, in.To, in.Nonce)
	case Stop:
		n.share.Bye(now)
	}
	n.runTimers(now)
	return n.out
}

// NextWake is when the node wants to be handed a Wake at the latest. ok is
// false if it wants none.
func (n *Node) NextWake(time.Duration) (at time.Duration, ok bool) {
	return n.timers.Next()
}

func (n *Node) configure(now time.Duration, s Settings) {
	first := !n.started
	if s.Timeout <= 0 {
		s.Timeout = Defaults().Timeout
	}
	n.started, n.set = true, s
	n.order.Configure(order.Rules{
		Servers: s.Servers, Rotate: s.Rotate, Lists: s.Lists, StopRebinding: s.StopRebinding, Place: s.Place,
	})
	n.fetch.Configure(fetch.Settings{Timeout: s.Timeout, Attempts: s.Attempts, Rotate: s.Rotate})
	n.held.Configure(held.Settings{
		Limits:   cache.Limits{Min: s.MinTTL, Max: s.MaxTTL, Negative: s.NegativeTTL},
		MaxStale: s.MaxStale, Bytes: s.CacheBytes, Place: s.Place,
	})
	n.renewals.Configure(s.FetchAhead)
	n.failures.ClearAll() // the settings may name servers, and the group, that know what these did not
	n.held.ClearLoans()   // lent by the old list
	// Before the servers: what is under way is put anew, by the lists that count now.
	n.share.Configure(now, sharing.Settings{
		Shares: s.Shares, Name: s.Name, Links: s.Links, Place: s.Place, Lists: s.Lists,
	})
	n.setServers(now)
	if first {
		n.last = now
		n.expireLater(now)
	}
}

// expireEvery is how often entries beyond max-stale are looked for: they do no
// harm meanwhile, each is checked again when it is served.
const expireEvery = time.Hour

func (n *Node) expire(now time.Duration) {
	n.held.Expire(now)
	n.failures.Expire(now)
	n.expireLater(now)
}

func (n *Node) expireLater(now time.Duration) {
	n.later(now, expireEvery, expireDue)
}

// maxSavedAge is what a saved answer is taken for at most: a broken file must not
// bring an age near the end of the clock, where it would turn to 0.
const maxSavedAge = 10 * 365 * 24 * time.Hour

func (n *Node) restore(now time.Duration, entries []Entry) {
	for _, e := range entries {
		if e.Answer == nil || e.Age < 0 || e.Worn < 0 {
			continue
		}
		in := cache.Arrival{
			Answer: e.Answer, Age: min(e.Age, maxSavedAge), From: e.From, Place: e.Place,
			Worn: e.Worn, Asked: e.Asked, Saved: e.Saved,
		}
		n.held.Restore(now, in)
	}
}

// absence is how late a Wake may come before the node takes it that the host
// slept: it missed what was said meanwhile.
const absence = 30 * time.Second

// noticeAbsence catches up after the host slept. What it knows of servers and
// failures is of another time, perhaps of another network.
func (n *Node) noticeAbsence(now time.Duration) {
	due, ok := n.timers.Next()
	last := n.last
	away := now - last
	n.last = now
	if !n.started || !ok || now-due < absence {
		return
	}
	n.log(slog.LevelInfo, "awake again", "away", away.Round(time.Second).String())
	n.failures.ClearAll()
	n.held.Sleep(last, now)
	n.fetch.Slept()
	n.upstream.Slept(now)
	n.share.Slept(now, away)
}

// Made is what the last Handle made, or had made when it panicked: a driver that
// goes on after that must not lose it, for the node takes it for done. It is valid
// until the next Handle.
func (n *Node) Made() []Effect { return n.out }

func (n *Node) emit(e Effect) { n.out = append(n.out, e) }

func (n *Node) count(c Counter) { n.emit(Count{c}) }

func (n *Node) log(level slog.Level, text string, args ...any) {
	n.emit(Log{Level: level, Text: text, Args: args})
}

// id gives out numbers for asks, pulls and nonces within this run.
func (n *Node) id() uint64 {
	n.nextID++
	return n.nextID
}

// jitter is a random duration in [0, d).
func (n *Node) jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(n.rand.Int64N(int64(d)))
}
