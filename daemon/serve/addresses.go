package serve

import (
	"errors"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
)

// Addresses are those on which something is served, as the configuration wants it.
type Addresses struct {
	open    func(netip.AddrPort) (Served, error)
	failed  func(error)
	failing atomic.Bool

	mu     sync.Mutex
	opened map[netip.AddrPort]Served
	closed bool
}

// Served is one address that is open.
type Served interface {
	// Addr is the address with the port that the kernel chose.
	Addr() netip.AddrPort
	Close() error
}

// NewAddresses makes those of something that open serves on one. failed hears what
// cannot be opened when that begins, not each time it is tried again.
func NewAddresses(open func(netip.AddrPort) (Served, error), failed func(error)) *Addresses {
	return &Addresses{open: open, failed: failed, opened: map[netip.AddrPort]Served{}}
}

// Set serves on the given addresses and on no others. Addresses that stay are not
// touched. The error joins those of all addresses that could not be opened; call it
// again to try them again.
func (a *Addresses) Set(addrs []netip.AddrPort) error {
	err := a.set(addrs)
	if was := a.failing.Swap(err != nil); err != nil && !was && a.failed != nil {
		a.failed(err)
	}
	return err
}

func (a *Addresses) set(addrs []netip.AddrPort) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.closed {
		return nil
	}
	for addr, s := range a.opened {
		if !slices.Contains(addrs, addr) {
			s.Close()
			delete(a.opened, addr)
		}
	}
	var errs []error
	for _, addr := range addrs {
		if _, is := a.opened[addr]; is {
			continue
		}
		s, err := a.open(addr)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		a.opened[addr] = s
	}
	return errors.Join(errs...)
}

// Failing reports whether an address could not be opened the last time.
func (a *Addresses) Failing() bool { return a.failing.Load() }

// Addrs are the addresses that are open, in order.
func (a *Addresses) Addrs() []netip.AddrPort {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []netip.AddrPort
	for _, s := range a.opened {
		all = append(all, s.Addr())
	}
	slices.SortFunc(all, netip.AddrPort.Compare)
	return all
}

// CloseAll closes all of them for good.
func (a *Addresses) CloseAll() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	for _, s := range a.opened {
		s.Close()
	}
	clear(a.opened)
}
