package trust

import (
	"math"
	"time"
)

const (
	// MaxTransit is the longest a datagram may have been under way.
	MaxTransit = 2 * time.Second
	// drift is how fast two clocks may run apart (200 ppm): twice what a bad
	// quartz does.
	driftPerMillion = 200
)

// Offset ties a peer's clock to this host's (PROTOCOL 1.2): the greatest difference
// between asking and the PROOF's sending, for that was sent later; but no more than any
// between receipt and sending, and let rise by 200 ppm. The zero value knows nothing, and
// the peer is unproven.
//
// Errors are on the safe side. A difference too small, because the clocks drift or the
// PROOF took long, makes ages too old. Nothing but a PROOF makes the offset rise by more
// than drift, or old datagrams sent again would pass for new.
type Offset struct {
	// line is that difference less what it has been let rise by since this host
	// booted, with the top bit turned, so that 0 is no difference there can be but
	// unknown: one number, for a big group has a hundred million in a simulation.
	line time.Duration
}

// Proven reports whether there was a PROOF.
func (o *Offset) Proven() bool { return o.line != 0 }

// Prove takes the times of a PROOF that answers a nonce of mine: it was sent after my
// PROVE, and so is no recording. asked is the BOOTTIME of this host when the PROVE left,
// sent that of the peer when the PROOF did. The offset is no less than their difference,
// however long either was under way, so that a faster PROOF makes it better and a slower
// one tells nothing: made at a busy start it is out by half a second, and what such a
// peer says of now would be of half a second ago for hours.
func (o *Offset) Prove(asked, sent time.Duration) {
	if !o.Proven() || asked-sent > o.now(asked) {
		o.set(asked, sent)
	}
}

// Transit is how long a datagram was under way at most: to be added to every
// age in it. It is false if the peer is unproven or the datagram was under way
// for longer than MaxTransit: drop it and challenge the peer.
func (o *Offset) Transit(received, sent time.Duration) (time.Duration, bool) {
	if !o.Proven() {
		return 0, false
	}
	if late := received - sent - o.now(received); late >= 0 {
		return late, late <= MaxTransit
	}
	o.set(received, sent)
	return 0, true
}

// Since is how long ago a time of the peer's clock was, going by the offset.
func (o *Offset) Since(now, theirs time.Duration) time.Duration {
	return now - theirs - o.now(now)
}

// now is the offset at a time of this host.
func (o *Offset) now(received time.Duration) time.Duration {
	return (o.line ^ unknown) + rise(received)
}

func (o *Offset) set(received, sent time.Duration) {
	o.line = (received - sent - rise(received)) ^ unknown
}

const unknown = time.Duration(math.MinInt64)

// rise is how far offsets have been let rise since this host booted.
func rise(at time.Duration) time.Duration { return at / (1_000_000 / driftPerMillion) }
