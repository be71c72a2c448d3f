package node

import (
	"time"

	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// A prover challenges peers that are not proven to be alive now, jittered and
// at most 20 a second (PROTOCOL 3).
type prover struct {
	next time.Duration // when the next challenge may leave
	// waiting are the challenges that are to leave, in order; when a big group
	// starts, a minute's worth in each host.
	waiting []challenge
	left    map[wire.Peer]challenge // and those that left
}

// A challenge is a PROVE that is about to leave, or left, at a time.
type challenge struct {
	peer  wire.Peer
	nonce uint64
	at    time.Duration
	tries int
}

const (
	proveGap    = time.Second / 20
	proveJitter = 100 * time.Millisecond // and a millisecond for each member
	proveAgain  = 500 * time.Millisecond // a challenge or its proof was lost
	proveTries  = 4
	// proveBacklog bounds the challenges that wait. Who finds no place in it is
	// challenged when it is next heard.
	proveBacklog = time.Minute
)

// challenge asks a peer for a proof, unless one is under way. A proven peer is
// challenged anew when its datagrams come late; a replay must not unprove it,
// so until then it stays proven.
func (n *Node) challenge(now time.Duration, m *group.Member) {
	if m.Challenged() || n.prover.next > now+proveBacklog {
		return
	}
	m.Challenge(true)
	n.prepareProve(now, m.Peer, proveTries)
}

// prepareProve makes a nonce for each try: the time at which it left bounds from
// below when its proof was sent.
func (n *Node) prepareProve(now time.Duration, p wire.Peer, tries int) {
	v := &n.prover
	c := challenge{peer: p, nonce: n.rand.Uint64() | 1, tries: tries}
	// Whoever comes is challenged by all: a thousand within a tenth of a second are
	// more than a socket's buffer holds.
	spread := max(proveJitter, time.Duration(n.group.N())*time.Millisecond)
	c.at = max(v.next, now+n.jitter(spread))
	v.next = c.at + proveGap
	v.waiting = append(v.waiting, c)
	if len(v.waiting) == 1 {
		n.after(now, c.at-now, n.sendProve)
	}
}

// sendProve sends the challenge whose time has come.
func (n *Node) sendProve(now time.Duration) {
	v := &n.prover
	if len(v.waiting) == 0 || v.waiting[0].at > now {
		return // it was for a group that this host has left
	}
	c := v.waiting[0]
	if v.waiting = v.waiting[1:]; len(v.waiting) == 0 {
		v.waiting = nil
	} else {
		n.after(now, v.waiting[0].at-now, n.sendProve)
	}
	m := n.group.Get(c.peer)
	if m == nil || !m.Challenged() {
		return
	}
	if v.left == nil {
		v.left = make(map[wire.Peer]challenge)
	}
	c.at = now
	v.left[c.peer] = c
	n.sendTo(now, m.Addr(), &wire.Prove{Nonce: c.nonce})
	n.after(now, proveAgain, func(now time.Duration) { n.proveAgain(now, c) })
}

// proveAgain tries once more, or gives up until the peer is next heard.
func (n *Node) proveAgain(now time.Duration, c challenge) {
	if n.prover.left[c.peer].nonce != c.nonce {
		return
	}
	delete(n.prover.left, c.peer)
	switch m := n.group.Get(c.peer); {
	case m == nil:
	case c.tries == 1:
		m.Challenge(false)
	default:
		n.prepareProve(now, c.peer, c.tries-1)
	}
}

// heardProve answers by unicast, with no more bytes than came: a recording with
// a false source must not make this host a reflector, nor, sent to the group,
// all hosts at once.
func (n *Node) heardProve(now time.Duration, in Received, body *wire.Prove) {
	if in.Group {
		return
	}
	proof := n.message(now, &wire.Proof{Nonce: body.Nonce})
	proof.Servers = proof.Servers[:min(len(proof.Servers), len(in.Message.Servers))]
	n.emit(Send{Message: proof, To: in.From})
}

// echoes reports whether a datagram proves that its sender is alive, and when
// the nonce that it echoes left: a PROOF, or an ANSWER to a QUERY of mine.
func (n *Node) echoes(m *group.Member, body wire.Body) (asked time.Duration, ok bool) {
	switch body := body.(type) {
	case *wire.Proof:
		c, left := n.prover.left[m.Peer]
		if !left || body.Nonce != c.nonce {
			return 0, false
		}
		delete(n.prover.left, m.Peer)
		m.Challenge(false)
		return c.at, true
	case *wire.Reply:
		asked, ok = n.queries.sent[body.Nonce]
		return asked, ok && !m.Proven()
	}
	return 0, false
}

// prove ties the peer's clock to this host's. What echoes my nonce was sent
// after the nonce left: reckoned from then, the time under way of all that
// follows may come out too long, by this round trip, but never too short
// (PROTOCOL 1).
func (n *Node) prove(now, asked time.Duration, m *group.Member, sent time.Duration) {
	known := m.Proven()
	m.Clock.Prove(asked, sent)
	if !known {
		n.noteTwins(now, m)
		n.tellAlone(now)
	}
	if !n.caught {
		n.catchUp(now, n.absent(now))
	}
	if n.holdsMuchMore(m) {
		n.catchUpMore(now)
	}
}
