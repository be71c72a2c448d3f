package trust

import (
	"net/netip"
	"testing"
	"time"
)

var hostA, hostB = netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("fe80::1%eth0")

// junk sends so many forged datagrams within d, and counts those that were opened.
func junk(f *Floods, from, d time.Duration, n, size int, addr func(i int) netip.Addr) (opened int) {
	for i := range n {
		now := from + time.Duration(i)*d/time.Duration(n)
		if f.Allow(now, addr(i), 1) {
			opened++
			f.Opened(now, addr(i), 1, size, false)
		}
	}
	return opened
}

func only(addr netip.Addr) func(int) netip.Addr { return func(int) netip.Addr { return addr } }

func TestWhatOpensIsNeverCharged(t *testing.T) {
	f := NewFloods(1)
	for i := range 100_000 { // in one second
		now := time.Duration(i) * time.Second / 100_000
		if !f.Allow(now, hostB, 2) {
			t.Fatalf("dropped datagram %d", i)
		}
		f.Opened(now, hostB, 2, 1232, true)
	}
}

func TestStrangersJunkIsHeldToItsRate(t *testing.T) {
	f := NewFloods(1)
	got := junk(f, 0, 10*time.Second, 100_000, 100, only(hostA))
	if want := FloodBurst + 10*FloodRate; got < want-2 || got > want+2 {
		t.Errorf("%d opened; want about %d", got, want)
	}
}

// Anybody may write a host's address on junk: who lately sent something good is
// still heard, among 40,000 forged datagrams a second.
func TestJunkUnderAHostsAddressDoesNotSilenceIt(t *testing.T) {
	f := NewFloods(1)
	f.Opened(0, hostA, 1, 100, true)
	const n = 40_000
	heard := 0
	for i := range n {
		now := time.Second + time.Duration(i)*time.Second/n
		if f.Allow(now, hostA, 1) {
			heard++ // as likely the host's own as not
			f.Opened(now, hostA, 1, 400, false)
		}
	}
	if heard != n {
		t.Errorf("%d of %d were looked at", heard, n)
	}
	if !f.Allow(2*time.Second, hostA, 1) {
		t.Error("the host is not heard afterwards")
	}
}

func TestKnownSourcesShareOneBudget(t *testing.T) {
	f := NewFloods(1)
	addr := func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, 0, 0, byte(i % 8)}) }
	for i := range 8 {
		f.Opened(0, addr(i), 1, 100, true)
	}
	const size, n = 1232, 500_000
	got := junk(f, time.Second, time.Second, n, size, addr)
	own := 8 * (FloodBurst + FloodRate)
	if most := own + (KnownRate+KnownRate/10)/(size+KnownEach) + 1; got > most || got < most*9/10 {
		t.Errorf("%d of %d opened; want about %d", got, n, most)
	}
	if !f.Allow(3*time.Second, addr(1), 1) {
		t.Error("the budget does not come back")
	}
}

func TestSourceThatWasLongSilentIsAStranger(t *testing.T) {
	f := NewFloods(1)
	f.Opened(0, hostA, 1, 100, true)
	now := KnownFor + time.Second
	if got := junk(f, now, time.Second, 10_000, 100, only(hostA)); got > FloodBurst+FloodRate+2 {
		t.Errorf("%d opened", got)
	}
}

// Recordings open: whoever replays them from any number of addresses becomes known
// by all of those, and must not take the place of the hosts.
func TestReplaysFromManyAddressesMakeNoHostForgotten(t *testing.T) {
	f := NewFloods(1)
	f.Opened(0, hostA, 1, 100, true)
	for i := range 100_000 {
		f.Opened(time.Second, netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 1, 100, true)
	}
	if got := junk(f, 2*time.Second, time.Second, 10_000, 100, only(hostA)); got != 10_000 {
		t.Errorf("%d of 10000 under a host's address were looked at", got)
	}
}

func TestFloodOnOneInterfaceSparesTheOther(t *testing.T) {
	f := NewFloods(1)
	junk(f, 0, time.Millisecond, 2*FloodBurst, 100, only(hostA))
	if f.Allow(0, hostA, 1) || !f.Allow(0, hostA, 2) {
		t.Error("an address of one interface and the same of another share a bucket")
	}
}

func TestChangingAddressesGainsNothing(t *testing.T) {
	f := NewFloods(1)
	addr := func(lead byte) func(int) netip.Addr {
		return func(i int) netip.Addr {
			return netip.AddrFrom16([16]byte{0: 0xFE, 12: lead, 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)})
		}
	}
	const n = 1_000_000
	got := junk(f, 0, time.Second, n, 100, addr(0))
	if most := floodSets * floodWays * (FloodBurst + FloodRate); got > most {
		t.Errorf("%d of %d opened; want at most the table's %d", got, n, most)
	}
	got = junk(f, time.Second, time.Second, n, 100, addr(1)) // finds the bursts used up
	if most := floodSets * floodWays * FloodRate * 11 / 10; got > most {
		t.Errorf("%d opened in the second second; want at most %d", got, most)
	}
}

func TestFloodsAllocateNothing(t *testing.T) {
	f := NewFloods(1)
	if n := testing.AllocsPerRun(100, func() {
		f.Allow(0, hostB, 1)
		f.Opened(0, hostB, 1, 100, true)
		f.Opened(0, hostB, 1, 100, false)
	}); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
	if !f.Allow(0, netip.Addr{}, 0) {
		t.Error("no address at all is a source like any other")
	}
}

func BenchmarkFloods(b *testing.B) {
	f := NewFloods(1)
	for i := time.Duration(0); b.Loop(); i++ {
		f.Allow(i*time.Millisecond, hostB, 1)
		f.Opened(i*time.Millisecond, hostB, 1, 100, true)
	}
}
