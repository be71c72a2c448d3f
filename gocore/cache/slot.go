package cache

import (
	"math"
	"time"

	"mcdns/gocore/dns"
)

// A slot is an entry as it lies in the table: 56 bytes.
type slot struct {
	answer *dns.Answer
	born   time.Duration
	life   uint32 // in milliseconds
	// since: before it no time counts as worn (Entry.Worn).
	since tick
	// used is when this host's programs last asked, 0 if never.
	used  tick
	asked uint32
	// changed is the cache's change number when the slot last changed, less base.
	changed uint32
	origin  uint32 // of the cache's origins
	// prev and next are its neighbours in its lane.
	prev, next number
	// chain is the next slot in the same bucket of the table.
	chain number
	// queried is made of the outage in which the group was last asked.
	queried uint16
	tag     uint8
	is      mark
}

// A mark says something that is so or not.
type mark uint8

const (
	own     mark = 1 << iota // fetched by this host
	mine                     // and by this run of it
	ranked                   // this host was found to rank high for it
	hides                    // a positive answer lies behind it
	awaited                  // another answer waits for its end
	saved                    // it did not change since it came from the file, nor what it hides
)

func (s *slot) has(m mark) bool { return s.is&m != 0 }

func (s *slot) set(m mark, so bool) {
	s.is &^= m
	if so {
		s.is |= m
	}
}

// A tick is a time since boot in tenths of a second, rounded down, for what
// needs no better: in 32 bits, 6.8 years before or after boot.
type tick int32

const tickLength = 100 * time.Millisecond

func ticks(d time.Duration) tick {
	t := d / tickLength
	if d < 0 && d%tickLength != 0 {
		t--
	}
	return tick(min(max(t, math.MinInt32), math.MaxInt32))
}

func (t tick) time() time.Duration { return time.Duration(t) * tickLength }

// maxLife is the longest life that a slot has room for: 49 days.
const maxLife = math.MaxUint32 * time.Millisecond

func (s *slot) lives() time.Duration   { return time.Duration(s.life) * time.Millisecond }
func (s *slot) expires() time.Duration { return s.born + s.lives() }

func (s *slot) fresh(now time.Duration) bool { return now < s.expires() }

func (s *slot) worn(now time.Duration) time.Duration {
	return worn(now, s.expires(), s.since.time())
}

// sleep leaves a time in which this host was not up out of what is worn.
func (s *slot) sleep(from, to time.Duration) { s.since = ticks(to - s.worn(from)) }

// negative reports whether the answer says that there is none.
func (s *slot) negative() bool { return s.answer.Kind != dns.Positive }

// A hidden answer is a positive one that a negative one hides (PROTOCOL 2.4).
type hidden struct {
	slot
	// refuted is when the first own negative hid it, 0 if none did.
	refuted time.Duration
}
