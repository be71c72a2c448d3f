package query

import (
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// Queries are those of this host, and its part in those of others. They are not safe for
// concurrent use.
type Queries struct {
	base
	own    own
	others others
}

// A base is what both stand on.
type base struct {
	host  Host
	store Store
	group *group.Group
	rand  *rand.Rand
}

// New makes them.
func New(h Host, s Store, g *group.Group, r *rand.Rand) *Queries {
	all := &Queries{base: base{h, s, g, r}}
	all.join()
	all.Clear()
	return all
}

// join has both stand on one base.
func (s *Queries) join() {
	s.own.base, s.others.base, s.others.own = &s.base, &s.base, &s.own
}

// Clear forgets what is under way, and returns what was put to the group, the oldest first.
func (s *Queries) Clear() (put []dns.Question) {
	for _, no := range slices.Sorted(maps.Keys(s.own.numbered)) {
		put = append(put, s.own.numbered[no].q)
	}
	s.own.clear()
	s.others.clear()
	return put
}

// Put puts a question to the group for an asker: NobodyKnows follows, unless End comes
// first.
func (s *Queries) Put(now time.Duration, q dns.Question, asker uint32) { s.own.begin(now, q, asker) }

// IsPut reports whether a question is put to the group.
func (s *Queries) IsPut(q dns.Question) bool { return s.own.put[q] != nil }

// End ends that.
func (s *Queries) End(q dns.Question) { s.own.end(q) }

// Younger asks the group for something younger than what is held, in the background.
func (s *Queries) Younger(now time.Duration, held *dns.Answer) {
	if s.store.Wanted(now, held.Question) {
		s.own.add(now, waiting{Asked: wire.Asked{Question: held.Question, Held: held.Birth}})
	}
}

// Patience is how long the group may take to answer.
func (s *Queries) Patience() time.Duration { return s.own.patience() }

// Left is when the QUERY with a nonce left, ok if there was one within the last seconds:
// whoever echoes it is alive.
func (s *Queries) Left(nonce uint64) (at time.Duration, ok bool) {
	at, ok = s.own.sent[nonce]
	return at, ok
}

// Heard takes this host's turn to answer a QUERY; m is nil for a stranger.
func (s *Queries) Heard(now time.Duration, m *group.Member, in group.Datagram, body *wire.Query) {
	s.others.heard(now, m, in, body)
}

// Told gives up the turn to answer what a peer has just told.
func (s *Queries) Told(q dns.Question) { delete(s.others.of, q) }

// Held is how much is under way: all of it is bounded.
type Held struct {
	Waiting, Put, Nonces int // questions that wait for a QUERY, that are put, what left lately
	Turns, Answers       int // to answer, questions of those that the group is to be told
}

// Held counts it.
func (s *Queries) Held() Held {
	return Held{
		Waiting: len(s.own.queue), Put: len(s.own.put), Nonces: len(s.own.sent),
		Turns: len(s.others.turns), Answers: len(s.others.of),
	}
}
