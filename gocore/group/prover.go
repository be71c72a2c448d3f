package group

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"mcdns/gocore/limit"
	"mcdns/gocore/timers"
	"mcdns/gocore/wire"
)

// A Prover challenges peers that are not proven to be alive now, at most 20 a second
// (PROTOCOL 3.9), and members of whom that is in doubt. Who answers becomes a member.
type Prover struct {
	group *Group
	host  Host
	rand  *rand.Rand

	open map[wire.Peer]*challenge
	sent map[uint64]*challenge // those that are on their way, by nonce
	// ready are those whose next PROVE may leave, by how many went unanswered.
	ready     [ProveTries][]slot
	turns     uint64
	limit     int           // as many turns are ready, at least, before those that do not stand are thrown out
	next      time.Duration // when the next PROVE may leave
	timed     bool
	strangers int          // of open, how many are strangers',
	arrived   []*challenge // in order, and some that are over
	doubtful  limit.Bucket
	gone      gone
	proofs    proofs
	said      waitingRoom // by strangers
}

// A Host is what a Prover needs of the one around it.
type Host interface {
	// After hands t to Fire once d has passed.
	After(now, d time.Duration, t Timer)
	// Prove sends a PROVE.
	Prove(now time.Duration, to netip.AddrPort, nonce uint64)
	// Left comes when a member is no more.
	Left(p wire.Peer)
}

// A Timer is what a Prover has to do later, for the host to hold.
type Timer = timers.Of[Due]

// Due is what there is to do.
type Due uint8

const (
	ChallengeDue Due = iota // of a peer, its id and epoch
	ProveDue
	ProofOverdue // for a nonce
)

// NewProver makes the prover of a group.
func NewProver(g *Group, h Host, r *rand.Rand) *Prover {
	return &Prover{group: g, host: h, rand: r, open: make(map[wire.Peer]*challenge), sent: make(map[uint64]*challenge)}
}

// Clear forgets all strangers, and who is gone.
func (v *Prover) Clear() { *v = *NewProver(v.group, v.host, v.rand) }

// Fire does what was to be done later.
func (v *Prover) Fire(now time.Duration, t Timer) {
	switch t.Due {
	case ChallengeDue:
		if c := v.open[wire.Peer{ID: t.Key, Epoch: t.Gen}]; c != nil && !c.begun && now >= c.ready {
			c.begun = true
			v.queue(now, c, 0)
		}
	case ProveDue:
		v.sendProve(now)
	case ProofOverdue:
		if c := v.sent[t.Key]; c != nil {
			v.again(now, c)
		}
	}
}

// A challenge is one peer's: PROVEs until one is answered, or too many were not.
type challenge struct {
	peer     wire.Peer
	stranger *Stranger // nil for a member,
	bye      bool      // which said that it leaves
	most     int       // PROVEs
	tries    int       // those that went unanswered
	nonce    uint64    // of the last one, which left at that time
	left     time.Duration
	ready    time.Duration // not before; begun: it was
	begun    bool
	place    uint64 // its turn among those that are ready, 0 if it is not
}

// A slot is a place of a challenge; it counts if the challenge has no later one.
type slot struct {
	of *challenge
	no uint64
}

// ProveAgain is how long an answer to a challenge may take: later, it or the challenge
// was lost.
const ProveAgain = 500 * time.Millisecond

const (
	proveGap    = time.Second / 20
	proveJitter = 100 * time.Millisecond // and a millisecond for each member
	ProveTries  = 4
	byeTries    = 2 // of what says itself that it goes
	// proveAmong is how many of the last to be ready one is drawn from: a recording of
	// hundreds is not challenged before whoever spoke now; and all hosts that start
	// together must not challenge the same one at the same time.
	proveAmong = 16
	// UnderWay is how many strangers count for the rates of a host (Hosts).
	UnderWay = 64
)

// Hosts is how many this host takes the group to have where it reckons how much
// to say: the proven ones and, at most, 64 that are being challenged. Of a
// thousand that start together each knows nobody; but a recording of hundreds
// must not silence anybody.
func (v *Prover) Hosts() int { return v.group.N() + min(v.strangers, UnderWay) }

// Recheck challenges a member anew: its datagrams come late, or it is said to be
// gone (bye). A replay must not unprove it, so until then it stays a member; nor make a
// host send more than a challenge in ten seconds.
func (v *Prover) Recheck(now time.Duration, m *Member, bye bool) {
	notes := v.group.notesOn(m)
	if v.open[m.Peer] != nil || notes.Checked != 0 && now-notes.Checked < recheckAfter {
		return
	}
	notes.Checked = now
	c := &challenge{peer: m.Peer, bye: bye, most: ProveTries}
	if bye {
		c.most = byeTries
	}
	v.challenge(now, c)
}

const recheckAfter = 10 * time.Second

const (
	// wellKnown is a time under way that need not be known better: what a peer says of a
	// DNS server is compared with doubts of this host that are as much younger at least.
	wellKnown = 50 * time.Millisecond
	measures  = 3 // a link that is slow stays so
)

// Measure challenges a member anew whose datagrams seem to take long. Mostly its PROOF did,
// when both were busy, and a faster one ties its clock better (trust.Offset).
func (v *Prover) Measure(now time.Duration, m *Member, transit time.Duration) {
	if transit <= wellKnown {
		return
	}
	notes := v.group.notesOn(m)
	if notes.Measured < measures && (notes.Checked == 0 || now-notes.Checked >= recheckAfter) {
		notes.Measured++
		v.Recheck(now, m, false)
	}
}

// challenge begins one, spread so that whoever comes is not challenged by all at
// once: a thousand datagrams within a tenth of a second are more than a socket's
// buffer holds.
func (v *Prover) challenge(now time.Duration, c *challenge) {
	v.open[c.peer] = c
	spread := max(proveJitter, time.Duration(v.Hosts())*time.Millisecond)
	wait := time.Duration(v.rand.Int64N(int64(spread)))
	c.ready = now + wait
	v.host.After(now, wait, Timer{Due: ChallengeDue, Key: c.peer.ID, Gen: c.peer.Epoch})
}

// queue gives a challenge a turn among those of which so many went unanswered.
func (v *Prover) queue(now time.Duration, c *challenge, tries int) {
	v.turns++
	c.place = v.turns
	list := append(v.ready[tries], slot{c, c.place})
	if len(list) >= max(2*MaxStrangers, v.limit) {
		list = slices.DeleteFunc(list, func(t slot) bool { return !v.stands(t) })
		v.limit = 2 * len(list)
	}
	v.ready[tries] = list
	v.timeProve(now)
}

// stands reports whether a turn still counts.
func (v *Prover) stands(t slot) bool { return t.of.place == t.no && v.open[t.of.peer] == t.of }

func (v *Prover) timeProve(now time.Duration) {
	if !v.timed {
		v.timed = true
		v.host.After(now, v.next-now, Timer{Due: ProveDue})
	}
}

// sendProve sends a challenge whose turn has come.
func (v *Prover) sendProve(now time.Duration) {
	v.timed = false
	c := v.nextChallenge(now)
	if c == nil {
		return
	}
	v.next = now + proveGap
	v.timeProve(now)
	c.nonce, c.left = v.rand.Uint64()|1, now
	v.sent[c.nonce] = c
	v.host.Prove(now, v.addrOf(c), c.nonce)
	v.host.After(now, ProveAgain, Timer{Due: ProofOverdue, Key: c.nonce})
}

// nextChallenge draws one of those that are ready, and drops what has turned out
// to be a recording meanwhile.
func (v *Prover) nextChallenge(now time.Duration) *challenge {
	for {
		c := v.draw(v.rand.IntN)
		switch {
		case c == nil:
			return nil
		case c.stranger != nil && c.most > 1 && v.outdated(c.stranger.at, c.stranger.last.Message):
			v.end(c)
		default:
			return c
		}
	}
}

// draw takes one of the last of those with the fewest tries.
func (v *Prover) draw(intn func(int) int) *challenge {
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

func (v *Prover) addrOf(c *challenge) (to netip.AddrPort) {
	if c.stranger != nil {
		return c.stranger.last.From
	}
	if m := v.group.Get(c.peer); m != nil {
		return m.Addr()
	}
	return netip.AddrPort{}
}

// again tries once more, or gives up.
func (v *Prover) again(now time.Duration, c *challenge) {
	delete(v.sent, c.nonce)
	if c.tries++; c.tries < c.most {
		v.queue(now, c, c.tries)
		return
	}
	v.takeForGone(now, c)
}

// takeForGone ends a challenge that its epoch did not answer.
func (v *Prover) takeForGone(now time.Duration, c *challenge) {
	v.end(c)
	switch {
	case c.stranger != nil:
		v.gone.note(now, c.peer, c.stranger.lag)
	case c.bye:
		v.Leave(now, c.peer)
	}
}

// Leave removes a member that is no more, and remembers it.
func (v *Prover) Leave(now time.Duration, p wire.Peer) {
	if m := v.group.Get(p); m != nil {
		v.gone.note(now, p, now-m.Clock.Since(now, 0))
	}
	v.group.Remove(p)
	v.host.Left(p)
}

// end ends a challenge.
func (v *Prover) end(c *challenge) {
	delete(v.open, c.peer)
	delete(v.sent, c.nonce)
	if c.stranger == nil {
		return
	}
	if v.strangers--; v.strangers == 0 {
		v.arrived, v.said = nil, waitingRoom{}
	}
}

// sweep throws out what is over of those that arrived.
func (v *Prover) sweep() {
	v.arrived = slices.DeleteFunc(v.arrived, func(c *challenge) bool { return v.open[c.peer] != c })
}

// Recording reports whether a peer that is no member is to be left alone.
func (v *Prover) Recording(now time.Duration, msg *wire.Message) bool {
	return v.open[msg.From] == nil && v.gone.has(now, msg.From, now-msg.Sent)
}

// MayProve reports whether a stranger's PROVE may be answered: an id has four answers
// in ten seconds.
func (v *Prover) MayProve(now time.Duration, id uint64) bool { return v.proofs.allow(now, id) }

// Proves reports whether a PROOF echoes a nonce, and when that left. A PROVE does not
// say whom it is for: what answers at the address of a recording is the run that lives
// there now. That one is proven, and the stranger of its id is none; else each recorded
// run cost four challenges.
func (v *Prover) Proves(now time.Duration, from wire.Peer, nonce uint64) (asked time.Duration, ok bool) {
	c := v.sent[nonce]
	if c == nil || c.peer.ID != from.ID {
		return 0, false
	}
	if c.peer != from && c.stranger != nil {
		v.takeForGone(now, c)
	}
	return c.left, true
}

// Proven ties a peer's clock to this host's, by what it sent after a nonce left at
// asked: reckoned from then, the time under way of all that follows may come out too
// long, by this round trip, but never too short (PROTOCOL 1.2). It returns nil if there
// is no room for the peer, and for a new member what it said while it was a stranger.
func (v *Prover) Proven(now, asked time.Duration, p wire.Peer, sent time.Duration) (m *Member, joins bool, said []Said) {
	if m = v.group.Get(p); m == nil {
		m, said = v.join(now, p, asked, sent)
		return m, m != nil, said
	}
	m.Clock.Prove(asked, sent)
	if c := v.open[p]; c != nil {
		v.end(c)
	}
	return m, false, nil
}

// proofs counts those that each id of a stranger was sent lately: recordings of all
// runs of a host have one.
type proofs struct {
	since time.Duration
	of    map[uint64]uint8
}

const (
	proofsEvery = 10 * time.Second
	proofsMost  = ProveTries
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

// Held is how much a Prover keeps: all of it is bounded.
type Held struct {
	Open, Ready, Strangers, Arrived int // challenges
	Said, SaidBytes                 int // datagrams of strangers
	Gone                            int // epochs
}

// Held counts it.
func (v *Prover) Held() Held {
	h := Held{Open: len(v.open), Strangers: v.strangers, Arrived: len(v.arrived),
		Said: len(v.said.queue), SaidBytes: v.said.bytes, Gone: len(v.gone.order)}
	for _, list := range v.ready {
		h.Ready += len(list)
	}
	return h
}
