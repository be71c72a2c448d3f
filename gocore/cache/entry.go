package cache

import (
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// An Entry is what the cache held for a question when it was asked: a copy that
// later changes leave alone. The zero Entry is nothing.
type Entry struct {
	Answer *dns.Answer
	// Born is when the answer was 0 old, on this host's clock; it may lie
	// before boot. It only ever moves back for one birth.
	Born time.Duration
	// Life is the TTL that counts here, after the caps.
	Life time.Duration
	// From is who told it; the zero Peer if this host fetched it.
	From wire.Peer
	// Place is where it was learnt (node.Settings.Place).
	Place uint64
	// Used is when this host's programs last asked for it, to a tenth of a
	// second; 0 if never.
	Used time.Duration
	// Asked counts those questions.
	Asked uint32

	since time.Duration
}

// Held reports whether there is an answer.
func (e Entry) Held() bool { return e.Answer != nil }

// Own reports whether this host fetched the answer itself.
func (e Entry) Own() bool { return e.From == wire.Peer{} }

// Age is how old the answer is.
func (e Entry) Age(now time.Duration) time.Duration { return now - e.Born }

// Fresh reports whether the answer is within its TTL.
func (e Entry) Fresh(now time.Duration) bool { return now < e.Expires() }

// Expires is when the TTL ends.
func (e Entry) Expires() time.Duration { return e.Born + e.Life }

// Window is how long before Expires the answer may be refreshed (PROTOCOL 4.1).
func (e Entry) Window() time.Duration { return window(e.Life) }

func window(life time.Duration) time.Duration { return min(life/10, 2*time.Second) }

// Worn is how long this host was up while the answer was past its TTL: what
// max-stale counts, so that a week of holidays does not empty a school
// (PROTOCOL 1.4). It is right to a tenth of a second.
func (e Entry) Worn(now time.Duration) time.Duration { return worn(now, e.Expires(), e.since) }

func worn(now, expires, since time.Duration) time.Duration {
	return max(0, now-max(expires, since))
}
