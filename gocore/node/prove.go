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
)

// challenge asks a peer for a proof, unless one is under way. A proven peer is
// challenged anew when its datagrams come late; a replay must not unprove it,
// so until then it stays proven.
func (n *Node) challenge(now time.Duration, m *group.Member) {
	if m.Nonce != 0 {
		return
	}
	m.Nonce = n.rand.Uint64() | 1
	n.sendProve(now, m, m.Nonce, proveTries)
}

func (n *Node) sendProve(now time.Duration, m *group.Member, nonce uint64, tries int) {
	at := max(n.prover.next, now+n.jitter(proveJitter))
	n.prover.next = at + proveGap
	n.after(now, at-now, func(now time.Duration) {
		if m.Nonce != nonce {
			return
		}
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
		n.sendProve(now, m, nonce, tries)
	}
}

// proven ties the peer's clock to this host's: it echoed a nonce that was made
// for it.
func (n *Node) proven(now time.Duration, m *group.Member, msg *wire.Message, nonce uint64) {
	if m.Nonce == 0 || nonce != m.Nonce {
		return
	}
	m.Nonce = 0
	n.prove(now, m, msg.Sent)
}

// prove believes that the peer is alive now.
func (n *Node) prove(now time.Duration, m *group.Member, sent time.Duration) {
	m.Clock.Prove(now, sent)
	m.Proven = true
	if !n.caught && len(n.pulls) == 0 {
		n.catchUp(now, n.absent(now))
	}
}
