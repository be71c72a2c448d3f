package group

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// seeker is a host that has a Prover, a clock and nobody to talk to.
type seeker struct {
	*Prover
	now    time.Duration
	timers []timed
	proves []uint64 // the nonces that left
	left   []wire.Peer
}

type timed struct {
	at time.Duration
	t  Timer
}

const seed = 1

func newSeeker(t *testing.T) *seeker {
	t.Logf("seed %d", seed)
	s := &seeker{now: time.Hour}
	s.Prover = NewProver(New(0, [2]uint64{}), s, rand.New(rand.NewPCG(seed, 0)))
	return s
}

func (s *seeker) After(now, d time.Duration, t Timer) { s.timers = append(s.timers, timed{now + d, t}) }

func (s *seeker) Prove(_ time.Duration, _ netip.AddrPort, nonce uint64) {
	s.proves = append(s.proves, nonce)
}

func (s *seeker) Left(p wire.Peer) { s.left = append(s.left, p) }

// run lets time pass.
func (s *seeker) run(d time.Duration) {
	end := s.now + d
	for len(s.timers) > 0 {
		next := slices.MinFunc(s.timers, func(a, b timed) int { return int(a.at - b.at) })
		if next.at > end {
			break
		}
		i := slices.Index(s.timers, next)
		s.timers = slices.Delete(s.timers, i, i+1)
		s.now = max(s.now, next.at)
		s.Fire(s.now, next.t)
	}
	s.now = end
}

var somewhere = netip.MustParseAddrPort("10.0.9.9:7353")

// heard is a datagram that has just come from a peer whose clock is this host's.
func (s *seeker) heard(p wire.Peer, body wire.Body) Datagram {
	return Datagram{From: somewhere, Link: 1, Group: true, Message: &wire.Message{From: p, Seq: 1, Sent: s.now, Body: body}}
}

// announce is one answer of a name.
func announce(t *testing.T, p wire.Peer, name string) *wire.Announce {
	t.Helper()
	q := dns.Question{Name: name, Type: dns.TypeA}
	a, err := dns.ParseAnswer(q, 0, []string{name + " 60 IN A 203.0.113.7"})
	if err != nil {
		t.Fatal(err)
	}
	a.Birth = dns.Birth{Peer: p}
	return &wire.Announce{Answers: []wire.Aged{{Answer: a}}}
}

// TestWhatWaitsIsBounded: in bytes, in time, and what came last goes last.
func TestWhatWaitsIsBounded(t *testing.T) {
	s := newSeeker(t)
	say := func(i int) wire.Peer {
		p := peer(1000 + i)
		in := s.heard(p, announce(t, p, fmt.Sprintf("a-name-of-some-length-%d.example.", i)))
		if who := s.Meet(s.now, in); who != nil {
			s.LetWait(s.now, in, who)
		}
		return p
	}
	var last wire.Peer
	for i := range 5000 {
		last = say(i)
		if h := s.Held(); h.SaidBytes > waitBytes || h.Strangers > MaxStrangers || h.Arrived > 2*MaxStrangers || h.Ready > 4*MaxStrangers {
			t.Fatalf("%+v after %d", h, i)
		}
		if i%10 == 0 {
			s.run(time.Millisecond)
		}
	}
	if got := s.Held().SaidBytes; got < waitBytes/2 {
		t.Errorf("%d bytes wait; want the room used, %d", got, waitBytes)
	}
	if _, joins, said := s.Proven(s.now, s.now, last, s.now); !joins || len(said) != 1 {
		t.Errorf("it joins: %v, and %d of its datagrams waited; want 1", joins, len(said))
	}
	s.run(waitFor + time.Millisecond)
	say(5000)
	if got := s.Held().Said; got != 1 {
		t.Errorf("%d datagrams wait after %v; want the one that just came", got, waitFor)
	}
}

// TestOfEpochsThatAreGoneAsManyAreRememberedAsThereIsRoomFor: those that went last.
func TestOfEpochsThatAreGoneAsManyAreRememberedAsThereIsRoomFor(t *testing.T) {
	s := newSeeker(t)
	for i := range 2 * maxGone {
		join(s.group, s.now, peer(1+i))
		s.Leave(s.now, peer(1+i))
	}
	if got := s.Held().Gone; got != maxGone || len(s.left) != 2*maxGone {
		t.Errorf("%d are remembered of %d that left; want %d", got, len(s.left), maxGone)
	}
	if s.Recording(s.now, s.heard(peer(1), &wire.Hello{}).Message) || !s.Recording(s.now, s.heard(peer(2*maxGone), &wire.Hello{}).Message) {
		t.Error("not those that left last are remembered")
	}
}

// TestMemberIsChallengedAnewOnceInTenSeconds: datagrams that come late must not make a
// host send more than that.
func TestMemberIsChallengedAnewOnceInTenSeconds(t *testing.T) {
	s := newSeeker(t)
	m := join(s.group, s.now, peer(1))
	m.Came(s.now, somewhere, 1, true)
	for range 100 {
		s.Recheck(s.now, m, false)
		s.run(99 * time.Millisecond)
	}
	if got := len(s.proves); got != ProveTries {
		t.Errorf("%d challenges in ten seconds; want those of one series, %d", got, ProveTries)
	}
	if s.group.Get(peer(1)) == nil {
		t.Error("a member that said no goodbye was removed for its silence to challenges")
	}
	s.run(time.Second)
	s.Recheck(s.now, m, true)
	s.run(2 * time.Second)
	if s.group.Get(peer(1)) != nil || !slices.Equal(s.left, []wire.Peer{peer(1)}) {
		t.Errorf("a member that said goodbye and answers no challenge is still there; left: %v", s.left)
	}
}
