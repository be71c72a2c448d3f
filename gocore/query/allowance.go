package query

import (
	"net/netip"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/limit"
	"mcdns/gocore/wire"
)

// An allowance bounds what QUERYs make this host send, in bytes: one of 1,156 bytes made
// 64 KB of multicast, and with a false source, or the wish for unicast as well, as much
// again to somebody who had not asked.
type allowance struct {
	all    limit.Bucket
	spare  limit.Bucket // of those that are not proven together
	asker  map[netip.Addr]int
	second time.Duration
}

const (
	// replyFactor is how many times its own bytes a QUERY may cause; one datagram is
	// always allowed. Names and addresses come back three to five times as long.
	replyFactor = 8
	// A second's worth of answers to one address, and what this host sends in all.
	bytesPerAsker = 32 << 10
	replyBytes    = 64 << 10 // a second
	replyBurst    = 128 << 10
	// spareRate bounds the datagrams of replies to askers that are not proven: a
	// replayed QUERY must not make this host a reflector (PROTOCOL 3.10).
	spareRate = 5
)

// grants reports whether an answer of so many bytes may be told to an asker, out of what
// is left of its QUERY's own. All hosts that hold the answers reckon alike, whoever's turn
// it is: what one may not say the next does not say for it.
func (a *allowance) grants(now time.Duration, asker netip.Addr, left *int, size int) bool {
	if second := now.Truncate(time.Second); a.asker == nil || second != a.second {
		a.second, a.asker = second, make(map[netip.Addr]int)
	}
	if size > *left || a.asker[asker]+size > bytesPerAsker {
		return false
	}
	*left -= size
	a.asker[asker] += size
	return true
}

// answersTo is how many bytes a QUERY may cause.
func answersTo(msg *wire.Message) int { return max(wire.MaxDatagram, replyFactor*wire.Size(msg)) }

// size is what an answer takes of a reply, in all its copies.
func (r *others) size(now time.Duration, e cache.Entry, both bool) int {
	size := wire.AgedSize(e.Answer)
	if size > r.host.Room(now) {
		size = wire.LongSize(wire.LongOf(e.Answer))
	}
	if both {
		size *= 2
	}
	return size
}

// pays takes a reply's bytes from what this host may send.
func (r *others) pays(now time.Duration, t *turn, body wire.Body) bool {
	if t.alone {
		return r.allowance.spare.Take(now, spareRate, spareRate) == 0
	}
	size := float64(wire.Size(&wire.Message{Body: body}))
	if t.both {
		size *= 2
	}
	return r.allowance.all.Spend(now, replyBytes, replyBurst, size) == 0
}
