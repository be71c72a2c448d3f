package trust

import (
	"net/netip"
	"testing"
	"time"
)

func TestHonestHostIsNeverSlowed(t *testing.T) {
	f := NewFloods(1)
	addr := netip.MustParseAddr("fe80::1%eth0")
	// 120 datagrams a second, in bursts of a second each.
	for s := range 60 {
		for i := range 120 {
			if !f.Allow(time.Duration(s)*time.Second, addr, 2) {
				t.Fatalf("dropped datagram %d of second %d", i, s)
			}
		}
	}
}

func TestFloodIsHeldToItsRate(t *testing.T) {
	f := NewFloods(1)
	addr := netip.MustParseAddr("192.0.2.1")
	passed := 0
	for i := range 100_000 { // 10 s at 10,000 a second
		if f.Allow(time.Duration(i)*100*time.Microsecond, addr, 1) {
			passed++
		}
	}
	if want := FloodBurst + 10*FloodRate; passed < want-2 || passed > want+2 {
		t.Errorf("%d passed; want about %d", passed, want)
	}
}

func TestBurstPassesAtOnceAndNoMore(t *testing.T) {
	f := NewFloods(1)
	passed := 0
	for range 2 * FloodBurst {
		if f.Allow(time.Hour, netip.MustParseAddr("192.0.2.1"), 1) {
			passed++
		}
	}
	if passed != FloodBurst {
		t.Errorf("%d passed; want %d", passed, FloodBurst)
	}
}

func TestFloodOnOneInterfaceSparesTheOther(t *testing.T) {
	f := NewFloods(1)
	addr := netip.MustParseAddr("169.254.0.1")
	for range 2 * FloodBurst {
		f.Allow(0, addr, 1)
	}
	if f.Allow(0, addr, 1) || !f.Allow(0, addr, 2) {
		t.Error("an address of one interface and the same of another share a bucket")
	}
}

func TestChangingAddressesGainsNothing(t *testing.T) {
	f := NewFloods(1)
	passed := 0
	var b [16]byte
	b[0] = 0xFE
	const n = 1_000_000
	for i := range n { // within one second
		b[13], b[14], b[15] = byte(i>>16), byte(i>>8), byte(i)
		if f.Allow(time.Duration(i)*time.Second/n, netip.AddrFrom16(b), 1) {
			passed++
		}
	}
	if most := floodSets * floodWays * (FloodBurst + FloodRate); passed > most {
		t.Errorf("%d of %d passed; want at most the table's %d", passed, n, most)
	}
	passed = 0
	for i := range n { // the next second finds the bursts used up
		b[12], b[13], b[14], b[15] = 1, byte(i>>16), byte(i>>8), byte(i)
		if f.Allow(time.Second+time.Duration(i)*time.Second/n, netip.AddrFrom16(b), 1) {
			passed++
		}
	}
	if most := floodSets * floodWays * FloodRate * 11 / 10; passed > most {
		t.Errorf("%d passed in the second second; want at most %d", passed, most)
	}
}

func TestAllowAllocatesNothing(t *testing.T) {
	f := NewFloods(1)
	addr := netip.MustParseAddr("fe80::1%eth0")
	if n := testing.AllocsPerRun(100, func() { f.Allow(0, addr, 1) }); n != 0 {
		t.Errorf("%v allocations a packet", n)
	}
	if !f.Allow(0, netip.Addr{}, 0) {
		t.Error("no address at all is a source like any other")
	}
}

func BenchmarkAllow(b *testing.B) {
	f := NewFloods(1)
	addr := netip.MustParseAddr("fe80::1")
	for i := time.Duration(0); b.Loop(); i++ {
		f.Allow(i*time.Millisecond, addr, 1)
	}
}
