package sharing

import (
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

func (s *hearer) heardAnnounce(now time.Duration, m *group.Member, body *wire.Announce, transit time.Duration) {
	heard := 0
	for _, a := range body.Answers {
		if s.told(now, m, a, transit) {
			heard++
		}
	}
	if fresh := min(int(body.New), heard); fresh > 0 {
		notes := s.group.Noted(m)
		notes.Heard += uint32(fresh)
		s.group.Note(m, notes)
	}
	for i := range body.Long {
		l := &body.Long[i]
		s.all.streams.HeardLong(now, m, l)
	}
}

// told takes in one answer that a peer told by datagram, unless it tells too many.
func (s *hearer) told(now time.Duration, m *group.Member, a wire.Aged, transit time.Duration) bool {
	if !s.group.Allow(now, m) {
		s.host.Count(PeerFlood)
		return false
	}
	s.accept(now, m, a, transit)
	return true
}

// accept decides whether to believe an answer, and hands it to the store, which decides
// which of two stands.
func (s *hearer) accept(now time.Duration, m *group.Member, a wire.Aged, transit time.Duration) cache.Outcome {
	q := a.Question
	if !s.believes(a.Answer) {
		s.host.Count(AnswersRefused)
		return cache.Kept
	}
	if s.host.Doubts(m) && s.contradictsHeld(now, a.Answer) {
		return cache.Kept
	}
	out := s.store.Put(now, cache.Arrival{
		Answer: a.Answer, Age: a.Age + transit, From: m.Peer, Via: m.Addr().Addr(), Place: s.set.Place,
	})
	if out == cache.Taken || out == cache.Waits {
		s.host.Count(AnswersTaken)
		notes := s.group.Noted(m)
		notes.Told++
		s.group.Note(m, notes)
	}
	if e := s.store.Get(now, q); !e.Held() || s.silences(now, e, a, transit) {
		s.all.announcer.cancel(q)
		s.all.queries.Told(q)
	}
	s.host.Answered(now, q)
	return out
}

// silences reports whether what a proven peer told the group leaves this host
// nothing to say: the same birth, or one not much older of a server that is not a
// later one. An older one must not: the group would never hear of the younger.
func (s *hearer) silences(now time.Duration, held cache.Entry, told wire.Aged, transit time.Duration) bool {
	return held.Answer.Birth == told.Birth ||
		told.Age+transit <= held.Age(now)+2*time.Second && s.store.Precedes(told.Answer, held)
}

// believes applies the rules about what a peer may say (PROTOCOL 7.1, 7.2). What is held for
// the other address family counts too, and what a denial hides: a public name stays
// public, whatever was said in between.
func (s *hearer) believes(a *dns.Answer) bool {
	q := a.Question
	var held []*dns.Answer
	if a.Private { // else nothing that is held speaks against it; each look costs a walk through cold memory
		for _, typ := range []uint16{q.Type, dns.TypeA, dns.TypeAAAA} {
			held = append(held, s.store.Positive(dns.Question{Name: q.Name, Type: typ}))
		}
	}
	return s.set.Acceptable(a, s.store.Ours(q, a.Server), held...) == nil
}

// contradictsHeld reports whether an answer says other than what may be served.
func (s *hearer) contradictsHeld(now time.Duration, a *dns.Answer) bool {
	e := s.store.Usable(now, a.Question)
	return e.Held() && !e.Answer.SameData(a)
}
