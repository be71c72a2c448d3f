package serve

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
)

type served struct {
	addr netip.AddrPort
	open *int
}

func (s served) Addr() netip.AddrPort { return s.addr }
func (s served) Close() error         { *s.open--; return nil }

func TestAddressesFollowAndWhatFailsIsSaidOnce(t *testing.T) {
	good, bad := netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("127.0.0.1:2")
	open, opens, said, taken := 0, 0, 0, true
	a := NewAddresses(func(addr netip.AddrPort) (Served, error) {
		if addr == bad && taken {
			return nil, errors.New("a test")
		}
		open++
		opens++
		return served{addr, &open}, nil
	}, func(error) { said++ })
	both := []netip.AddrPort{bad, good}
	for range 3 {
		if a.Set(both) == nil || said != 1 || !a.Failing() || open != 1 {
			t.Errorf("said %d times, %d open, failing %v; want once, 1, true", said, open, a.Failing())
		}
	}
	taken = false
	if err := a.Set(both); err != nil || a.Failing() || opens != 2 || !slices.Equal(a.Addrs(), []netip.AddrPort{good, bad}) {
		t.Errorf("got %v, %v after %d openings; want both, in order, each opened once", err, a.Addrs(), opens)
	}
	if a.Set(both[:1]); open != 1 {
		t.Errorf("%d are open; want 1", open)
	}
	taken = true
	if a.Set(nil); open != 0 || a.Set(both) == nil || said != 2 {
		t.Errorf("%d open, said %d times; want a new failure said anew", open, said)
	}
	a.CloseAll()
	if open != 0 || a.Set(both) != nil || open != 0 {
		t.Errorf("%d are open after the end", open)
	}
}
