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
	if m.Nonce != 0 || n.prover.next > now+proveBacklog {
		return
	}
	n.sendProve(now, m, proveTries)
}

// sendProve makes a nonce for each try: the time at which it left bounds from
// below when its proof was sent.
func (n *Node) sendProve(now time.Duration, m *group.Member, tries int) {
	nonce := n.rand.Uint64() | 1
	m.Nonce = nonce
	at := max(n.prover.next, now+n.jitter(proveJitter))
	n.prover.next = at + proveGap
	n.after(now, at-now, func(now time.Duration) {
		if m.Nonce != nonce {
			return
		}
		m.Asked = now
		n.sendTo(now, m.Addr, &wire.Prove{Nonce: nonce})
		n.after(now, proveAgain, func(now time.Duration) { n.proveAgain(now, m, nonce, tries-1) })
	})
}

// proveAgain tries once more, or gives up until the peer is next heard.
func (n *Node) proveAgain(now time.Duration, m *group.Member, nonce uint64, tries int) {
	switch {
	case m.Nonce != nonce:
	case tries == 0 || n.group.Get(m.Peer) != m:
		m.Nonce = 0
	default:
		n.sendProve(now, m, tries)
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
		if m.Nonce == 0 || body.Nonce != m.Nonce {
			return 0, false
		}
		m.Nonce = 0
		return m.Asked, true
	case *wire.Reply:
		asked, ok = n.queries.sent[body.Nonce]
		return asked, ok && !m.Proven
	}
	return 0, false
}

// prove ties the peer's clock to this host's. What echoes my nonce was sent
// after the nonce left: reckoned from then, the time under way of all that
// follows may come out too long, by this round trip, but never too short
// (PROTOCOL 1).
func (n *Node) prove(now, asked time.Duration, m *group.Member, sent time.Duration) {
	m.Clock.Prove(asked, sent)
	if !m.Proven {
		m.Proven = true
		n.noteTwins(now, m)
	}
	if !n.caught {
		n.catchUp(now, n.absent(now))
	}
	n.catchUpMore(now)
}
