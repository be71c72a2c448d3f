package failures

import (
	"maps"
	"slices"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// Failures are the questions that nobody could answer. In an outage all hosts of a big
// group remember thousands: so each is a hash that nobody can aim at, and a number.
type Failures struct {
	key   cache.Key
	of    map[uint64]failure
	heard []heard // of peers, the latest last
}

// New makes one that remembers nothing. No peer knows the key.
func New(key cache.Key) *Failures { return &Failures{key: key} }

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
	held := min(longest, shortest<<times)
	until := failure(now+held+failureBits) &^ failureBits
	why := failure(min(said.Rcode, maxRcode)) << rcodeShift
	if said.EDE <= maxEDE {
		why |= failure(said.EDE) << edeShift
	}
	return until | why | min(times+1, failureCount)
}

const (
	shortest = time.Second
	longest  = 5 * time.Minute

	// Most failures are remembered, and of what peers ask in vain MostHeard.
	Most      = 8192
	MostHeard = 1024
)

// Active reports whether the question failed a moment ago.
func (f *Failures) Active(now time.Duration, q dns.Question) bool {
	return len(f.of) > 0 && now < f.of[f.key.Hash(q)].until()
}

// Said is what a server said when a question failed a moment ago.
func (f *Failures) Said(now time.Duration, q dns.Question) dns.RcodeError {
	if !f.Active(now, q) {
		return dns.RcodeError{}
	}
	return f.of[f.key.Hash(q)].said()
}

// Remember notes that a question failed, and what a server said, if one did.
func (f *Failures) Remember(now time.Duration, q dns.Question, said dns.RcodeError) {
	hash := f.key.Hash(q)
	last, again := f.of[hash]
	if !again && len(f.of) >= Most {
		return // a flood: the rest is asked again
	}
	if f.of == nil {
		f.of = make(map[uint64]failure)
	}
	f.of[hash] = last.again(now, said)
}

// Hear notes that a peer asked the group for what is not held here. The group has so long
// to answer, patience; the last who holds an answer has had its turn after lastTurn.
func (f *Failures) Hear(now, patience, lastTurn time.Duration, peer wire.Peer, q dns.Question) {
	hash := f.key.Hash(q)
	for i := len(f.heard) - 1; i >= 0 && now < f.heard[i].at+patience; i-- {
		if h := &f.heard[i]; h.hash == hash && h.peer == peer {
			h.again = h.again || now > h.at+lastTurn
			return
		}
	}
	old := 0
	for old < len(f.heard) && (now >= f.heard[old].at+patience+shortest || len(f.heard)-old >= MostHeard) {
		old++
	}
	f.heard = append(slices.Delete(f.heard, 0, old), heard{hash: hash, peer: peer, at: now})
}

// InVain reports whether a peer asked the group a moment ago, in this outage, and got
// no answer. That counts for the shortest time and for what did not fail here before:
// a peer's word blocks nobody for long.
func (f *Failures) InVain(now, since, patience time.Duration, q dns.Question) bool {
	if len(f.heard) == 0 {
		return false
	}
	hash := f.key.Hash(q)
	if _, failed := f.of[hash]; failed {
		return false
	}
	for i := len(f.heard) - 1; i >= 0 && now < f.heard[i].at+patience+shortest; i-- {
		if h := f.heard[i]; h.hash == hash && h.again && h.at >= since && now >= h.at+patience {
			return true
		}
	}
	return false
}

// Clear forgets the failure of a question: there is an answer.
func (f *Failures) Clear(q dns.Question) {
	if len(f.of) > 0 {
		delete(f.of, f.key.Hash(q))
	}
}

// ClearAll forgets everything: whoever is asked now may know what nobody did.
func (f *Failures) ClearAll() { f.of, f.heard = nil, nil }

// Expire forgets failures so old that the next one starts anew.
func (f *Failures) Expire(now time.Duration) {
	for hash, last := range f.of {
		if now > last.until()+longest {
			delete(f.of, hash)
		}
	}
	if len(f.of) == 0 {
		f.of = nil // a map stays as big as it was
	}
	if end := len(f.heard); end > 0 && now > f.heard[end-1].at+longest {
		f.heard = nil
	}
}

// Len is how many failures are remembered, and how many questions that peers asked in vain.
func (f *Failures) Len() (failed, heard int) { return len(f.of), len(f.heard) }

// Copy is for simulators alone: see node.Copy.
func (f *Failures) Copy() *Failures {
	return &Failures{key: f.key, of: maps.Clone(f.of), heard: slices.Clone(f.heard)}
}
