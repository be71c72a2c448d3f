// Package beside does what may hang on a goroutine of its own: a disk or a file system
// of the network that does not answer must hold up nobody who asks mcdnsd.
package beside

import (
	"sync"
	"time"

	"mcdns/daemon/survive"
)

// One does one thing at a time. The zero One is ready.
type One struct {
	once sync.Once
	turn chan struct{}
}

// Do runs f when what runs before it has ended, and reports whether it ended within a
// time. If its turn did not come within that it is not run; if it did, f goes on, and
// whoever comes meanwhile waits for it.
func (o *One) Do(within time.Duration, f func()) (ended bool) {
	o.once.Do(func() { o.turn = make(chan struct{}, 1) })
	limit := time.NewTimer(within)
	defer limit.Stop()
	select {
	case o.turn <- struct{}{}:
	default:
		select {
		case o.turn <- struct{}{}:
		case <-limit.C:
			return false
		}
	}
	done := make(chan struct{})
	go func() {
		defer func() { <-o.turn; close(done) }()
		var unborne error
		defer survive.Into(&unborne)
		f()
	}()
	select {
	case <-done:
		return true
	case <-limit.C:
		return false
	}
}

// Kept is the last of a thing that was looked at beside. The zero Kept has none.
type Kept[T any] struct {
	// Now is time.Now if it is nil.
	Now  func() time.Time
	one  One
	mu   sync.Mutex
	last T
	at   time.Time // when it was begun to be looked at; zero for never
}

// Get looks anew, and returns what was found: the last time, where this look does not
// end within a time. age is how long ago it was looked at; known is false if it never was.
func (k *Kept[T]) Get(within time.Duration, look func() T) (v T, age time.Duration, known bool) {
	now := time.Now
	if k.Now != nil {
		now = k.Now
	}
	k.one.Do(within, func() {
		at := now()
		v := look()
		k.mu.Lock()
		defer k.mu.Unlock()
		k.last, k.at = v, at
	})
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.at.IsZero() {
		return v, 0, false
	}
	return k.last, max(now().Sub(k.at), 0), true
}
