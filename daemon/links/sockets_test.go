package links

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"

	"mcdns/gocore/node"
)

func TestGroupIsHeardOnBothFamilies(t *testing.T) {
	ma, mb := newMachine(t), newMachine(t)
	cable(t, ma, mb, "eth0", "192.0.2.1/24", "192.0.2.2/24")
	a, b := openHost(t, ma, "eth0"), openHost(t, mb, "eth0")
	big := strings.Repeat("x", 1232)
	for _, v6 := range []bool{false, true} {
		for _, data := range []string{"a", big} {
			if err := a.sendGroup([]byte(data), node.Way{Link: a.links[0].Index, IPv6: v6}); err != nil {
				t.Fatal(err)
			}
			p := b.next(t)
			if string(p.Data) != data || !p.Group || p.Link != b.links[0].Index || p.From.Port() != 7353 {
				t.Errorf("IPv6 %v: got %d bytes, %+v", v6, len(p.Data), p)
			}
			if v6 != p.From.Addr().Is6() || v6 && p.From.Addr().Zone() != "eth0" {
				t.Errorf("IPv6 %v: from %v", v6, p.From)
			}
			// The source is good to answer to.
			if err := b.sendTo([]byte("reply"), p.From); err != nil {
				t.Fatal(err)
			}
			if p := a.next(t); string(p.Data) != "reply" || p.Group {
				t.Errorf("IPv6 %v: got %+v", v6, p)
			}
		}
	}
	a.quiet(t, b, node.Way{Link: b.links[0].Index}) // nobody hears himself
}

func TestWhatIsNotOfThisLinkIsDroppedAndCounted(t *testing.T) {
	ma, mb := newMachine(t), newMachine(t)
	cable(t, ma, mb, "eth0", "192.0.2.1/24", "192.0.2.2/24")
	a, b := openHost(t, ma, "eth0"), openHost(t, mb, "eth0")
	var routed net.Conn // as a router would forward it
	ma.do(t, func() (err error) {
		routed, err = net.Dial("udp4", "192.0.2.2:7353")
		return err
	})
	defer routed.Close()
	way := node.Way{Link: a.links[0].Index}
	routed.Write([]byte("from far away"))
	b.quiet(t, a, way)
	if n := b.dropped.offLink.Load(); n != 1 {
		t.Errorf("%d were dropped for their TTL; want 1", n)
	}
	if err := a.sendGroup(make([]byte, 1233), way); err != nil {
		t.Fatal(err)
	}
	b.quiet(t, a, way)
	if n := b.dropped.size.Load(); n != 1 {
		t.Errorf("%d were dropped for their size; want 1", n)
	}
	a.group.IPv4 = netip.MustParseAddr("224.0.0.1") // all hosts: joined by the kernel
	if err := a.sendGroup([]byte("to all"), way); err != nil {
		t.Fatal(err)
	}
	a.group.IPv4 = testGroup.IPv4
	b.quiet(t, a, way)
}

func TestOnlyTheLinksThatWereJoinedAreHeard(t *testing.T) {
	ma, mb := newMachine(t), newMachine(t)
	cable(t, ma, mb, "eth0", "192.0.2.1/24", "192.0.2.2/24")
	cable(t, ma, mb, "eth1", "198.51.100.1/24", "198.51.100.2/24")
	a, b := openHost(t, ma, "eth0", "eth1"), openHost(t, mb, "eth0")
	// Another program of the machine joins the group on eth1: with the kernel's
	// default (IP_MULTICAST_ALL=1) we would hear it too.
	mb.do(t, func() error {
		i, err := net.InterfaceByName("eth1")
		if err != nil {
			return err
		}
		c, err := net.ListenMulticastUDP("udp4", i, &net.UDPAddr{IP: testGroup.IPv4.AsSlice(), Port: 7354})
		if err == nil {
			t.Cleanup(func() { c.Close() })
		}
		return err
	})
	eth0, eth1 := node.Way{Link: a.links[0].Index}, node.Way{Link: a.links[1].Index}
	for _, v6 := range []bool{false, true} {
		eth1.IPv6 = v6
		if err := a.sendGroup([]byte("on eth1"), eth1); err != nil {
			t.Fatal(err)
		}
	}
	b.quiet(t, a, eth0)
}

func TestMembershipSurvivesALinkThatComesBack(t *testing.T) {
	ma, mb := newMachine(t), newMachine(t)
	cable(t, ma, mb, "eth0", "192.0.2.1/24", "192.0.2.2/24")
	a, b := openHost(t, ma, "eth0"), openHost(t, mb, "eth0")
	cable(t, ma, mb, "eth1", "198.51.100.1/24", "198.51.100.2/24")
	ma.do(t, func() error { return a.join(waitFor(t, []string{"eth0", "eth1"})) })
	mb.do(t, func() error { return b.join(waitFor(t, []string{"eth0", "eth1"})) })
	b.rejoin()
	for _, l := range a.links {
		for _, v6 := range []bool{false, true} {
			b.quiet(t, a, node.Way{Link: l.Index, IPv6: v6})
		}
	}
	mb.do(t, func() error { // the cable is pulled
		l, err := netlink.LinkByName("eth1")
		if err != nil {
			return err
		}
		if err := netlink.LinkDel(l); err != nil {
			return err
		}
		return b.join(waitFor(t, []string{"eth0"}))
	})
	cable(t, ma, mb, "eth1", "198.51.100.1/24", "198.51.100.2/24")
	ma.do(t, func() error { return a.join(waitFor(t, []string{"eth0", "eth1"})) })
	mb.do(t, func() error { return b.join(waitFor(t, []string{"eth0", "eth1"})) })
	for _, l := range a.links {
		b.quiet(t, a, node.Way{Link: l.Index, IPv6: true})
	}
}

// A kernel puts the group that was joined last in front of the others, so that a second
// host's groups stand before those of the first until it joins anew.
func TestRejoiningRenewsTheIPv6GroupAndNoOther(t *testing.T) {
	ma, mb := newMachine(t), newMachine(t)
	cable(t, ma, mb, "eth0", "192.0.2.1/24", "192.0.2.2/24")
	h := openHost(t, ma, "eth0")
	ma.do(t, func() error {
		later, err := open(Group{IPv4: netip.MustParseAddr("224.0.0.253"), IPv6: netip.MustParseAddr("ff02::feed"), Port: 7354})
		if err == nil {
			t.Cleanup(later.close)
			err = later.join(h.links)
		}
		return err
	})
	listed := func(group string) []byte { // an IPv4 group, as the kernel lists it
		b := netip.MustParseAddr(group).As4()
		return fmt.Appendf(nil, "%08X", binary.NativeEndian.Uint32(b[:]))
	}
	first := func() (v4, v6 bool) {
		ma.do(t, func() error {
			four, err4 := os.ReadFile("/proc/thread-self/net/igmp")
			six, err6 := os.ReadFile("/proc/thread-self/net/igmp6")
			v4 = bytes.Index(four, listed("224.0.0.254")) < bytes.Index(four, listed("224.0.0.253"))
			v6 = bytes.Index(six, []byte("0114 ")) < bytes.Index(six, []byte("feed "))
			return errors.Join(err4, err6)
		})
		return v4, v6
	}
	if v4, v6 := first(); v4 || v6 {
		t.Fatalf("joined first, listed first: IPv4 %v, IPv6 %v; this kernel keeps another order", v4, v6)
	}
	h.rejoin()
	if v4, v6 := first(); v4 || !v6 {
		t.Errorf("joined anew: IPv4 %v, IPv6 %v; want IPv6 alone", v4, v6)
	}
}

func TestPortOfAnotherProgramIsSaid(t *testing.T) {
	m := newMachine(t)
	m.do(t, func() error {
		first, err := open(testGroup)
		if err != nil {
			return err
		}
		defer first.close()
		if second, err := open(testGroup); err == nil {
			second.close()
			t.Error("opened a port that is taken")
		}
		return nil
	})
}

// TestWantOfDescriptorsIsNoWantOfAFamily: who took it for one shared by IPv4 alone until the
// next start.
func TestWantOfDescriptorsIsNoWantOfAFamily(t *testing.T) {
	newMachine(t).do(t, func() error {
		probe, err := open(testGroup) // what the runtime opens once is open now
		if err != nil {
			return err
		}
		probe.close()
		refused := 0
		for most := range uint64(64) {
			s, err := withDescriptors(t, most)
			if err != nil {
				refused++
				continue
			}
			if s.udp4 == nil || s.udp6 == nil {
				t.Errorf("with %d descriptors: IPv4 %v, IPv6 %v; want both or an error", most, s.udp4 != nil, s.udp6 != nil)
			}
			s.close()
		}
		if refused == 0 {
			t.Error("there were always enough")
		}
		return nil
	})
}

// withDescriptors opens the sockets with at most so many descriptors in the whole process.
func withDescriptors(t *testing.T, most uint64) (*sockets, error) {
	var before unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	few := unix.Rlimit{Cur: most, Max: before.Max}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	defer unix.Setrlimit(unix.RLIMIT_NOFILE, &before)
	return open(testGroup)
}

func TestOpensWithoutAnyNetwork(t *testing.T) {
	m := newMachine(t) // not even loopback is up
	m.do(t, func() error {
		s, err := open(testGroup)
		if err != nil {
			return err
		}
		defer s.close()
		if err := s.sendGroup([]byte("x"), node.Way{Link: 77}); err == nil {
			t.Error("sent by an interface that is not there")
		}
		return s.join(nil)
	})
}

func TestLinksAreFollowed(t *testing.T) {
	ma, mb := newMachine(t), newMachine(t)
	changed := make(chan bool, 1000)
	var f *Follower
	ma.do(t, func() (err error) { f, err = Follow(func() { changed <- true }); return err })
	defer f.Close()
	see := func(what string, want func([]node.Link) bool, change func()) {
		t.Helper()
		for len(changed) > 0 {
			<-changed
		}
		change()
		limit := time.After(patience)
		for {
			select { // looks only when told to
			case <-changed:
			case <-limit:
				t.Fatalf("%s was not seen", what)
			}
			var links []node.Link
			ma.do(t, func() error {
				all, err := List()
				links = Choose(all, nil)
				return err
			})
			if want(links) {
				return
			}
		}
	}
	link := func(name string, change func(netlink.Link) error) func() error {
		return func() error {
			l, err := netlink.LinkByName(name)
			if err != nil {
				return err
			}
			return change(l)
		}
	}
	see("a new link", func(l []node.Link) bool { return len(l) == 1 && l[0].IPv4 && l[0].IPv6 && !l[0].Wireless },
		func() { cable(t, ma, mb, "eth0", "192.0.2.1/24", "") })
	see("a lost carrier", func(l []node.Link) bool { return len(l) == 0 },
		func() { mb.do(t, link("eth0", netlink.LinkSetDown)) })
	see("its return", func(l []node.Link) bool { return len(l) == 1 },
		func() { mb.do(t, link("eth0", netlink.LinkSetUp)) })
	addr, err := netlink.ParseAddr("192.0.2.1/24")
	if err != nil {
		t.Fatal(err)
	}
	see("a lost lease", func(l []node.Link) bool { return len(l) == 1 && !l[0].IPv4 },
		func() { ma.do(t, link("eth0", func(l netlink.Link) error { return netlink.AddrDel(l, addr) })) })
	see("a bridge in place of its port",
		func(l []node.Link) bool { return len(l) == 1 && l[0].Name == "br0" && l[0].IPv4 },
		func() {
			ma.do(t, func() error { return netlink.LinkAdd(&netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br0"}}) })
			ma.do(t, link("eth0", func(l netlink.Link) error {
				br, err := netlink.LinkByName("br0")
				if err != nil {
					return err
				}
				return netlink.LinkSetMasterByIndex(l, br.Attrs().Index)
			}))
			ma.do(t, func() error { return up("br0", "192.0.2.1/24") })
		})
}

func TestChurnOfLinksHidesNoChange(t *testing.T) {
	m := newMachine(t)
	changed := make(chan bool, 1)
	var f *Follower
	m.do(t, func() (err error) {
		f, err = Follow(func() {
			select {
			case changed <- true:
			default:
			}
		})
		return err
	})
	defer f.Close()
	begin := time.Now()
	for seen := 0; seen < 3; { // changes without a pause
		m.do(t, func() error {
			bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: "br0"}}
			if err := netlink.LinkAdd(bridge); err != nil {
				return err
			}
			return netlink.LinkDel(bridge)
		})
		select {
		case <-changed:
			seen++
		default:
		}
		if time.Since(begin) > patience {
			t.Fatalf("told %d times in %v of changes", seen, patience)
		}
	}
}
