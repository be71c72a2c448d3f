package group

import (
	"testing"
	"time"

	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
)

func peer(id int) wire.Peer { return wire.Peer{ID: uint64(id), Epoch: 1} }

// join takes in a peer whose clock is this host's.
func join(g *Group, at time.Duration, p wire.Peer) *Member {
	return g.Join(p, at, at, at)
}

// hear makes a group in which this host (id 0) heard ids 1 to n at a time.
func hear(n int, at time.Duration) *Group {
	g := New(0, [2]uint64{})
	for i := 1; i <= n; i++ {
		join(g, at, peer(i))
	}
	return g
}

func TestWholeGroupSaysTwoHellosASecondAtMost(t *testing.T) {
	cases := []struct {
		hosts int
		want  time.Duration
	}{{1, 10 * time.Second}, {20, 10 * time.Second}, {100, 50 * time.Second}, {1000, 500 * time.Second}}
	for _, c := range cases {
		g := hear(c.hosts-1, 0)
		if got := g.Interval(); got != c.want {
			t.Errorf("%d hosts: interval %v; want %v", c.hosts, got, c.want)
		}
	}
}

// TestEachDatagramIsHeardOnce: told by all of peer, number and tag, so that nobody
// who speaks in another's name uses up its numbers.
func TestEachDatagramIsHeardOnce(t *testing.T) {
	g := New(0, [2]uint64{1, 2})
	said := func(p wire.Peer, seq, tag uint64) *wire.Message { return &wire.Message{From: p, Seq: seq, Tag: tag} }
	other := wire.Peer{ID: 1, Epoch: 2}
	for _, c := range []struct {
		m    *wire.Message
		want bool
	}{
		{said(peer(1), 5, 7), true}, {said(peer(1), 5, 7), false}, {said(peer(1), 4, 8), true}, {said(peer(1), 4, 8), false},
		{said(peer(1), 1<<60, 9), true}, {said(peer(1), 6, 10), true}, {said(peer(1), 6, 11), true}, {said(other, 5, 7), true},
	} {
		if got := g.Once(time.Hour, c.m); got != c.want {
			t.Errorf("%v: seq %d, tag %d: heard %v; want %v", c.m.From, c.m.Seq, c.m.Tag, got, c.want)
		}
	}
	if !g.Once(time.Hour+2*trust.OnceFor, said(peer(1), 5, 7)) {
		t.Error("a datagram is remembered for longer than it could pass for a new one")
	}
}

func TestSilentMembersGoAfterThreeIntervals(t *testing.T) {
	g := hear(2, 0)
	g.Get(peer(2)).last = stampOf(20 * time.Second)
	if gone := g.Expire(44 * time.Second); len(gone) != 0 {
		t.Errorf("after 44 s %d members went; want none before 45 s", len(gone))
	}
	if gone := g.Expire(46 * time.Second); len(gone) != 1 || gone[0] != peer(1) || g.N() != 2 || g.Get(peer(1)) != nil {
		t.Errorf("after 46 s %d went, N is %d; want the silent one gone", len(gone), g.N())
	}
}

// 1000 hosts speak every 500 s; 900 are switched off. The others must not be
// taken for silent until they could have heard of it and spoken again.
func TestMassDepartureDoesNotTakeTheRestAlong(t *testing.T) {
	g := hear(999, 0)
	const step = 10 * time.Second
	for turn := range 360 { // one hour
		now := time.Duration(turn) * step
		for i := 1; i < 100; i++ {
			if turn%70 == i%70 { // speaks every 700 s, as if N were 1000
				g.Get(peer(i)).last = stampOf(now)
			}
		}
		if g.Expire(now); g.N() < 100 {
			t.Fatalf("after %v N is %d; want the 100 that still speak", now, g.N())
		}
	}
	if g.N() != 100 {
		t.Errorf("after an hour N is %d; want 100", g.N())
	}
}

func TestSleepMakesNobodySilent(t *testing.T) {
	g := hear(3, time.Minute)
	g.Sleep(8 * time.Hour)
	if gone := g.Expire(8*time.Hour + 70*time.Second); len(gone) != 0 {
		t.Errorf("%d members went while this host slept", len(gone))
	}
	if gone := g.Expire(8*time.Hour + 3*time.Minute); len(gone) != 3 {
		t.Errorf("%d of 3 went after a silence awake", len(gone))
	}
}

func TestFullTableTakesNobodyIn(t *testing.T) {
	g := hear(MaxMembers, 0)
	if join(g, 0, peer(MaxMembers+1)) != nil || g.N() != MaxMembers+1 {
		t.Errorf("N is %d; want the %d that were there, and this host", g.N(), MaxMembers)
	}
}

func TestTellingIsLimitedPerSender(t *testing.T) {
	g, allowed := hear(1, 0), 0
	for ms := range 10000 { // 10000 answers over 10 s
		if g.Allow(time.Duration(ms)*time.Millisecond, g.At(0)) {
			allowed++
		}
	}
	if allowed < 9*tellRate || allowed > 11*tellRate {
		t.Errorf("%d answers in 10 s; want about %d a second", allowed, tellRate)
	}
}

// Each host must be first for its share of the names, and every host must see
// the same order: else two answer or nobody does.
func TestRankIsOneOrderForAllHosts(t *testing.T) {
	const hosts, names = 20, 4000
	groups := make([]*Group, hosts)
	for i := range groups {
		groups[i] = New(uint64(i), [2]uint64{})
		for j := range hosts {
			if j != i {
				join(groups[i], 0, peer(j))
			}
		}
	}
	firsts := make([]int, hosts)
	for n := range names {
		h, seen := uint64(n)*0x9e3779b97f4a7c15+1, make([]bool, hosts)
		for i, g := range groups {
			r := g.Rank(h)
			if seen[r] {
				t.Fatalf("name %d: two hosts have rank %d", n, r)
			}
			seen[r] = true
			if r == 0 {
				firsts[i]++
			}
		}
	}
	for i, n := range firsts {
		if n < names/hosts/2 || n > names/hosts*2 {
			t.Errorf("host %d is first for %d of %d names; want about %d", i, n, names, names/hosts)
		}
	}
}

// Each of many hosts asks every five seconds of an outage whether it is among the
// first: a walk through all members for each would grow with the square of the group.
func TestRankAmongFewLooksNoFurther(t *testing.T) {
	const hosts, most = 1000, 2
	looks, first := 0, 0
	for i := range hosts {
		g := New(uint64(i), [2]uint64{})
		for j := range hosts {
			if j != i {
				join(g, 0, peer(j))
			}
		}
		count := func(m *Member) bool { looks++; return m.Peer.ID%2 == 0 }
		all := g.RankAmong(77, hosts, func(m *Member) bool { return m.Peer.ID%2 == 0 })
		got := g.RankAmong(77, most, count)
		if got != min(all, most) {
			t.Fatalf("host %d: rank %d of at most %d; want %d", i, got, most, min(all, most))
		}
		if got < most {
			first++
		}
	}
	if first < most || looks > hosts*20 {
		t.Errorf("%d hosts are among the first %d, and %d looks were taken by %d hosts; want %d at least and 20 for each host at most", first, most, looks, hosts, most)
	}
}

func TestLeavingMovesOnlyTheLeaversShare(t *testing.T) {
	g := hear(9, 0)
	all := func(*Member) bool { return true }
	moved := 0
	for h := range uint64(1000) {
		before := g.First(h, all)
		after := g.First(h, func(m *Member) bool { return m.Peer != peer(4) })
		if before.Peer != peer(4) && before != after {
			moved++
		}
	}
	if moved != 0 {
		t.Errorf("%d names moved between hosts that stayed", moved)
	}
}

func BenchmarkRank1000(b *testing.B) {
	g := hear(999, 0)
	for i := range b.N {
		g.Rank(uint64(i) * 0x9e3779b97f4a7c15)
	}
}
