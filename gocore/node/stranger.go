package node

import (
	"time"

	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// A stranger is a peer that was heard and is not proven: alive, or a recording of
// one that was. It is no member: nothing it says changes anything but whom this host
// challenges, until its PROOF comes.
type stranger struct {
	last Received // the latest datagram,
	at   time.Duration
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
	in Received
	at time.Duration
}

// maxStrangers bounds them: when a big group starts, a minute's challenges. Of more,
// who came first gives way, and is challenged when it is next heard.
const maxStrangers = 1024

// heardStranger lets what an unproven peer says wait, and challenges it. Its
// PROVE and QUERY are answered: it may have just started, and know nobody either.
func (n *Node) heardStranger(now time.Duration, in Received) {
	if n.recording(now, in.Message) {
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
	c := n.stranger(now, in)
	if c == nil {
		return
	}
	if stranger := hears[in.Message.Body.Kind()].stranger; stranger != nil {
		stranger(n, spoken{now: now, in: in, open: c})
	}
}

// stranger finds the challenge of a stranger, or makes it; nil if it has to wait
// for its turn to be looked at.
func (n *Node) stranger(now time.Duration, in Received) *challenge {
	p := in.Message.From
	c := n.prover.open[p]
	if c == nil || c.stranger == nil {
		tries := proveTries
		if n.outdated(now, in.Message) {
			if n.prover.doubtful.Take(now, doubtfulRate, doubtfulBurst) > 0 {
				n.count(PeerReplayed)
				return nil
			}
			tries = 1
		}
		c = &challenge{peer: p, stranger: &stranger{first: now, lag: now - in.Message.Sent}, most: tries}
		n.arrive(c)
		n.challenge(now, c)
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
	return c
}

// arrive makes room for a stranger.
func (n *Node) arrive(c *challenge) {
	v := &n.prover
	if v.strangers >= maxStrangers {
		for len(v.arrived) > 0 {
			first := v.arrived[0]
			v.arrived = v.arrived[1:]
			if v.open[first.peer] == first {
				n.end(first)
				break
			}
		}
	}
	if len(v.arrived) >= 2*maxStrangers {
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
func (n *Node) outdated(now time.Duration, msg *wire.Message) bool {
	if msg.From.ID == n.self.ID {
		age := now - msg.Sent
		return age < -sameClock || age > sameClock
	}
	outdated := false
	for m := range n.group.Of(msg.From.ID) {
		age := m.Clock.Since(now, msg.Sent)
		if age >= -sameClock && age <= sameClock || msg.Sent <= now-m.Last(now)+sameClock {
			return false
		}
		outdated = true
	}
	return outdated
}

// join makes a member of a peer that is proven: what echoes a nonce of mine was sent
// after the nonce left at asked. It returns nil if there is no room.
func (n *Node) join(now time.Duration, p wire.Peer, asked, sent time.Duration) *group.Member {
	said := n.said.take(now, p)
	var s *stranger
	if c := n.prover.open[p]; c != nil {
		s = c.stranger
		n.end(c)
	}
	first := now
	if s != nil {
		first = s.first
	}
	m := n.group.Join(p, first, asked, sent)
	if m == nil {
		return nil
	}
	delete(n.prover.gone.of, p)
	if s != nil {
		n.welcome(m, s)
	}
	for _, w := range said {
		late, onTime := m.Clock.Transit(w.at, w.in.Message.Sent)
		if onTime {
			m.Came(now, w.in.From, w.in.Link, w.in.Group)
			n.dispatch(now, w.in, m, late+now-w.at)
		}
	}
	return m
}

// welcome notes of a member what it was known by as a stranger.
func (n *Node) welcome(m *group.Member, s *stranger) {
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
		n.group.Notes(m).Heard = s.told
	}
}

// waiting is a datagram of a stranger.
type waiting struct {
	at   time.Duration
	in   Received
	size int
}

// A waitingRoom keeps what strangers say until they are proven, or for waitFor.
type waitingRoom struct {
	queue []waiting
	bytes int
}

const (
	waitFor   = 3 * time.Second
	waitBytes = 256 << 10 // as datagrams
)

// letWait keeps a datagram, and has its stranger challenged before others: it said
// something.
func (n *Node) letWait(now time.Duration, in Received, c *challenge) {
	r := &n.said
	size := wire.Size(in.Message)
	r.drop(now, size)
	r.queue, r.bytes = append(r.queue, waiting{now, in, size}), r.bytes+size
	if c.place != 0 {
		n.queueChallenge(now, c, 0)
	}
}

// drop forgets what has waited in vain, and what came first if there is no room.
func (r *waitingRoom) drop(now time.Duration, size int) {
	i := 0
	for i < len(r.queue) && (now-r.queue[i].at > waitFor || r.bytes+size > waitBytes) {
		r.bytes -= r.queue[i].size
		r.queue[i] = waiting{}
		i++
	}
	if r.queue = r.queue[i:]; len(r.queue) == 0 {
		r.queue = nil
	}
}

// take takes out what a peer said, in order.
func (r *waitingRoom) take(now time.Duration, p wire.Peer) (said []waiting) {
	r.drop(now, 0)
	rest := r.queue[:0]
	for _, w := range r.queue {
		if w.in.Message.From != p {
			rest = append(rest, w)
			continue
		}
		said = append(said, w)
		r.bytes -= w.size
	}
	clear(r.queue[len(rest):])
	r.queue = rest
	return said
}
