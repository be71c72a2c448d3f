package lab

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// member is a socket that hears a group on a host's eth0, and sends to it.
type member struct {
	host *Host
	four *ipv4.PacketConn
	six  *ipv6.PacketConn
}

func join(t *testing.T, h *Host) *member {
	t.Helper()
	m := &member{host: h}
	err := h.Do(func() error {
		eth0, err := net.InterfaceByName("eth0")
		if err != nil {
			return err
		}
		c4, err := net.ListenPacket("udp4", ":7353")
		if err != nil {
			return err
		}
		c6, err := net.ListenPacket("udp6", "[::]:7353")
		if err != nil {
			return err
		}
		m.four, m.six = ipv4.NewPacketConn(c4), ipv6.NewPacketConn(c6)
		return errors.Join(
			m.four.JoinGroup(eth0, &net.UDPAddr{IP: net.IPv4(224, 0, 0, 254)}),
			m.four.SetMulticastInterface(eth0), m.four.SetMulticastLoopback(false),
			m.six.JoinGroup(eth0, &net.UDPAddr{IP: net.ParseIP("ff02::114")}),
			m.six.SetMulticastInterface(eth0), m.six.SetMulticastLoopback(false),
		)
	})
	if err != nil {
		t.Fatalf("%s: %v", h.Name, err)
	}
	t.Cleanup(func() { m.four.Close(); m.six.Close() })
	return m
}

func (m *member) say(t *testing.T, text string) {
	t.Helper()
	_, err4 := m.four.WriteTo([]byte(text), nil, &net.UDPAddr{IP: net.IPv4(224, 0, 0, 254), Port: 7353})
	_, err6 := m.six.WriteTo([]byte(text), nil, &net.UDPAddr{IP: net.ParseIP("ff02::114"), Port: 7353})
	if err := errors.Join(err4, err6); err != nil {
		t.Fatalf("%s: %v", m.host.Name, err)
	}
}

// hear collects n texts over IPv4 and n over IPv6, or what came within limit.
func (m *member) hear(n int, limit time.Duration) (four, six []string) {
	deadline := time.Now().Add(limit)
	m.four.SetReadDeadline(deadline)
	m.six.SetReadDeadline(deadline)
	done := make(chan struct{})
	go func() {
		six = collect(n, func(b []byte) (int, error) { k, _, _, err := m.six.ReadFrom(b); return k, err })
		close(done)
	}()
	four = collect(n, func(b []byte) (int, error) { k, _, _, err := m.four.ReadFrom(b); return k, err })
	<-done
	return four, six
}

// hearTo collects what comes before the end, which from says until it is heard:
// on a busy machine silence is no end, and the end may be lost like any frame.
func (m *member) hearTo(t *testing.T, from *member, end string) (four, six []string) {
	t.Helper()
	again := time.NewTicker(2 * time.Millisecond)
	defer again.Stop()
	for limit := time.Now().Add(30 * time.Second); time.Now().Before(limit); <-again.C {
		from.say(t, end)
		more4, more6 := m.hear(1<<20, time.Millisecond)
		four, six = append(four, more4...), append(six, more6...)
		if slices.Contains(four, end) && slices.Contains(six, end) {
			return four, six
		}
	}
	t.Fatalf("%s never heard %q from %s", m.host.Name, end, from.host.Name)
	return nil, nil
}

func count(texts []string, text string) (n int) {
	for _, t := range texts {
		if t == text {
			n++
		}
	}
	return n
}

func collect(n int, read func([]byte) (int, error)) (texts []string) {
	buf := make([]byte, 2000)
	for len(texts) < n {
		k, err := read(buf)
		if err != nil {
			break
		}
		texts = append(texts, string(buf[:k]))
	}
	return texts
}

func TestMulticastReachesEveryHost(t *testing.T) {
	for _, middle := range []string{"bridge", "switch"} {
		t.Run(middle, func(t *testing.T) {
			l := plain(t, Config{Hosts: 8, Switch: middle == "switch"})
			var members []*member
			for _, h := range l.Hosts {
				members = append(members, join(t, h))
			}
			for _, m := range members {
				m.say(t, m.host.Name)
			}
			for _, m := range members {
				four, six := m.hear(7, 5*time.Second)
				if len(four) != 7 || len(six) != 7 || slices.Contains(four, m.host.Name) {
					t.Errorf("%s heard %v over IPv4 and %v over IPv6; want all seven others", m.host.Name, four, six)
				}
			}
		})
	}
}

func TestLossIsTheLossAskedFor(t *testing.T) {
	const frames, loss = 4000, 0.2
	l := plain(t, Config{Hosts: 3, Seed: 7, Faults: Faults{Loss: loss}})
	from, to := join(t, l.Hosts[0]), join(t, l.Hosts[1])
	got4, got6 := 0, 0
	// In small batches, each heard to its end, so that no queue runs over.
	const batch = 50
	for k := range frames / batch {
		for range batch {
			from.say(t, "hello")
		}
		four, six := to.hearTo(t, from, fmt.Sprintf("end of %d", k))
		got4, got6 = got4+count(four, "hello"), got6+count(six, "hello")
	}
	_, _, overruns, err := l.Traffic()
	if err != nil || overruns != 0 {
		t.Fatalf("the switch lost %d frames of its own, %v", overruns, err)
	}
	for family, got := range map[string]int{"IPv4": got4, "IPv6": got6} {
		// Five standard deviations of 4000 throws: 3.2 %.
		if share := float64(got) / frames; share < 0.768 || share > 0.832 {
			t.Errorf("%s: %.3f of the frames arrived; want 0.8 (seed 7)", family, share)
		}
	}
}

func TestDelayIsTheDelayAskedFor(t *testing.T) {
	l := plain(t, Config{Program: BuiltIn, Faults: Faults{Delay: 20 * time.Millisecond}})
	if got, took := ask(t, l, "udp", patience); got != "NOERROR" || took < 45*time.Millisecond {
		t.Errorf("got %s after %v; want NOERROR after 2 x 20ms on the way and 5ms in the server", got, took)
	}
}

func TestCutAndPartitionAndHeal(t *testing.T) {
	l := plain(t, Config{Hosts: 5, Switch: true})
	h := l.Hosts
	var members []*member
	for _, h := range h {
		members = append(members, join(t, h))
	}
	cases := []struct {
		name   string
		change func() error
		heard  [5]string // by h1 to h5, when h1 to h4 have spoken
	}{
		{"whole", l.Heal, [5]string{"h2 h3 h4", "h1 h3 h4", "h1 h2 h4", "h1 h2 h3", "h1 h2 h3 h4"}},
		{"h1 to h2 cut", func() error { return l.CutOneWay(h[0], h[1]) },
			[5]string{"h2 h3 h4", "h3 h4", "h1 h2 h4", "h1 h2 h3", "h1 h2 h3 h4"}},
		{"and back", func() error { return l.Cut(h[0], h[1]) },
			[5]string{"h3 h4", "h3 h4", "h1 h2 h4", "h1 h2 h3", "h1 h2 h3 h4"}},
		{"healed", l.Heal, [5]string{"h2 h3 h4", "h1 h3 h4", "h1 h2 h4", "h1 h2 h3", "h1 h2 h3 h4"}},
		{"in two", func() error { return l.Partition(h[:1], h[1:4]) },
			[5]string{"", "h3 h4", "h2 h4", "h2 h3", "h1 h2 h3 h4"}},
		{"healed again", l.Heal, [5]string{"h2 h3 h4", "h1 h3 h4", "h1 h2 h4", "h1 h2 h3", "h1 h2 h3 h4"}},
		{"h1 hears no multicast", func() error { return l.LoseMulticast(h[0], true, false) },
			[5]string{"", "h1 h3 h4", "h1 h2 h4", "h1 h2 h3", "h1 h2 h3 h4"}},
		{"its own reaches nobody", func() error { return l.LoseMulticast(h[0], false, true) },
			[5]string{"h2 h3 h4", "h3 h4", "h2 h4", "h2 h3", "h2 h3 h4"}},
	}
	for _, c := range cases {
		if err := c.change(); err != nil {
			t.Fatal(err)
		}
		// What comes late is heard in the next case, and is of this one by its text.
		for _, m := range members[:4] {
			m.say(t, m.host.Name+" "+c.name)
		}
		// h5 first, which no case cuts off: the switch writes to it last, and is done
		// with the frames that it has heard before the next case changes anything.
		for i, m := range slices.Backward(members) {
			var want []string
			for _, name := range strings.Fields(c.heard[i]) {
				want = append(want, name+" "+c.name)
			}
			four, six := m.hear(len(want), 10*time.Second)
			more4, more6 := m.hear(4, 50*time.Millisecond)
			four, six = append(four, more4...), append(six, more6...)
			slices.Sort(four)
			slices.Sort(six)
			if !slices.Equal(four, want) || !slices.Equal(six, want) {
				t.Errorf("%s heard %q over IPv4 and %q over IPv6; want %q", m.host.Name, four, six, want)
			}
		}
	}
}

func TestFaultsNeedTheSwitch(t *testing.T) {
	l := plain(t, Config{})
	if err := l.SetFaults(Faults{Loss: 0.5}); err == nil {
		t.Error("a bridge took faults; want an error")
	}
}

func TestSecondInterfaceReachesItsOwnLAN(t *testing.T) {
	other := NewZone(5 * time.Second)
	other.Name("four.example", "203.0.113.1")
	one, two := plain(t, Config{}), plain(t, Config{Number: 78, Zone: other})
	h := one.Hosts[0]
	if err := two.Attach(h); err != nil {
		t.Fatal(err)
	}
	if got := lookups(t, h, "four.example")[0]; !slices.Equal(got.Addrs, []string{"192.0.2.8"}) {
		t.Errorf("with the first LAN's server: got %v; want 192.0.2.8", got)
	}
	if err := h.SetResolvConf(two.ResolvConf()); err != nil {
		t.Fatal(err)
	}
	if got := lookups(t, h, "four.example")[0]; !slices.Equal(got.Addrs, []string{"203.0.113.1"}) {
		t.Errorf("with the second LAN's server: got %v; want 203.0.113.1", got)
	}
}

func TestPulledCableTakesTheCarrier(t *testing.T) {
	h := plain(t, Config{}).Hosts[0]
	for _, want := range []bool{true, false, true} {
		if err := h.SetLink(0, want); err != nil {
			t.Fatal(err)
		}
		got, err := h.Command("cat", "/sys/class/net/eth0/carrier").Output()
		if err != nil || string(got) != map[bool]string{true: "1\n", false: "0\n"}[want] {
			t.Errorf("carrier: got %q, %v; want %v", got, err, want)
		}
	}
}
