package cache

import (
	"time"

	"mcdns/gocore/wire"
)

// An Entry is one held answer. Fields are read by the node; only this package
// writes them, but for Asked, Used and Queried, which belong to the node.
type Entry struct {
	Answer *wire.Answer
	// Born is when the answer was 0 old, on this host's clock; it may lie
	// before boot. It only ever moves back for one birth.
	Born time.Duration
	// Life is the TTL that counts here, after the caps.
	Life time.Duration
	// From is who told it; the zero Peer if this host fetched it.
	From wire.Peer
	// Place is where it was learnt (node.Settings.Place).
	Place uint64
	// Used is when this host's programs last asked for it, 0 if never.
	Used time.Duration
	// Asked counts those questions.
	Asked uint32
	// Queried is the number of the outage in which the group was last asked
	// for something younger.
	Queried uint32

	// worn is how long this host was up while the answer was past its TTL,
	// until kept.
	worn, kept time.Duration
	// under is a positive answer that a negative one hides (PROTOCOL 2).
	under *Entry
	// refuted is when the first own negative hid under.
	refuted time.Duration
	// changed is the cache's change number when the entry last changed.
	changed uint64
	// spared: passed over once by eviction.
	spared bool
	// filler: told by a peer that was not proven; its age is as old as can be.
	filler bool
	// mine: fetched by this run of this host.
	mine       bool
	prev, next *Entry
}

// Own reports whether this host fetched the answer itself.
func (e *Entry) Own() bool { return e.From == wire.Peer{} }

// Filler reports whether the answer fills a gap on the word of a peer that was
// not proven. Its age is nobody's word, so it is neither told on nor saved.
func (e *Entry) Filler() bool { return e.filler }

// Age is how old the answer is.
func (e *Entry) Age(now time.Duration) time.Duration { return now - e.Born }

// Fresh reports whether the answer is within its TTL.
func (e *Entry) Fresh(now time.Duration) bool { return now < e.Expires() }

// Expires is when the TTL ends.
func (e *Entry) Expires() time.Duration { return e.Born + e.Life }

// Window is how long before Expires the answer may be refreshed (PROTOCOL 4).
func (e *Entry) Window() time.Duration { return min(e.Life/10, 2*time.Second) }

// Worn is how long this host was up while the answer was past its TTL: what
// max-stale counts, so that a week of holidays does not empty a school
// (PROTOCOL 1).
func (e *Entry) Worn(now time.Duration) time.Duration {
	return e.worn + max(0, now-max(e.Expires(), e.kept))
}

// sleep leaves a time in which this host was not up out of what is worn.
func (e *Entry) sleep(from, to time.Duration) {
	e.worn, e.kept = e.Worn(from), to
}

// negative reports whether the answer says that there is none.
func (e *Entry) negative() bool { return e.Answer.Kind != wire.Positive }

func (e *Entry) size() int {
	n := entryOverhead + e.Answer.Size()
	if e.under != nil {
		n += e.under.size()
	}
	return n
}

// entryOverhead is what an entry takes beside its answer: the struct, its place
// in a map that has seen a million names come and go, and what the allocator
// rounds up to. With 240, 64 MiB of random names took 72 (measured).
const entryOverhead = 296
