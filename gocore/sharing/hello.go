package sharing

import (
	"log/slog"
	"time"

	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// helloLoop ends with the sharing that it was begun for: a key taken away and
// put back must not make two of it.
func (s *Sharing) helloLoop(now time.Duration, turned uint64) {
	if !s.set.Shares || s.turned != turned {
		return
	}
	s.group.Expire(now)
	s.noteGroup()
	s.sayHello(now)
	s.host.Greeted(now)
	s.streams.Consider(now)
	interval := s.helloInterval()
	s.helloIn(now, interval/2+s.jitter(interval))
}

// helloInterval is the mean time between two HELLOs of this host. Those that it
// challenges count, but not so much that a member's silence would be noticed.
func (s *Sharing) helloInterval() time.Duration {
	return min(group.IntervalOf(s.prover.Hosts()), 2*s.group.Interval())
}

func (s *Sharing) helloIn(now, wait time.Duration) {
	s.hello = now + wait
	s.after(now, wait, Timer{Due: helloDue, Gen: s.turned})
}

func (s *Sharing) sayHello(now time.Duration) {
	h := &wire.Hello{
		Version: s.version, Names: uint32(s.store.Len()), Told: s.announcer.told, Hears: s.hears(now), Name: s.set.Name,
	}
	s.sendEverywhere(now, h)
	s.greeted = true
	s.callSilent(now, h)
}

// hears lists peers that were heard by multicast lately, at most MaxHears and
// from a random one on, so that in a big group everybody's turn comes.
func (s *Sharing) hears(now time.Duration) []wire.Peer {
	members := s.group.N() - 1
	if members == 0 {
		return nil
	}
	since, start := now-s.group.Silence(), s.rand.IntN(members)
	var heard []wire.Peer
	for i := range members {
		m := s.group.At((start + i) % members)
		if len(heard) == wire.MaxHears {
			break
		}
		if four, six := m.Multicast(now, since); four || six {
			heard = append(heard, m.Peer)
		}
	}
	return heard
}

// SayNow says at once how the servers do: every datagram carries it, HELLO
// reaches everybody.
func (s *Sharing) SayNow(now time.Duration) {
	rate := outOfTurnBurst / s.helloInterval().Seconds()
	if s.set.Shares && s.outOfTurn.Take(now, rate, outOfTurnBurst) == 0 {
		s.sayHello(now)
	}
}

// outOfTurnBurst is how many HELLOs a host may say out of turn in one interval: a
// server that refuses every other name is doubted and cleared all the time. With
// one an interval the news of a recovery waited for its turn at 20 % loss, where
// servers are doubted and cleared as well: 8 and 12 s on the lab instead of 3 to 5.
const outOfTurnBurst = 6

// SayTwice says it again a little later: at 20 % loss one host in five would
// else find out for itself, at the price of a slow lookup each.
func (s *Sharing) SayTwice(now time.Duration) {
	s.SayNow(now)
	s.after(now, 40*time.Millisecond, Timer{Due: sayDue})
}

// untilGreeted is how long it is until this host has said its first HELLO.
func (s *Sharing) untilGreeted(now time.Duration) time.Duration {
	if s.greeted {
		return 0
	}
	return s.hello - now
}

// noteGroup logs when the host becomes isolated, or stops to be.
func (s *Sharing) noteGroup() {
	word := "joined"
	if s.group.N() == 1 {
		word = "isolated"
	}
	if word == s.was {
		return
	}
	if word == "isolated" {
		s.streams.Isolated()
	}
	if s.was != "" || word == "joined" {
		s.log(slog.LevelInfo, "group "+word, "group", s.State())
	}
	s.was = word
}
