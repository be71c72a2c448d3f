package group

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"
	"time"
	"unique"
	"unsafe"

	"mcdns/gocore/wire"
)

// TestTableKnowsItsMembers, whatever comes and goes, in order of arrival.
func TestTableKnowsItsMembers(t *testing.T) {
	const seed = 4
	r := rand.New(rand.NewPCG(seed, 0))
	g := New(0, [2]uint64{1, 2})
	var order []wire.Peer
	for range 40 {
		for range r.IntN(200) {
			p := wire.Peer{ID: r.Uint64(), Epoch: r.Uint64N(3)}
			g.Note(join(g, 0, p), Notes{Told: p.ID})
			order = append(order, p)
		}
		bit := r.Uint64N(16)
		g.Keep(func(m *Member) bool { return m.Peer.ID%16 != bit })
		kept := order[:0]
		for _, p := range order {
			if p.ID%16 != bit {
				kept = append(kept, p)
			} else if g.Get(p) != nil {
				t.Fatalf("seed %d: %v is still there", seed, p)
			}
		}
		order = kept
		if g.N() != len(order)+1 {
			t.Fatalf("seed %d: %d members; want %d", seed, g.N()-1, len(order))
		}
		for i, p := range order {
			if m := g.Get(p); m == nil || m != g.At(i) || m.Peer != p || g.Noted(m).Told != p.ID {
				t.Fatalf("seed %d: member %d is %v; want %v, its notes with it", seed, i, m, p)
			}
		}
	}
}

// TestCopyIsApart: what is heard by one table is not heard by its copy.
func TestCopyIsApart(t *testing.T) {
	g := hear(10, 0)
	said := func(seq uint64) *wire.Message { return &wire.Message{From: peer(1), Seq: seq} }
	g.Once(0, said(1))
	c := g.Copy()
	for i := range 20 {
		c.Once(0, said(2+uint64(i)))
		join(c, 0, peer(100+i))
	}
	c.Note(c.Get(peer(2)), Notes{Told: 7})
	c.Remove(peer(3))
	if c.Once(0, said(1)) || !g.Once(0, said(2)) || g.N() != 11 || g.Get(peer(3)) == nil || g.Noted(g.Get(peer(2))).Told != 0 {
		t.Errorf("N is %d; a copy has changed what it was made of", g.N())
	}
}

// TestTimesOfMonthsAreTold: times lie in a member as numbers that go round.
func TestTimesOfMonthsAreTold(t *testing.T) {
	from := netip.MustParseAddrPort("10.0.0.1:7353")
	g := New(0, [2]uint64{})
	for now := time.Duration(0); now < 120*24*time.Hour; now += 10 * time.Minute {
		m := join(g, now, peer(1))
		m.Came(now, from, 1, now < 24*time.Hour)
		g.Expire(now)
		m = g.Get(peer(1))
		if m == nil || m.Last(now) != max(now, time.Millisecond) || m.First() != 0 {
			t.Fatalf("after %v: %+v; want a member, heard now", now, m)
		}
		if four, six := m.Multicast(now, now-g.Silence()); four != (now < 24*time.Hour) || six {
			t.Fatalf("after %v: heard by multicast %v, %v", now, four, six)
		}
		g.Expire(now + 9*time.Minute) // silent, as all are for ten minutes
		if g.N() != 1 {
			t.Fatalf("after %v: a silent member is still there", now)
		}
		m = join(g, now, peer(1))
		m.first, m.heard4 = 0, stamp(0).only(false)
		if now < 24*time.Hour {
			m.heard4 = stampOf(now)
		}
	}
}

// groupOf makes the table of a host that heard HELLOs of n proven others. What was
// said of them on the way is noted, so that a later table makes nothing new.
func groupOf(n int, said *[]unique.Handle[about]) *Group {
	g := New(1, [2]uint64{1, 2})
	states := []wire.ServerState{{Server: 53, Success: time.Second, Failure: wire.Never}}
	for i := range n {
		now := time.Duration(i) * time.Millisecond
		addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 7353)
		m := join(g, now, wire.Peer{ID: uint64(i) * 0x9e3779b97f4a7c15, Epoch: 1})
		m.Came(now, addr, 1, true)
		note(said, m)
		m.SaysVersion("0.1.0")
		note(said, m)
		m.SaysServers(states)
		m.SaysNames(100)
	}
	return g
}

func note(said *[]unique.Handle[about], m *Member) {
	if said != nil {
		*said = append(*said, m.about)
	}
}

// bytesPerMember is what a member costs in a process with one host, and in a
// simulation, where others know the same members.
func bytesPerMember(n int) (alone, among float64) {
	said := make([]unique.Handle[about], 0, 2*n)
	cost := func(said *[]unique.Handle[about]) float64 {
		before := held()
		g := groupOf(n, said)
		took := held() - before
		runtime.KeepAlive(g)
		return float64(took) / float64(n)
	}
	alone = cost(nil)
	groupOf(n, &said)
	known := groupOf(n, nil)
	among = cost(nil)
	runtime.KeepAlive(known)
	runtime.KeepAlive(said)
	return alone, among
}

// held is the memory that is in use.
func held() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC() // what is unique goes at the second
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

func TestMemberStaysSmall(t *testing.T) {
	if size := unsafe.Sizeof(Member{}); size != 56 {
		t.Errorf("a member takes %d bytes; want 56", size)
	}
	alone, among := bytesPerMember(10_000)
	t.Logf("a member costs %.1f bytes, in one of many hosts of a process %.1f", alone, among)
	if among > 64 {
		t.Errorf("a member costs %.1f bytes in a table of 10,000; want at most 64", among)
	}
}

// BenchmarkBytesPerMember prints what a member costs.
func BenchmarkBytesPerMember(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprintf("%d members", n), func(b *testing.B) {
			for b.Loop() {
				alone, among := bytesPerMember(n)
				b.ReportMetric(alone, "B/member")
				b.ReportMetric(among, "B/member-of-many-hosts")
			}
		})
	}
}
