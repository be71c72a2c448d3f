package lab

import (
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sys/unix"
)

func TestZoneKnowsWhatTheServerSays(t *testing.T) {
	z := zone()
	if got, want := z.Addresses("alias.example"), []string{"192.0.2.7", "2001:db8::7"}; !slices.Equal(got, want) {
		t.Errorf("got %v; want %v", got, want)
	}
	again := NewZone(5 * time.Second)
	if err := again.Parse(strings.NewReader(z.text())); err != nil {
		t.Fatal(err)
	}
	if again.Remove("."); again.text() != z.text() {
		t.Errorf("a zone read from its own text differs:\n%s\n%s", again.text(), z.text())
	}
}

func TestServerCountsQueries(t *testing.T) {
	l := plain(t, Config{Program: BuiltIn})
	lookups(t, l.Hosts[0], "www.example", "www.example")
	for _, qtype := range []uint16{dns.TypeA, dns.TypeAAAA} {
		if n := l.Server.Count("WWW.example", qtype); n != 2 {
			t.Errorf("type %s: counted %d; want 2", dns.TypeToString[qtype], n)
		}
	}
	for _, q := range l.Server.Queries() {
		if q.From != l.Hosts[0].Addr || q.Net != "udp" {
			t.Errorf("got a query from %v over %s; want from %v over udp", q.From, q.Net, l.Hosts[0].Addr)
		}
	}
}

// What ask waits: quiet is what passes for silence, patience what an answer may
// take on a machine that stands still.
const (
	quiet    = 400 * time.Millisecond
	patience = 10 * time.Second
)

// ask sends one question by hand: the C library's time-outs are too long here.
func ask(t *testing.T, l *LAN, network string, limit time.Duration) (string, time.Duration) {
	t.Helper()
	var conn net.Conn
	server := net.JoinHostPort(l.Server.Host.Addr.String(), "53")
	begin := time.Now()
	err := l.Hosts[0].Do(func() (err error) {
		conn, err = net.DialTimeout(network, server, limit)
		return err
	})
	if err != nil {
		return failure(err), time.Since(begin)
	}
	defer conn.Close()
	m := new(dns.Msg)
	m.SetQuestion("four.example.", dns.TypeA)
	client := dns.Client{Net: network, Timeout: limit}
	reply, _, err := client.ExchangeWithConn(m, &dns.Conn{Conn: conn})
	if err != nil {
		return failure(err), time.Since(begin)
	}
	return dns.RcodeToString[reply.Rcode], time.Since(begin)
}

// askWithin asks until it gets the answer in time, three times at most: a busy machine
// makes one ask late, not each, and a datagram may be lost. Any other answer, and one
// too early, is final.
func askWithin(t *testing.T, l *LAN, network, answer string, atLeast, under time.Duration) error {
	t.Helper()
	limit := patience
	if answer == "silence" {
		limit = quiet
	}
	var seen []time.Duration
	for range 3 {
		got, took := ask(t, l, network, limit)
		seen = append(seen, took)
		if network == "udp" && got == "silence" && answer != got {
			continue
		}
		if got != answer || took < atLeast {
			return fmt.Errorf("got %s after %v; want %s after at least %v", got, seen, answer, atLeast)
		}
		if took <= under {
			return nil
		}
	}
	return fmt.Errorf("got %s after %v; want it within %v once", answer, seen, under)
}

func failure(err error) string {
	var timeout net.Error
	switch {
	case errors.Is(err, unix.ECONNREFUSED):
		return "refused"
	case errors.Is(err, unix.EHOSTUNREACH), errors.As(err, &timeout) && timeout.Timeout():
		return "silence"
	}
	return err.Error()
}

// Others make processes all the time: for each program they run, for each daemon.
func TestPortsOfARefusingServerAreClosedAtOnce(t *testing.T) {
	l := plain(t, Config{Program: BuiltIn})
	done := make(chan struct{})
	var over sync.WaitGroup
	for range 4 {
		over.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					exec.Command("true").Run()
				}
			}
		})
	}
	defer over.Wait()
	defer close(done)
	for i := range 150 {
		if err := errors.Join(l.Server.Refuse(), l.Server.On()); err != nil {
			t.Fatalf("after %d times: %v", i, err)
		}
	}
}

func TestServerPowerStates(t *testing.T) {
	l := plain(t, Config{Program: BuiltIn})
	s := l.Server
	slow := func() error { return s.Slow(100 * time.Millisecond) }
	udp := func() error { return s.Swallow("udp") }
	tcp := func() error { return s.Swallow("tcp") }
	back := func() error {
		err := s.On()
		// The client's kernel still asks for the server's MAC, once a second.
		eventually(t, "an answer", func() bool { got, _ := ask(t, l, "udp", quiet); return got == "NOERROR" })
		return err
	}
	cases := []struct {
		name           string
		change         func() error
		udp, tcp       string
		atLeast, under time.Duration // over UDP
	}{
		{"as built", s.On, "NOERROR", "NOERROR", 5 * time.Millisecond, 100 * time.Millisecond},
		{"frozen", s.Freeze, "silence", "silence", 400 * time.Millisecond, 2 * time.Second},
		{"refusing", s.Refuse, "refused", "refused", 0, 100 * time.Millisecond},
		{"on again", s.On, "NOERROR", "NOERROR", 5 * time.Millisecond, 100 * time.Millisecond},
		{"servfail", s.ServFail, "SERVFAIL", "SERVFAIL", 5 * time.Millisecond, 100 * time.Millisecond},
		{"powered off", s.PowerOff, "silence", "silence", 100 * time.Millisecond, 4 * time.Second},
		{"power is back", back, "NOERROR", "NOERROR", 5 * time.Millisecond, 100 * time.Millisecond},
		{"slow", slow, "NOERROR", "NOERROR", 100 * time.Millisecond, 300 * time.Millisecond},
		{"silent on UDP", udp, "silence", "NOERROR", 400 * time.Millisecond, 2 * time.Second},
		{"and on TCP", tcp, "silence", "silence", 400 * time.Millisecond, 2 * time.Second},
		{"at last", s.On, "NOERROR", "NOERROR", 5 * time.Millisecond, 100 * time.Millisecond},
	}
	for _, c := range cases {
		if err := c.change(); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if err := askWithin(t, l, "udp", c.udp, c.atLeast, c.under); err != nil {
			t.Errorf("%s, UDP: %v", c.name, err)
		}
		if err := askWithin(t, l, "tcp", c.tcp, 0, time.Hour); err != nil {
			t.Errorf("%s, TCP: %v", c.name, err)
		}
	}
}
