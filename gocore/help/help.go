package help

import (
	"maps"
	"slices"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/fetch"
	"mcdns/gocore/group"
	"mcdns/gocore/order"
	"mcdns/gocore/sharing"
	"mcdns/gocore/timers"
	"mcdns/gocore/upstream"
	"mcdns/gocore/wire"
)

// A Host is what helping needs of the node around it.
type Host interface {
	// After hands t to Fire once d has passed.
	After(now, d time.Duration, t Timer)
	// Start has the servers asked, unless they are being asked the same already.
	Start(now time.Duration, q dns.Question, why fetch.Purpose)
	// Waits reports whether a program waits for a question.
	Waits(q dns.Question) bool
	// Usable is what may be served, fresh or stale.
	Usable(now time.Duration, q dns.Question) cache.Entry
	// NobodyKnows comes when the one peer that claims success has said nothing.
	NobodyKnows(now time.Duration, q dns.Question)
}

// Config is what a Helper is made with and keeps.
type Config struct {
	Host     Host
	Share    *sharing.Sharing
	Group    *group.Group
	Upstream *upstream.Upstream
	Order    *order.Order
}

// A Helper has what peers were asked to look up for this host, and what it did for them. It
// is not safe for concurrent use.
type Helper struct {
	host     Host
	share    *sharing.Sharing
	group    *group.Group
	upstream *upstream.Upstream
	order    *order.Order

	asked map[uint64]*asked // by the number of the question that waits
	done  done
}

// asked is what peers were asked of one question.
type asked struct {
	q       dns.Question
	helpers [][]wire.Peer // those that were asked to look it up, in each row of them
	lone    int           // how often the one peer that claims success was asked
	loneAt  time.Duration // when it last was
}

// New makes one that has asked nobody.
func New(c Config) *Helper {
	return &Helper{
		host: c.Host, share: c.Share, group: c.Group, upstream: c.Upstream, order: c.Order, asked: make(map[uint64]*asked),
	}
}

// of is what was asked for the question of a number.
func (h *Helper) of(no uint64, q dns.Question) *asked {
	a := h.asked[no]
	if a == nil {
		a = &asked{q: q}
		h.asked[no] = a
	}
	return a
}

// Forget forgets what was asked for a question: nothing waits for it any more.
func (h *Helper) Forget(no uint64) { delete(h.asked, no) }

// Held is of how many questions peers are asked.
func (h *Helper) Held() int { return len(h.asked) }

// A Timer is what is to be done later, for the host to hold. Its Key is the number of the
// question, Gen the row of helpers.
type Timer = timers.Of[Due]

// Due is why a Helper wants to be woken.
type Due uint8

const (
	nextDue Due = iota
	claimerDue
)

// Fire does what was to be done, if the question still waits.
func (h *Helper) Fire(now time.Duration, t Timer) {
	a := h.asked[t.Key]
	if a == nil {
		return
	}
	switch t.Due {
	case nextDue:
		h.askNext(now, t.Key, a, int(t.Gen))
	case claimerDue:
		h.claimerSilent(now, a)
	}
}

// Copy is for simulators alone: see node.Copy.
func (h *Helper) Copy(c Config) *Helper {
	o := New(c)
	for no, a := range h.asked {
		one := *a
		one.helpers = slices.Clone(a.helpers)
		for i := range one.helpers {
			one.helpers[i] = slices.Clone(a.helpers[i])
		}
		o.asked[no] = &one
	}
	o.done = h.done
	o.done.asker, o.done.name = maps.Clone(h.done.asker), maps.Clone(h.done.name)
	return o
}
