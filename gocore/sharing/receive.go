package sharing

import (
	"log/slog"
	"time"

	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// A hearer takes in what peers say.
type hearer struct {
	*base
	all    *Sharing
	twin   bool          // a living copy of this host was logged
	cloned time.Duration // a new epoch was taken
}

// received takes in a datagram that opened under a key of the group. What the
// key does not prove is that it was sent now: for members that is the offset's work,
// and nobody else changes anything.
func (s *hearer) received(now time.Duration, in group.Datagram) {
	msg := in.Message
	if !s.set.Shares {
		return
	}
	if msg.From == s.self {
		s.heardSelf(now, msg)
		return
	}
	m := s.group.Get(msg.From)
	if !s.group.Once(now, msg) {
		s.countRepeat(now, m)
		return
	}
	if asked, echoes := s.echoes(now, m != nil, msg); echoes {
		m = s.prove(now, asked, msg.From, msg.Sent)
	}
	if m == nil {
		s.heardStranger(now, in)
		return
	}
	transit, onTime := m.Clock.Transit(now, msg.Sent)
	if !onTime {
		s.host.Count(PeerLate)
		s.prover.Recheck(now, m, false)
		return
	}
	m.Came(now, in.From, in.Link, in.Group)
	s.prover.Measure(now, m, transit)
	s.dispatch(now, in, m, transit)
	s.all.noteGroup()
}

// countRepeat tells the copy of a datagram that came by both address families, or
// by two links, from one that somebody sends again.
func (s *hearer) countRepeat(now time.Duration, m *group.Member) {
	if m != nil && now-m.Last(now) < time.Second {
		s.host.Count(PeerDuplicate)
		return
	}
	s.host.Count(PeerReplayed)
}

// dispatch takes in what a member said.
func (s *hearer) dispatch(now time.Duration, in group.Datagram, m *group.Member, transit time.Duration) {
	h := spoken{now: now, in: in, m: m, transit: transit}
	row := &hears[in.Message.Body.Kind()]
	if row.before != nil {
		row.before(s, h)
	}
	s.host.SaysStates(now, m, in.Message.Servers, now-transit)
	if row.after != nil {
		row.after(s, h)
	}
}

// cloneEvery bounds how often a new epoch is taken: a hostile member could go
// on claiming the newest, and each one leaves a dead peer in every table.
const cloneEvery = time.Minute

// heardSelf tells a looped datagram of this run from a clone: another host with
// the same id and epoch, which must not share sequence numbers with this one
// (PROTOCOL 3.4). Another epoch of this host's id is a peer like others: a copy
// that started by itself, or a recording, which cannot prove itself.
func (s *hearer) heardSelf(now time.Duration, msg *wire.Message) {
	if msg.Seq <= s.seq || s.cloned != 0 && now-s.cloned < cloneEvery {
		return
	}
	s.cloned = now
	s.self.Epoch = s.rand.Uint64()
	s.log(slog.LevelError, "another host has this host's id: taking a new epoch; give one of the two a new id",
		"hint", "stop mcdnsd on the copy and delete its host id file")
	s.all.SayNow(now)
}

// echoes reports whether a datagram proves that its sender is alive, and when the nonce
// that it echoes left: a PROOF, or an ANSWER to a QUERY of mine.
func (s *hearer) echoes(now time.Duration, known bool, msg *wire.Message) (asked time.Duration, ok bool) {
	switch body := msg.Body.(type) {
	case *wire.Proof:
		return s.prover.Proves(now, msg.From, body.Nonce)
	case *wire.Answer:
		asked, ok = s.all.queries.Left(body.Nonce)
		return asked, ok && !known
	}
	return 0, false
}

// prove makes a member of who is proven, and goes on with what that is the beginning
// of. It returns nil if there is no room.
func (s *hearer) prove(now, asked time.Duration, p wire.Peer, sent time.Duration) *group.Member {
	m, joins, said := s.prover.Proven(now, asked, p, sent)
	if m == nil {
		return nil
	}
	for _, d := range said {
		if transit, onTime := d.Waits(now, m); onTime {
			s.dispatch(now, d.Datagram, m, transit)
		}
	}
	if joins {
		s.noteTwins(now, m)
		s.all.announcer.tellAlone(now, s.all.untilGreeted(now))
	}
	s.all.streams.Proven(now, m)
	return m
}

// heardStranger lets what an unproven peer says wait, and has it challenged. Its
// PROVE and QUERY are answered: it may have just started, and know nobody either.
func (s *hearer) heardStranger(now time.Duration, in group.Datagram) {
	if s.prover.Recording(now, in.Message) {
		s.host.Count(PeerReplayed)
		// Two that lost sight of each other at the same time would else never meet.
		if body, ok := in.Message.Body.(*wire.Prove); ok {
			s.heardProve(now, in, body)
		}
		return
	}
	if _, bye := in.Message.Body.(*wire.Bye); bye {
		return // whoever goes need not be known first: of 16 hosts started anew that was most of the challenges
	}
	who := s.prover.Meet(now, in)
	if who == nil {
		s.host.Count(PeerReplayed)
		return
	}
	if stranger := hears[in.Message.Body.Kind()].stranger; stranger != nil {
		stranger(s, spoken{now: now, in: in, stranger: who})
	}
}

// heardProve answers by unicast, with no more bytes than came: a recording with
// a false source must not make this host a reflector, nor, sent to the group,
// all hosts at once.
func (s *hearer) heardProve(now time.Duration, in group.Datagram, body *wire.Prove) {
	from := in.Message.From
	if in.Group || s.group.Get(from) == nil && !s.prover.MayProve(now, from.ID) {
		return
	}
	proof := s.message(now, &wire.Proof{Nonce: body.Nonce})
	proof.Servers = proof.Servers[:min(len(proof.Servers), len(in.Message.Servers))]
	s.host.Send(proof, in.From, nil)
}
