// Package trips keeps what the node has no use for, of what leaves for peers and comes of
// them: how long the last round trip to each took, and who said good-bye. Everything may be
// called from any goroutine, and is bounded whoever sends.
package trips

import (
	"sync"
	"time"

	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// Trips are the round trips of a host's PROVEs. The zero value is ready.
type Trips struct {
	// Now is CLOCK_BOOTTIME.
	Now func() time.Duration

	mu   sync.Mutex
	left map[uint64]departure // by nonce
	of   map[uint64]Trip      // by the peer's id
	byes map[wire.Peer]bool
}

// A departure is a PROVE that is on its way.
type departure struct {
	at      time.Duration
	awaited chan<- Trip // nil if nobody waits
}

// A Trip is one to a peer and back: to its node, not to its kernel alone.
type Trip struct {
	Took time.Duration
	At   time.Duration // when it ended
}

const (
	// mostLeft is far more than leaves in the half second after which the node tries again.
	mostLeft = 1024
	// mostPeers is as many hosts as a link has that can be used.
	mostPeers = 16384
	mostByes  = 1024
)

// Sent hears of each datagram that leaves.
func (t *Trips) Sent(s *node.Send) {
	p, is := s.Message.Body.(*wire.Prove)
	if !is {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	d := t.left[p.Nonce]
	d.at = t.Now()
	t.left = kept(t.left, p.Nonce, d, mostLeft)
}

// Heard hears of each datagram that opened.
func (t *Trips) Heard(in *node.Received) {
	switch body := in.Message.Body.(type) {
	case *wire.Proof:
		t.came(in.Message.From.ID, body.Nonce)
	case *wire.Bye:
		t.mu.Lock()
		defer t.mu.Unlock()
		t.byes = kept(t.byes, in.Message.From, true, mostByes)
	}
}

func (t *Trips) came(id, nonce uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	d, known := t.left[nonce]
	if !known || d.at == 0 {
		return // a recording of another day
	}
	delete(t.left, nonce)
	now := t.Now()
	trip := Trip{now - d.at, now}
	t.of = kept(t.of, id, trip, mostPeers)
	if d.awaited != nil {
		d.awaited <- trip // has room
	}
}

// Await returns where the trip of a nonce will be told, if it comes back. It is to be
// called before that leaves.
func (t *Trips) Await(nonce uint64) <-chan Trip {
	c := make(chan Trip, 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left = kept(t.left, nonce, departure{awaited: c}, mostLeft)
	return c
}

// Of is the last trip to a peer; ok is false if there was none.
func (t *Trips) Of(id uint64) (trip Trip, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	trip, ok = t.of[id]
	return trip, ok
}

// SaidBye reports whether a run of a peer said that it leaves.
func (t *Trips) SaidBye(p wire.Peer) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.byes[p]
}

// kept is a map with one more; where it is full some other goes.
func kept[K comparable, V any](m map[K]V, k K, v V, most int) map[K]V {
	if m == nil {
		m = map[K]V{}
	}
	if _, known := m[k]; !known && len(m) >= most {
		for other := range m {
			delete(m, other)
			break
		}
	}
	m[k] = v
	return m
}
