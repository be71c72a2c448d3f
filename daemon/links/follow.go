package links

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netlink/nl"
	"golang.org/x/sys/unix"
)

// List asks the kernel for the machine's interfaces and addresses.
func List() ([]Interface, error) {
	links, err := retry(netlink.LinkList)
	if err != nil {
		return nil, fmt.Errorf("links: list interfaces: %w", err)
	}
	addrs, err := retry(func() ([]netlink.Addr, error) { return netlink.AddrList(nil, netlink.FAMILY_ALL) })
	if err != nil {
		return nil, fmt.Errorf("links: list addresses: %w", err)
	}
	kinds := map[int]string{}
	for _, l := range links {
		kinds[l.Attrs().Index] = l.Type()
	}
	var out []Interface
	for _, l := range links {
		a := l.Attrs()
		i := Interface{
			Index: a.Index, Name: a.Name, Kind: l.Type(), Flags: a.RawFlags, Wireless: wireless(a.Name),
		}
		if a.MasterIndex != 0 {
			// A master in another namespace has no kind here; still not ours.
			i.MasterKind = "unknown"
			if k := kinds[a.MasterIndex]; k != "" {
				i.MasterKind = k
			}
		}
		for _, addr := range addrs {
			if p, ok := prefix(addr.IPNet); ok && addr.LinkIndex == a.Index {
				bad := addr.Flags&(unix.IFA_F_TENTATIVE|unix.IFA_F_DADFAILED) != 0
				i.Addrs = append(i.Addrs, Addr{Prefix: p, Tentative: bad})
			}
		}
		out = append(out, i)
	}
	return out, nil
}

// retry lists again what changed while it was being listed (EINTR means that
// the dump is inconsistent).
func retry[T any](list func() ([]T, error)) (out []T, err error) {
	for range 3 {
		if out, err = list(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			return out, err
		}
	}
	if len(out) > 0 {
		return out, nil
	}
	return out, err
}

// wireless: the kernel gives such an interface one of these entries.
func wireless(name string) bool {
	return slices.ContainsFunc([]string{"wireless", "phy80211"}, func(entry string) bool {
		_, err := os.Lstat("/sys/class/net/" + name + "/" + entry)
		return err == nil
	})
}

// A Follower tells when interfaces or addresses changed.
type Follower struct {
	mu     sync.Mutex
	socket *nl.NetlinkSocket
	closed bool
	done   chan struct{}
}

// Follow calls changed after each change, many changes at once being one, until
// it is closed.
func Follow(changed func()) (*Follower, error) {
	f := &Follower{done: make(chan struct{})}
	if err := f.open(); err != nil {
		return nil, err
	}
	go f.run(changed)
	return f, nil
}

// Close ends it; changed is not called any more when it returns.
func (f *Follower) Close() {
	f.mu.Lock()
	f.closed = true
	f.socket.Close()
	f.mu.Unlock()
	<-f.done
}

func (f *Follower) open() error {
	s, err := nl.Subscribe(unix.NETLINK_ROUTE, unix.RTNLGRP_LINK, unix.RTNLGRP_IPV4_IFADDR, unix.RTNLGRP_IPV6_IFADDR)
	if err != nil {
		return fmt.Errorf("links: follow interfaces: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		s.Close()
		return os.ErrClosed
	}
	f.socket = s
	return nil
}

// settle: a cable that is plugged in is a dozen messages.
const settle = 50 * time.Millisecond

func (f *Follower) run(changed func()) {
	defer close(f.done)
	news := make(chan bool, 1)
	go f.receive(news)
	// Armed by the first change and not put off by more of them: a machine that
	// starts containers all day must still see its cable.
	var settled <-chan time.Time
	for {
		select {
		case _, ok := <-news:
			if !ok {
				return
			}
			if settled == nil {
				settled = time.After(settle)
			}
		case <-settled:
			settled = nil
			changed()
		}
	}
}

// receive says that there is news; what it is List tells better. Messages that
// were lost (ENOBUFS) are news too.
func (f *Follower) receive(news chan<- bool) {
	defer close(news)
	for {
		_, _, err := f.socket.Receive()
		select {
		case news <- true:
		default:
		}
		if err == nil || errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.EINTR) {
			continue
		}
		f.mu.Lock()
		closed := f.closed
		f.socket.Close()
		f.mu.Unlock()
		for !closed && f.open() != nil {
			f.mu.Lock()
			closed = f.closed
			f.mu.Unlock()
			time.Sleep(time.Second)
		}
		if closed {
			return
		}
	}
}
