package group

import (
	"time"

	"mcdns/gocore/wire"
)

// A Stranger is a peer that was heard and is not proven: alive, or a recording of
// one that was. It is no member: nothing it says changes anything but whom this host
// challenges, until its PROOF comes.
type Stranger struct {
	challenge *challenge
	last      Datagram // the latest datagram,
	at        time.Duration
	// first is when it was first heard; by what it was heard that was sent to the
	// group, IPv4 and IPv6.
	first time.Duration
	lag   time.Duration // the least of its datagrams (departure)
	group [2]came
	// names and told are of its first HELLO, if counted: where the count of its news
	// begins.
	counted     bool
	names, told uint32
}

// came is a datagram to the group that was heard by one family.
type came struct {
	in Datagram
	at time.Duration
}

// MaxStrangers bounds them: when a big group starts, a minute's challenges. Of more,
// who came first gives way, and is challenged when it is next heard.
const MaxStrangers = 1024

// Meet notes what a peer said that is not proven, and has it challenged; nil if it has
// to wait for its turn to be looked at.
func (v *Prover) Meet(now time.Duration, in Datagram) *Stranger {
	p := in.Message.From
	c := v.open[p]
	if c == nil || c.stranger == nil {
		tries := ProveTries
		if v.outdated(now, in.Message) {
			if v.doubtful.Take(now, doubtfulRate, doubtfulBurst) > 0 {
				return nil
			}
			tries = 1
		}
		c = &challenge{peer: p, stranger: &Stranger{first: now, lag: now - in.Message.Sent}, most: tries}
		c.stranger.challenge = c
		v.arrive(c)
		v.challenge(now, c)
	}
	s := c.stranger
	s.last, s.at, s.lag = in, now, min(s.lag, now-in.Message.Sent)
	if in.Group {
		i := 0
		if in.From.Addr().Is6() {
			i = 1
		}
		s.group[i] = came{in, now}
	}
	return s
}

// SaysHello notes its first HELLO, where the count of its news begins.
func (s *Stranger) SaysHello(names, told uint32) {
	if !s.counted {
		s.counted, s.names, s.told = true, names, told
	}
}

// LetWait keeps a datagram until its stranger is proven, and has that challenged before
// others: it said something.
func (v *Prover) LetWait(now time.Duration, in Datagram, s *Stranger) {
	size := wire.Size(in.Message)
	v.said.drop(now, size)
	v.said.queue, v.said.bytes = append(v.said.queue, waiting{Said{now, in}, size}), v.said.bytes+size
	if c := s.challenge; c.place != 0 {
		v.queue(now, c, 0)
	}
}

// arrive makes room for a stranger.
func (v *Prover) arrive(c *challenge) {
	if v.strangers >= MaxStrangers {
		for len(v.arrived) > 0 {
			first := v.arrived[0]
			v.arrived = v.arrived[1:]
			if v.open[first.peer] == first {
				v.end(first)
				break
			}
		}
	}
	if len(v.arrived) >= 2*MaxStrangers {
		v.sweep()
	}
	v.arrived = append(v.arrived, c)
	v.strangers++
}

// doubtful challenges are of what its id's living member says to be a recording: a
// copied disk says the same, so that one is looked at now and then; a burst of four made
// what an outsider plays again cost each host four challenges.
const (
	doubtfulRate  = 1. / 300
	doubtfulBurst = 1
)

// outdated reports whether the clock of a living member shows that another epoch of
// its id is a recording. A host that was restarted goes on with the clock it had; one
// that was rebooted since it was last heard has one that is younger than that.
func (v *Prover) outdated(now time.Duration, msg *wire.Message) bool {
	if msg.From.ID == v.group.self {
		age := now - msg.Sent
		return age < -sameClock || age > sameClock
	}
	outdated := false
	for m := range v.group.Of(msg.From.ID) {
		age := m.Clock.Since(now, msg.Sent)
		if age >= -sameClock && age <= sameClock || msg.Sent <= now-m.Last(now)+sameClock {
			return false
		}
		outdated = true
	}
	return outdated
}

// join makes a member of a peer that is proven.
func (v *Prover) join(now time.Duration, p wire.Peer, asked, sent time.Duration) (*Member, []Said) {
	said := v.said.take(now, p)
	var s *Stranger
	if c := v.open[p]; c != nil {
		s = c.stranger
		v.end(c)
	}
	first := now
	if s != nil {
		first = s.first
	}
	m := v.group.Join(p, first, asked, sent)
	if m == nil {
		return nil, nil
	}
	delete(v.gone.of, p)
	if s != nil {
		v.welcome(m, s)
	}
	return m, said
}

// welcome notes of a member what it was known by as a stranger.
func (v *Prover) welcome(m *Member, s *Stranger) {
	for _, c := range s.group {
		if c.in.Message == nil {
			continue
		}
		if _, onTime := m.Clock.Transit(c.at, c.in.Message.Sent); onTime {
			m.Came(c.at, c.in.From, c.in.Link, true)
		}
	}
	if !s.counted {
		return
	}
	if m.SaysNames(s.names); s.told != 0 {
		v.group.notesOn(m).Heard = s.told
	}
}
