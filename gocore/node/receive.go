package node

import (
	"log/slog"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/names"
	"mcdns/gocore/wire"
)

// received takes in a datagram that opened under a key of the group. What the
// key does not prove is that it was sent now: for members that is the offset's work,
// and nobody else changes anything.
func (n *Node) received(now time.Duration, in Received) {
	msg := in.Message
	if !n.set.Shares {
		return
	}
	if msg.From == n.self {
		n.heardSelf(now, msg)
		return
	}
	m := n.group.Get(msg.From)
	if !n.group.Once(now, msg) {
		n.countRepeat(now, m)
		return
	}
	if asked, echoes := n.echoes(now, m != nil, msg); echoes {
		m = n.prove(now, asked, msg.From, msg.Sent)
	}
	if m == nil {
		n.heardStranger(now, in)
		return
	}
	transit, onTime := m.Clock.Transit(now, msg.Sent)
	if !onTime {
		n.count(PeerLate)
		n.prover.Recheck(now, m, false)
		return
	}
	m.Came(now, in.From, in.Link, in.Group)
	n.dispatch(now, in, m, transit)
	n.noteGroup()
}

// echoes reports whether a datagram proves that its sender is alive, and when the nonce
// that it echoes left: a PROOF, or an ANSWER to a QUERY of mine.
func (n *Node) echoes(now time.Duration, known bool, msg *wire.Message) (asked time.Duration, ok bool) {
	switch body := msg.Body.(type) {
	case *wire.Proof:
		return n.prover.Proves(now, msg.From, body.Nonce)
	case *wire.Reply:
		asked, ok = n.queries.sent[body.Nonce]
		return asked, ok && !known
	}
	return 0, false
}

// prove makes a member of who is proven, and goes on with what that is the beginning
// of. It returns nil if there is no room.
func (n *Node) prove(now, asked time.Duration, p wire.Peer, sent time.Duration) *group.Member {
	m, joins, said := n.prover.Proven(now, asked, p, sent)
	if m == nil {
		return nil
	}
	for _, s := range said {
		if transit, onTime := s.Waits(now, m); onTime {
			n.dispatch(now, Received(s.Datagram), m, transit)
		}
	}
	if joins {
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

// heardStranger lets what an unproven peer says wait, and has it challenged. Its
// PROVE and QUERY are answered: it may have just started, and know nobody either.
func (n *Node) heardStranger(now time.Duration, in Received) {
	if n.prover.Recording(now, in.Message) {
		n.count(PeerReplayed)
		// Two that lost sight of each other at the same time would else never meet.
		if body, ok := in.Message.Body.(*wire.Prove); ok {
			n.heardProve(now, in, body)
		}
		return
	}
	if _, bye := in.Message.Body.(*wire.Bye); bye {
		return // whoever goes need not be known first: of 16 hosts started anew that was most of the challenges
	}
	s := n.prover.Meet(now, group.Datagram(in))
	if s == nil {
		n.count(PeerReplayed)
		return
	}
	if stranger := hears[in.Message.Body.Kind()].stranger; stranger != nil {
		stranger(n, spoken{now: now, in: in, stranger: s})
	}
}

// heardProve answers by unicast, with no more bytes than came: a recording with
// a false source must not make this host a reflector, nor, sent to the group,
// all hosts at once.
func (n *Node) heardProve(now time.Duration, in Received, body *wire.Prove) {
	from := in.Message.From
	if in.Group || n.group.Get(from) == nil && !n.prover.MayProve(now, from.ID) {
		return
	}
	proof := n.message(now, &wire.Proof{Nonce: body.Nonce})
	proof.Servers = proof.Servers[:min(len(proof.Servers), len(in.Message.Servers))]
	n.emit(Send{Message: proof, To: in.From})
}

// countRepeat tells the copy of a datagram that came by both address families, or
// by two links, from one that somebody sends again.
func (n *Node) countRepeat(now time.Duration, m *group.Member) {
	if m != nil && now-m.Last(now) < time.Second {
		n.count(PeerDuplicate)
		return
	}
	n.count(PeerReplayed)
}

// dispatch takes in what a member said.
func (n *Node) dispatch(now time.Duration, in Received, m *group.Member, transit time.Duration) {
	h := spoken{now, in, m, transit, nil}
	row := &hears[in.Message.Body.Kind()]
	if row.before != nil {
		row.before(n, h)
	}
	n.upstream.Heard(now, m, in.Message.Servers, now-transit)
	if row.after != nil {
		row.after(n, h)
	}
}

// cloneEvery bounds how often a new epoch is taken: a hostile member could go
// on claiming the newest, and each one leaves a dead peer in every table.
const cloneEvery = time.Minute

// heardSelf tells a looped datagram of this run from a clone: another host with
// the same id and epoch, which must not share sequence numbers with this one
// (PROTOCOL 3.4). Another epoch of this host's id is a peer like others: a copy
// that started by itself, or a recording, which cannot prove itself.
func (n *Node) heardSelf(now time.Duration, msg *wire.Message) {
	if msg.Seq <= n.seq || n.session.cloned != 0 && now-n.session.cloned < cloneEvery {
		return
	}
	n.session.cloned = now
	n.self.Epoch = n.rand.Uint64()
	n.log(slog.LevelError, "another host has this host's id: taking a new epoch; give one of the two a new id",
		"hint", "stop mcdnsd on the copy and delete its host id file")
	n.sayNow(now)
}

func (n *Node) heardAnnounce(now time.Duration, m *group.Member, body *wire.Announce, transit time.Duration) {
	heard := 0
	for _, a := range body.Answers {
		if n.told(now, m, a, transit) {
			heard++
		}
	}
	if fresh := min(int(body.New), heard); fresh > 0 {
		n.group.Notes(m).Heard += uint32(fresh)
	}
	for i := range body.Long {
		l := &body.Long[i]
		n.heardLong(now, m, n.cache.Get(now, l.Question), l)
	}
}

// told takes in one answer that a peer told by datagram, unless it tells too many.
func (n *Node) told(now time.Duration, m *group.Member, a wire.Aged, transit time.Duration) bool {
	if !n.group.Allow(now, m) {
		n.count(PeerFlood)
		return false
	}
	n.accept(now, m, a, transit)
	return true
}

// accept decides whether to believe an answer, which of two stands, and ends
// the waiting of those who asked for it.
func (n *Node) accept(now time.Duration, m *group.Member, a wire.Aged, transit time.Duration) cache.Outcome {
	q := a.Question
	if !n.believes(a.Answer) {
		n.count(AnswersRefused)
		return cache.Kept
	}
	if n.upstream.Doubts(m) && n.contradictsHeld(now, a.Answer) {
		return cache.Kept
	}
	out := n.put(now, cache.Arrival{
		Answer: a.Answer, Age: a.Age + transit, From: m.Peer, Via: m.Addr().Addr(), Place: n.set.Place,
	})
	if out == cache.Taken || out == cache.Waits {
		n.count(AnswersTaken)
		n.group.Notes(m).Told++
	}
	if e := n.cache.Get(now, q); !e.Held() || n.silences(now, e, a, transit) {
		n.cancelAnnouncement(q)
		delete(n.answers, q)
	}
	n.answered(now, q)
	return out
}

// silences reports whether what a proven peer told the group leaves this host
// nothing to say: the same birth, or one not much older of a server that is not a
// later one. An older one must not: the group would never hear of the younger.
func (n *Node) silences(now time.Duration, held cache.Entry, told wire.Aged, transit time.Duration) bool {
	return held.Answer.Birth == told.Birth || told.Age+transit <= held.Age(now)+2*time.Second &&
		n.standing(told.Answer, false, 0).Nth <= n.standingOf(held).Nth
}

// believes applies the rules about what a peer may say (PROTOCOL 7.1, 7.2). What is held for
// the other address family counts too, and what a denial hides: a public name stays
// public, whatever was said in between.
func (n *Node) believes(a *dns.Answer) bool {
	q := a.Question
	var held []*dns.Answer
	if a.Private { // else nothing that is held speaks against it; each look costs a walk through cold memory
		for _, typ := range []uint16{q.Type, dns.TypeA, dns.TypeAAAA} {
			held = append(held, n.cache.Positive(dns.Question{Name: q.Name, Type: typ}))
		}
	}
	return n.set.Acceptable(a, n.serverInScope(q, a.Server), held...) == nil
}

// compare notes when this host's own fetch contradicts what a peer had told of the
// same server (PROTOCOL 7.3). An administrator decides what it means.
func (n *Node) compare(held cache.Entry, fetched *dns.Answer) {
	if !held.Held() || held.Own() || held.Answer.Server != fetched.Server {
		return
	}
	m := n.group.Get(held.From)
	if m == nil || !names.Contradict(held.Answer, fetched) {
		return
	}
	notes := n.group.Notes(m)
	notes.Contradicted++
	n.count(AnswersContradicted)
	if notes.Contradicted == 1 {
		n.log(slog.LevelWarn, "a peer's answer was contradicted by a DNS server; see mcdns peers", "peer", m.Addr().Addr().String())
	}
}
