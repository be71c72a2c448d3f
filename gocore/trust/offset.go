package trust

import "time"

const (
	// MaxTransit is the longest a datagram may have been under way.
	MaxTransit = 2 * time.Second
	// drift is how fast two clocks may run apart (200 ppm): twice what a bad
	// quartz does.
	driftPerMillion = 200
)

// Offset ties a peer's clock to this host's (PROTOCOL 1): the smallest
// difference between receipt and sending ever seen, let rise by 200 ppm. The
// zero value knows nothing, and the peer is unproven.
//
// Errors are on the safe side. A difference too small, because the clocks
// drift or the sender paused, makes ages too old. Nothing but a PROOF makes the
// offset rise by more than drift, or old datagrams sent again would pass for new.
type Offset struct {
	base  time.Duration // receipt - sending, smallest
	at    time.Duration // receipt of that datagram
	known bool
}

// Proven reports whether there was a PROOF.
func (o *Offset) Proven() bool { return o.known }

// Prove takes the times of a PROOF that answers a nonce of mine: it was sent
// after my PROVE, and so is no recording. received and sent are the BOOTTIME of
// this host and of the peer. It moves an offset that is known only if ordinary
// datagrams have come to be later than MaxTransit (a peer that slept without its
// clock): a PROOF that waited in a queue must not make ages younger.
func (o *Offset) Prove(received, sent time.Duration) {
	if d := received - sent; !o.known || d < o.now(received) || d-o.now(received) > MaxTransit {
		*o = Offset{base: d, at: received, known: true}
	}
}

// Transit is how long a datagram was under way at most: to be added to every
// age in it. It is false if the peer is unproven or the datagram was under way
// for longer than MaxTransit: drop it and challenge the peer.
func (o *Offset) Transit(received, sent time.Duration) (time.Duration, bool) {
	if !o.known {
		return 0, false
	}
	d := received - sent
	if now := o.now(received); d >= now {
		return d - now, d-now <= MaxTransit
	}
	o.base, o.at = d, received
	return 0, true
}

// Since is how long ago a time of the peer's clock was, going by the offset.
func (o *Offset) Since(now, theirs time.Duration) time.Duration {
	return now - theirs - o.now(now)
}

// now is the offset at a time of this host.
func (o *Offset) now(received time.Duration) time.Duration {
	return o.base + max(received-o.at, 0)/1_000_000*driftPerMillion
}
