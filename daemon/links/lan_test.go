package links

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"

	"mcdns/daemon/clock"
	"mcdns/daemon/metrics"
	"mcdns/daemon/survive"
	"mcdns/gocore/node"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
	"mcdns/test/keys"
)

// lines is a log.
type lines struct {
	text  []string
	worst slog.Level
}

func (l *lines) Enabled(context.Context, slog.Level) bool { return true }
func (l *lines) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *lines) WithGroup(string) slog.Handler            { return l }
func (l *lines) Handle(_ context.Context, r slog.Record) error {
	l.text = append(l.text, r.Message)
	l.worst = max(l.worst, r.Level)
	return nil
}

// receiverOf is a receiver of a LAN that hears with the key 1.
func receiverOf(t testing.TB) (*receiver, *lines) {
	t.Helper()
	log, key := &lines{}, keys.Ring(1)
	l := NewLAN(Config{
		Ring: func() *trust.Ring { return key }, Hear: func(node.Received) {},
		Counts: new(metrics.Datagrams), Now: clock.Boot, Log: slog.New(log),
	})
	return newReceiver(l), log
}

func sealed(t testing.TB, r *trust.Ring) []byte {
	t.Helper()
	plain, err := wire.Encode(&wire.Message{From: wire.Peer{ID: 5, Epoch: 6}, Seq: 1, Body: &wire.Bye{}})
	if err != nil {
		t.Fatal(err)
	}
	return r.Seal(plain, [trust.NonceSize]byte{9})
}

func came(from int, data []byte) packet {
	addr := netip.AddrFrom4([4]byte{10, 0, byte(from >> 8), byte(from)})
	return packet{Data: data, From: netip.AddrPortFrom(addr, 7353), Link: 2, Group: true}
}

func TestBadDatagramsAreDroppedAndCounted(t *testing.T) {
	r, log := receiverOf(t)
	l := r.lan
	good := sealed(t, keys.Ring(1))
	forged := append([]byte(nil), good...)
	forged[len(forged)-16]++ // of the tag
	elder := append([]byte(nil), good...)
	elder[4]--
	nonsense := keys.Ring(1).Seal([]byte("no message"), [trust.NonceSize]byte{8})
	counts := func() string {
		return fmt.Sprintf("flood %d foreign %d version %d forged %d malformed %d",
			l.dropped.flood.Load(), l.dropped.foreign.Load(), l.dropped.version.Load(), l.dropped.forged.Load(), l.dropped.malformed.Load())
	}
	for i, c := range []struct {
		name string
		data []byte
		want string
	}{
		{"good", good, "flood 0 foreign 0 version 0 forged 0 malformed 0"},
		{"empty", nil, "flood 0 foreign 0 version 0 forged 0 malformed 1"},
		{"garbage", []byte(strings.Repeat("\xff", 1232)), "flood 0 foreign 0 version 0 forged 0 malformed 2"},
		{"truncated", good[:len(good)-1], "flood 0 foreign 0 version 0 forged 1 malformed 2"},
		{"forged", forged, "flood 0 foreign 0 version 0 forged 2 malformed 2"},
		{"another key", sealed(t, keys.Ring(2)), "flood 0 foreign 1 version 0 forged 2 malformed 2"},
		{"no message", nonsense, "flood 0 foreign 1 version 0 forged 2 malformed 3"},
		{"another version", elder, "flood 0 foreign 1 version 1 forged 2 malformed 3"},
	} {
		r.receive(came(i, c.data))
		if got := counts(); got != c.want {
			t.Errorf("%s: got %s; want %s", c.name, got, c.want)
		}
	}
	for range 2 * trust.FloodBurst {
		r.receive(came(99, forged))
	}
	if l.dropped.flood.Load() == 0 {
		t.Error("a flood passes")
	}
	for range 10 {
		r.receive(came(100, sealed(t, keys.Ring(2))))
		r.receive(came(100, elder))
	}
	for _, what := range []string{"another group key", "another version of mcdns"} {
		n := 0
		for _, line := range log.text {
			if strings.Contains(line, what) {
				n++
			}
		}
		if n != 1 {
			t.Errorf("%s was said %d times: %v", what, n, log.text)
		}
	}
}

// A datagram that anybody can send, every minute for three hours, by either family
// and under ever another address: three lines of each kind, and no warning.
func TestAnotherKeyOrVersionIsToldOnceAnHourAndIsNoTrouble(t *testing.T) {
	r, log := receiverOf(t)
	now := time.Minute
	r.lan.config.Now = func() time.Duration { return now }
	other := &receiver{lan: r.lan, floods: trust.NewFloods(8)}
	foreign, elder := sealed(t, keys.Ring(2)), sealed(t, keys.Ring(1))
	elder[4]--
	for i := range 180 {
		r.receive(came(i, foreign))
		other.receive(came(i+180, foreign))
		other.receive(came(i, elder))
		r.receive(came(i+180, elder))
		now += time.Minute
	}
	said := map[string]int{}
	for _, line := range log.text {
		for _, what := range []string{"another group key", "another version of mcdns"} {
			if strings.Contains(line, what) {
				said[what]++
			}
		}
	}
	if said["another group key"] != 3 || said["another version of mcdns"] != 3 || len(log.text) != 6 {
		t.Errorf("said %v; want 3 of each, and nothing else: %q", said, log.text)
	}
	if log.worst > slog.LevelInfo {
		t.Errorf("an outsider raises lines of level %v; want %v", log.worst, slog.LevelInfo)
	}
}

// Each kind of junk that somebody without the key can make, under the address of a
// host: the host is heard. Before, 512 of any kind silenced it.
func TestJunkUnderAHostsAddressDoesNotSilenceIt(t *testing.T) {
	good := sealed(t, keys.Ring(1))
	forged := append([]byte(nil), good...)
	forged[len(forged)-16]++ // of the tag
	elder := append([]byte(nil), good...)
	elder[4]--
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"empty", nil}, {"garbage", []byte(strings.Repeat("\xff", 1232))}, {"truncated", good[:len(good)-1]},
		{"forged", forged}, {"another key", sealed(t, keys.Ring(2))}, {"another version", elder}, {"replayed", good},
	} {
		r, _ := receiverOf(t)
		r.receive(came(7, good))
		for range 20 * trust.FloodBurst {
			r.receive(came(7, c.data))
		}
		before := r.lan.dropped.flood.Load()
		r.receive(came(7, good))
		if r.lan.dropped.flood.Load() != before {
			t.Errorf("%s: the host is not heard any more", c.name)
		}
	}
}

func TestStrangersDatagramsCostNoMemory(t *testing.T) {
	r, _ := receiverOf(t)
	foreign := sealed(t, keys.Ring(2))
	r.receive(came(0, foreign)) // is logged once
	garbage := []byte(strings.Repeat("\xff", 1232))
	forged := append(sealed(t, keys.Ring(1))[:33], garbage[:1199]...)
	from := 0
	if n := testing.AllocsPerRun(2000, func() {
		from++
		r.receive(came(from, foreign))
		r.receive(came(from, garbage))
		r.receive(came(from, forged))
	}); n > 0 {
		t.Errorf("%v allocations for three datagrams; want 0", n)
	}
}

func TestSoloHostHearsNothing(t *testing.T) {
	r, _ := receiverOf(t)
	r.lan.config.Ring = func() *trust.Ring { return nil }
	r.lan.config.Hear = func(in node.Received) { t.Errorf("the node hears %+v", in) }
	r.receive(came(1, sealed(t, keys.Ring(1))))
}

func TestDatagramThatADecoderCannotBearEndsNothing(t *testing.T) {
	r, _ := receiverOf(t)
	before := survive.Panics()
	r.floods = nil // the first look at who sent a datagram panics
	for i := range 3 {
		r.receive(came(i, sealed(t, keys.Ring(1))))
	}
	if n := r.lan.dropped.malformed.Load(); n != 3 || survive.Panics()-before != 3 {
		t.Errorf("%d dropped, %d panics; want 3", n, survive.Panics()-before)
	}
}

// What is played again costs no decryption and no turn of the node: 20,000 replays a
// second made lookups take 14 times as long.
func TestRecordingIsOpenedOnceOnEachLink(t *testing.T) {
	r, _ := receiverOf(t)
	heard := 0
	r.lan.config.Hear = func(node.Received) { heard++ }
	good := sealed(t, keys.Ring(1))
	play := func(link int) {
		p := came(heard, good)
		p.Link = link
		r.receive(p)
	}
	for range 1000 {
		play(2)
	}
	if got := r.lan.dropped.repeated.Load(); heard != 1 || got != 999 {
		t.Errorf("heard %d times, %d counted as repeated; want 1 and 999", heard, got)
	}
	if play(3); heard != 2 {
		t.Errorf("heard %d times by two links; want 2", heard)
	}
	forged := append([]byte(nil), good...)
	for i := range 1 << 12 {
		forged[len(forged)-1], forged[len(forged)-16] = byte(i)+1, byte(i>>4)
		r.receive(came(i, forged))
	}
	if play(2); heard != 2 {
		t.Error("forged tags pushed out one that had opened")
	}
}

// TestSlowJoinKeepsNothingElse: a join waits for the kernel's lock on its network, which
// a machine that makes containers holds for long. The node sends meanwhile, on the
// goroutine that answers all lookups, and what peers say is heard.
func TestSlowJoinKeepsNothingElse(t *testing.T) {
	r, _ := receiverOf(t)
	s, err := open(Group{IPv4: netip.MustParseAddr("224.0.0.251"), IPv6: netip.MustParseAddr("ff02::fb")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	l := r.lan
	l.sockets.Store(s)
	s.udp4.raw.mu.Lock() // as the kernel holds a join up
	joined := make(chan error)
	go func() { joined <- l.Set(l.group, true, []node.Link{{Index: 77, Name: "x", IPv4: true}}) }()
	for l.mu.TryLock() {
		l.mu.Unlock()
		runtime.Gosched()
	}
	done := make(chan string)
	go func() {
		to := netip.MustParseAddrPort("[fe80::1%x]:1")
		l.Send(node.Send{To: to, Message: &wire.Message{From: wire.Peer{ID: 5, Epoch: 6}, Seq: 1, Body: &wire.Bye{}}})
		done <- s.zoned(netip.MustParseAddr("fe80::1"), 77).Zone()
	}()
	select {
	case zone := <-done:
		if zone != "x" {
			t.Errorf("got zone %q; want x", zone)
		}
	case <-time.After(10 * time.Second):
		t.Error("all wait for a join")
		go func() { <-done }()
	}
	s.udp4.raw.mu.Unlock()
	<-joined
}
