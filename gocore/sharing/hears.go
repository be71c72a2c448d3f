package sharing

import (
	"time"

	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// A spoken message: of a member, and how long it was on its way; or of a stranger.
type spoken struct {
	now      time.Duration
	in       group.Datagram
	m        *group.Member
	transit  time.Duration
	stranger *group.Stranger
}

// A hearing is what is done with one kind of message. A member's before or after
// the evidence of servers beside it was taken in: what asks for an answer or brings
// one first, what is decided by how the servers do after. A stranger's counts for
// nothing until it is proven: it is answered, or waits.
type hearing struct {
	before, after, stranger func(*hearer, spoken)
}

// hears has a row for each kind of message
// (TestEveryKindOfMessageIsHeard). It is made at the start, for what it
// leads to leads back to it.
var hears [wire.Kinds]hearing

func init() {
	hears = [wire.Kinds]hearing{
		wire.KindHello: {after: on((*hearer).memberHello), stranger: on((*hearer).strangerHello)},
		wire.KindProve: {before: on((*hearer).anyProve), stranger: on((*hearer).anyProve)},
		// The head of received has taken it: a proof of what was asked makes a member.
		wire.KindProof:    {after: func(*hearer, spoken) {}},
		wire.KindAnnounce: {before: on((*hearer).memberAnnounce), stranger: wait},
		wire.KindQuery:    {before: on((*hearer).anyQuery), stranger: on((*hearer).anyQuery)},
		wire.KindAnswer:   {before: on((*hearer).memberAnswer), stranger: wait},
		wire.KindAsk:      {after: on((*hearer).memberAsk)},
		wire.KindBye:      {after: on((*hearer).memberBye)},
	}
}

// on hands on a message with the body that its kind has.
func on[B wire.Body](f func(*hearer, spoken, B)) func(*hearer, spoken) {
	return func(s *hearer, h spoken) { f(s, h, h.in.Message.Body.(B)) }
}

// wait keeps what a stranger says until it has proven itself.
func wait(s *hearer, h spoken) { s.prover.LetWait(h.now, h.in, h.stranger) }

func (s *hearer) memberHello(h spoken, b *wire.Hello) {
	h.m.SaysVersion(b.Version)
	h.m.SaysName(b.Name)
	s.all.streams.HeardHello(h.now, h.m, b)
	s.noteHearing(h.now, h.m, b)
}

func (s *hearer) strangerHello(h spoken, b *wire.Hello) {
	h.stranger.SaysHello(b.Names, b.Told)
	wait(s, h)
}

func (s *hearer) anyProve(h spoken, b *wire.Prove) { s.heardProve(h.now, h.in, b) }

func (s *hearer) memberAnnounce(h spoken, b *wire.Announce) {
	s.heardAnnounce(h.now, h.m, b, h.transit)
}

func (s *hearer) anyQuery(h spoken, b *wire.Query) { s.all.queries.Heard(h.now, h.m, h.in, b) }

// memberAnswer takes in answers to a QUERY, mine or another's.
func (s *hearer) memberAnswer(h spoken, b *wire.Answer) {
	for _, a := range b.Answers {
		s.told(h.now, h.m, a, h.transit)
	}
}

func (s *hearer) memberAsk(h spoken, b *wire.Ask) { s.host.Help(h.now, h.m, b.Question) }

func (s *hearer) memberBye(h spoken, _ *wire.Bye) { s.prover.Recheck(h.now, h.m, true) }
