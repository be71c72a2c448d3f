package node

import (
	"time"

	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// A prover challenges peers that are not proven to be alive now, jittered and
// at most 20 a second (PROTOCOL 3).
type prover struct {
	next  time.Duration // when the next challenge may leave
	asked map[wire.Peer]challenge
}

// A challenge is a PROVE on its way, or about to be.
type challenge struct {
	nonce uint64
	left  time.Duration
}

const (
	proveGap    = time.Second / 20
	proveJitter = 100 * time.Millisecond
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
	if _, under := n.prover.asked[m.Peer]; under || n.prover.next > now+proveBacklog {
		return
	}
	n.sendProve(now, m.Peer, proveTries)
}

// sendProve makes a nonce for each try: the time at which it left bounds from
// below when its proof was sent.
func (n *Node) sendProve(now time.Duration, p wire.Peer, tries int) {
	nonce := n.rand.Uint64() | 1
	if n.prover.asked == nil {
		n.prover.asked = make(map[wire.Peer]challenge)
	}
	n.prover.asked[p] = challenge{nonce: nonce}
	at := max(n.prover.next, now+n.jitter(proveJitter))
	n.prover.next = at + proveGap
	n.after(now, at-now, func(now time.Duration) {
		m := n.group.Get(p)
		switch {
		case n.prover.asked[p].nonce != nonce:
		case m == nil:
			delete(n.prover.asked, p)
		default:
			n.prover.asked[p] = challenge{nonce, now}
			n.sendTo(now, m.Addr(), &wire.Prove{Nonce: nonce})
			n.after(now, proveAgain, func(now time.Duration) { n.proveAgain(now, p, nonce, tries-1) })
		}
	})
}

// proveAgain tries once more, or gives up until the peer is next heard.
func (n *Node) proveAgain(now time.Duration, p wire.Peer, nonce uint64, tries int) {
	switch {
	case n.prover.asked[p].nonce != nonce:
	case tries == 0 || n.group.Get(p) == nil:
		delete(n.prover.asked, p)
	default:
		n.sendProve(now, p, tries)
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
		c, under := n.prover.asked[m.Peer]
		if !under || body.Nonce != c.nonce {
			return 0, false
		}
		delete(n.prover.asked, m.Peer)
		return c.left, true
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
	}
	if !n.caught {
		n.catchUp(now, n.absent(now))
	}
	if n.holdsMuchMore(m) {
		n.catchUpMore(now)
	}
}
