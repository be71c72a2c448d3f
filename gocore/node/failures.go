package node

import (
	"slices"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/sharing"
	"mcdns/gocore/wire"
)

// failures remembers questions that nobody could answer, so that they are not
// asked again at once (RFC 9520): 1 s, doubling to 5 min. In an outage all hosts of
// a big group remember thousands: so each is a hash that nobody can aim at, and a
// number.
type failures struct {
	key   cache.Key
	of    map[uint64]failure
	heard []heard // of peers, the latest last
}

// A heard question is one that a peer put to the group and this host cannot answer.
// Those of a group of a thousand are many, so that each is a few words in a list
// and nothing is timed for it: with a map and a timer they were two fifths of what
// an outage costs every host.
type heard struct {
	hash uint64
	peer wire.Peer
	at   time.Duration // when it was first heard
	// again: the peer repeated it when every holder had had its turn, so that it
	// had no answer. Of a question that came once this host may have lost the answer;
	// and holders ranked far back have not spoken yet when it is repeated first.
	again bool
}

// A failure is the time until which it is remembered, but for the lowest bits, which
// are 66 us: four count how often in a row, up to 15, four are the RCODE that a server
// gave, eight its extended error.
type failure time.Duration

const (
	failureCount = 15
	rcodeShift   = 4
	maxRcode     = 15
	edeShift     = 8
	maxEDE       = 255
	failureBits  = 1<<16 - 1
)

func (f failure) until() time.Duration { return time.Duration(f &^ failureBits) }

func (f failure) said() dns.RcodeError {
	return dns.RcodeError{Rcode: int(f >> rcodeShift & maxRcode), EDE: dns.EDE(f >> edeShift & maxEDE)}
}

// again is the failure after f, 0 if there was none.
func (f failure) again(now time.Duration, said dns.RcodeError) failure {
	times := f & failureCount
	held := min(maxFailure, minFailure<<times)
	until := failure(now+held+failureBits) &^ failureBits
	why := failure(min(said.Rcode, maxRcode)) << rcodeShift
	if said.EDE <= maxEDE {
		why |= failure(said.EDE) << edeShift
	}
	return until | why | min(times+1, failureCount)
}

const (
	minFailure  = time.Second
	maxFailure  = 5 * time.Minute
	maxFailures = 8192
	maxHeard    = 1024
)

// hash is what timers and tables have of a question.
func (n *Node) hash(q dns.Question) uint64 { return n.failures.key.Hash(q) }

// active reports whether the question failed a moment ago.
func (f *failures) active(now time.Duration, q dns.Question) bool {
	return len(f.of) > 0 && now < f.of[f.key.Hash(q)].until()
}

// said is what a server said when a question failed a moment ago.
func (f *failures) said(now time.Duration, q dns.Question) dns.RcodeError {
	if !f.active(now, q) {
		return dns.RcodeError{}
	}
	return f.of[f.key.Hash(q)].said()
}

func (f *failures) remember(now time.Duration, q dns.Question, said dns.RcodeError) {
	hash := f.key.Hash(q)
	last, again := f.of[hash]
	if !again && len(f.of) >= maxFailures {
		return // a flood: the rest is asked again
	}
	if f.of == nil {
		f.of = make(map[uint64]failure)
	}
	f.of[hash] = last.again(now, said)
}

// hear notes that a peer asked the group, which has so long to answer.
func (f *failures) hear(now, patience time.Duration, peer wire.Peer, q dns.Question) {
	hash := f.key.Hash(q)
	for i := len(f.heard) - 1; i >= 0 && now < f.heard[i].at+patience; i-- {
		if h := &f.heard[i]; h.hash == hash && h.peer == peer {
			h.again = h.again || now > h.at+sharing.LastTurn
			return
		}
	}
	old := 0
	for old < len(f.heard) && (now >= f.heard[old].at+patience+minFailure || len(f.heard)-old >= maxHeard) {
		old++
	}
	f.heard = append(slices.Delete(f.heard, 0, old), heard{hash: hash, peer: peer, at: now})
}

// inVain reports whether a peer asked the group a moment ago, in this outage, and got
// no answer. That counts for the shortest time and for what did not fail here before:
// a peer's word blocks nobody for long.
func (f *failures) inVain(now, since, patience time.Duration, q dns.Question) bool {
	if len(f.heard) == 0 {
		return false
	}
	hash := f.key.Hash(q)
	if _, failed := f.of[hash]; failed {
		return false
	}
	for i := len(f.heard) - 1; i >= 0 && now < f.heard[i].at+patience+minFailure; i-- {
		if h := f.heard[i]; h.hash == hash && h.again && h.at >= since && now >= h.at+patience {
			return true
		}
	}
	return false
}

func (f *failures) clear(q dns.Question) {
	if len(f.of) > 0 {
		delete(f.of, f.key.Hash(q))
	}
}

func (f *failures) clearAll() { f.of, f.heard = nil, nil }

// expire forgets failures so old that the next one starts anew.
func (f *failures) expire(now time.Duration) {
	for hash, last := range f.of {
		if now > last.until()+maxFailure {
			delete(f.of, hash)
		}
	}
	if len(f.of) == 0 {
		f.of = nil // a map stays as big as it was
	}
	if end := len(f.heard); end > 0 && now > f.heard[end-1].at+maxFailure {
		f.heard = nil
	}
}
