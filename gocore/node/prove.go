package node

import (
	"net/netip"
	"slices"
	"time"

	"mcdns/gocore/group"
	"mcdns/gocore/limit"
	"mcdns/gocore/wire"
)

// A prover challenges peers that are not proven to be alive now, at most 20 a second
// (PROTOCOL 3.9), and members of whom that is in doubt.
type prover struct {
	open map[wire.Peer]*challenge
	sent map[uint64]*challenge // those that are on their way, by nonce
	// ready are those whose next PROVE may leave, by how many went unanswered.
	ready     [proveTries][]slot
	turns     uint64
	limit     int           // as many turns are ready, at least, before those that do not stand are thrown out
	next      time.Duration // when the next PROVE may leave
	timed     bool
	strangers int          // of open, how many are strangers',
	arrived   []*challenge // in order, and some that are over
	doubtful  limit.Bucket
	gone      gone
	proofs    proofs
}

// A challenge is one peer's: PROVEs until one is answered, or too many were not.
type challenge struct {
	peer     wire.Peer
	stranger *stranger // nil for a member,
	bye      bool      // which said that it leaves
	most     int       // PROVEs
	tries    int       // those that went unanswered
	nonce    uint64    // of the last one, which left at that time
	left     time.Duration
	place    uint64 // its turn among those that are ready, 0 if it is not
}

// A slot is a place of a challenge; it counts if the challenge has no later one.
type slot struct {
	of *challenge
	no uint64
}

const (
	proveGap    = time.Second / 20
	proveJitter = 100 * time.Millisecond // and a millisecond for each member
	proveAgain  = 500 * time.Millisecond // a challenge or its proof was lost
	proveTries  = 4
	byeTries    = 2 // of what says itself that it goes
	// proveAmong is how many of the last to be ready one is drawn from: a recording of
	// hundreds is not challenged before whoever spoke now; and all hosts that start
	// together must not challenge the same one at the same time.
	proveAmong = 16
	// underWay is how many strangers count for the rates of a host (Node.hosts).
	underWay = 64
)

// hosts is how many this host takes the group to have where it reckons how much
// to say: the proven ones and, at most, 64 that are being challenged. Of a
// thousand that start together each knows nobody; but a recording of hundreds
// must not silence anybody.
func (n *Node) hosts() int { return n.group.N() + min(n.prover.strangers, underWay) }

// recheck challenges a member anew: its datagrams come late, or it is said to be
// gone. A replay must not unprove it, so until then it stays a member; nor make a
// host send more than a challenge in ten seconds.
func (n *Node) recheck(now time.Duration, m *group.Member, bye bool) {
	notes := n.group.Notes(m)
	if n.prover.open[m.Peer] != nil || notes.Checked != 0 && now-notes.Checked < recheckAfter {
		return
	}
	notes.Checked = now
	c := &challenge{peer: m.Peer, bye: bye, most: proveTries}
	if bye {
		c.most = byeTries
	}
	n.challenge(now, c)
}

const recheckAfter = 10 * time.Second

// challenge begins one, spread so that whoever comes is not challenged by all at
// once: a thousand datagrams within a tenth of a second are more than a socket's
// buffer holds.
func (n *Node) challenge(now time.Duration, c *challenge) {
	if n.prover.open == nil {
		n.prover.open, n.prover.sent = make(map[wire.Peer]*challenge), make(map[uint64]*challenge)
	}
	n.prover.open[c.peer] = c
	spread := max(proveJitter, time.Duration(n.hosts())*time.Millisecond)
	n.after(now, n.jitter(spread), func(now time.Duration) {
		if n.prover.open[c.peer] == c {
			n.queueChallenge(now, c, 0)
		}
	})
}

// queueChallenge gives a challenge a turn among those of which so many went
// unanswered.
func (n *Node) queueChallenge(now time.Duration, c *challenge, tries int) {
	v := &n.prover
	v.turns++
	c.place = v.turns
	list := append(v.ready[tries], slot{c, c.place})
	if len(list) >= max(2*maxStrangers, v.limit) {
		list = slices.DeleteFunc(list, func(t slot) bool { return !v.stands(t) })
		v.limit = 2 * len(list)
	}
	v.ready[tries] = list
	n.timeProve(now)
}

// stands reports whether a turn still counts.
func (v *prover) stands(t slot) bool { return t.of.place == t.no && v.open[t.of.peer] == t.of }

func (n *Node) timeProve(now time.Duration) {
	if !n.prover.timed {
		n.prover.timed = true
		n.after(now, n.prover.next-now, n.sendProve)
	}
}

// sendProve sends a challenge whose turn has come.
func (n *Node) sendProve(now time.Duration) {
	v := &n.prover
	v.timed = false
	c := n.nextChallenge(now)
	if c == nil {
		return
	}
	v.next = now + proveGap
	n.timeProve(now)
	c.nonce, c.left = n.rand.Uint64()|1, now
	nonce := c.nonce
	v.sent[nonce] = c
	n.sendTo(now, n.addrOf(c), &wire.Prove{Nonce: nonce})
	n.after(now, proveAgain, func(now time.Duration) {
		if v.sent[nonce] == c {
			n.proveAgain(now, c)
		}
	})
}

// nextChallenge draws one of those that are ready, and drops what has turned out
// to be a recording meanwhile.
func (n *Node) nextChallenge(now time.Duration) *challenge {
	for {
		c := n.prover.draw(n.rand.IntN)
		switch {
		case c == nil:
			return nil
		case c.stranger != nil && c.most > 1 && n.outdated(c.stranger.at, c.stranger.last.Message):
			n.end(c)
		default:
			return c
		}
	}
}

// draw takes one of the last of those with the fewest tries.
func (v *prover) draw(intn func(int) int) *challenge {
	for i := range v.ready {
		for len(v.ready[i]) > 0 {
			list := v.ready[i]
			last := len(list) - 1
			k := last
			if last > 0 {
				k -= intn(min(proveAmong, len(list)))
			}
			t := list[k]
			list[k], list[last] = list[last], slot{}
			if v.ready[i] = list[:last]; last == 0 {
				v.ready[i] = nil
			}
			if v.stands(t) {
				t.of.place = 0
				return t.of
			}
		}
	}
	return nil
}

func (n *Node) addrOf(c *challenge) (to netip.AddrPort) {
	if c.stranger != nil {
		return c.stranger.last.From
	}
	if m := n.group.Get(c.peer); m != nil {
		return m.Addr()
	}
	return netip.AddrPort{}
}

// proveAgain tries once more, or gives up.
func (n *Node) proveAgain(now time.Duration, c *challenge) {
	delete(n.prover.sent, c.nonce)
	if c.tries++; c.tries < c.most {
		n.queueChallenge(now, c, c.tries)
		return
	}
	n.takeForGone(now, c)
}

// takeForGone ends a challenge that its epoch did not answer.
func (n *Node) takeForGone(now time.Duration, c *challenge) {
	n.end(c)
	switch {
	case c.stranger != nil:
		n.prover.gone.note(now, c.peer, c.stranger.lag)
	case c.bye:
		n.leave(now, c.peer)
	}
}

// leave removes a member that is no more, and remembers it.
func (n *Node) leave(now time.Duration, p wire.Peer) {
	if m := n.group.Get(p); m != nil {
		n.prover.gone.note(now, p, now-m.Clock.Since(now, 0))
	}
	n.group.Remove(p)
	n.noteGroup()
}

// end ends a challenge.
func (n *Node) end(c *challenge) {
	delete(n.prover.open, c.peer)
	delete(n.prover.sent, c.nonce)
	if c.stranger == nil {
		return
	}
	if n.prover.strangers--; n.prover.strangers == 0 {
		n.prover.arrived, n.said = nil, waitingRoom{}
	}
}

// sweep throws out what is over of those that arrived.
func (v *prover) sweep() {
	v.arrived = slices.DeleteFunc(v.arrived, func(c *challenge) bool { return v.open[c.peer] != c })
}

// recording reports whether a peer that is no member is to be left alone.
func (n *Node) recording(now time.Duration, msg *wire.Message) bool {
	return n.prover.open[msg.From] == nil && n.prover.gone.has(now, msg.From, now-msg.Sent)
}

// proofs counts those that each id of a stranger was sent lately: recordings of all
// runs of a host have one.
type proofs struct {
	since time.Duration
	of    map[uint64]uint8
}

const (
	proofsEvery = 10 * time.Second
	proofsMost  = proveTries
)

func (p *proofs) allow(now time.Duration, id uint64) bool {
	if now-p.since >= proofsEvery {
		*p = proofs{since: now, of: make(map[uint64]uint8)}
	}
	if p.of[id] >= proofsMost {
		return false
	}
	p.of[id]++
	return true
}

// heardProve answers by unicast, with no more bytes than came: a recording with
// a false source must not make this host a reflector, nor, sent to the group,
// all hosts at once.
func (n *Node) heardProve(now time.Duration, in Received, body *wire.Prove) {
	from := in.Message.From
	if in.Group || n.group.Get(from) == nil && !n.prover.proofs.allow(now, from.ID) {
		return
	}
	proof := n.message(now, &wire.Proof{Nonce: body.Nonce})
	proof.Servers = proof.Servers[:min(len(proof.Servers), len(in.Message.Servers))]
	n.emit(Send{Message: proof, To: in.From})
}

// echoes reports whether a datagram proves that its sender is alive, and when
// the nonce that it echoes left: a PROOF, or an ANSWER to a QUERY of mine. A PROVE
// does not say whom it is for: what answers at the address of a recording is the run
// that lives there now. That one is proven, and the stranger of its id is none; else
// each recorded run cost four challenges.
func (n *Node) echoes(now time.Duration, known bool, msg *wire.Message) (asked time.Duration, ok bool) {
	switch body := msg.Body.(type) {
	case *wire.Proof:
		c := n.prover.sent[body.Nonce]
		if c == nil || c.peer.ID != msg.From.ID {
			return 0, false
		}
		if c.peer != msg.From && c.stranger != nil {
			n.takeForGone(now, c)
		}
		return c.left, true
	case *wire.Reply:
		asked, ok = n.queries.sent[body.Nonce]
		return asked, ok && !known
	}
	return 0, false
}

// prove ties the peer's clock to this host's. What echoes my nonce was sent
// after the nonce left: reckoned from then, the time under way of all that
// follows may come out too long, by this round trip, but never too short
// (PROTOCOL 1.2). It returns nil if there is no room for the peer.
func (n *Node) prove(now, asked time.Duration, p wire.Peer, sent time.Duration) *group.Member {
	m := n.group.Get(p)
	if m != nil {
		m.Clock.Prove(asked, sent)
		if c := n.prover.open[p]; c != nil {
			n.end(c)
		}
	} else if m = n.join(now, p, asked, sent); m == nil {
		return nil
	} else {
		n.noteTwins(now, m)
		n.tellAlone(now)
	}
	if !n.caught {
		n.catchUp(now, n.absent(now))
	}
	if n.holdsMuchMore(m) {
		n.catchUpMore(now)
	}
	return m
}
