package host

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mcdns/daemon/links"
	"mcdns/daemon/loop"
	"mcdns/daemon/survive"
	"mcdns/gocore/node"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
)

func ring(t testing.TB, b byte) *trust.Ring {
	t.Helper()
	sum := sha256.Sum256([]byte{b})
	k, err := trust.ParseKey(sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return trust.NewRing(k)
}

// newReceiver is a receiver of a host that runs nothing: what it hands on stays
// in the loop's queue.
func newReceiver(t testing.TB) (*receiver, *lines) {
	t.Helper()
	o, err := loop.New(node.Config{Rand: rand.New(rand.NewPCG(1, 2))}, loop.Drivers{})
	if err != nil {
		t.Fatal(err)
	}
	log := &lines{}
	h := &Host{loop: o, log: slog.New(log)}
	h.ring.Store(ring(t, 1))
	h.lan.init(h)
	return &receiver{lan: &h.lan, floods: trust.NewFloods(7)}, log
}

func datagram(t testing.TB, r *trust.Ring) []byte {
	t.Helper()
	plain, err := wire.Encode(&wire.Message{From: wire.Peer{ID: 5, Epoch: 6}, Seq: 1, Body: &wire.Bye{}})
	if err != nil {
		t.Fatal(err)
	}
	return r.Seal(plain, [trust.NonceSize]byte{9})
}

func packet(from int, data []byte) links.Packet {
	addr := netip.AddrFrom4([4]byte{10, 0, byte(from >> 8), byte(from)})
	return links.Packet{Data: data, From: netip.AddrPortFrom(addr, 7353), Link: 2, Group: true}
}

func TestBadDatagramsAreDroppedAndCounted(t *testing.T) {
	r, log := newReceiver(t)
	l := r.lan
	good := datagram(t, ring(t, 1))
	forged := append([]byte(nil), good...)
	forged[len(forged)-1]++
	elder := append([]byte(nil), good...)
	elder[4]--
	nonsense := ring(t, 1).Seal([]byte("no message"), [trust.NonceSize]byte{8})
	counts := func() string {
		return fmt.Sprintf("flood %d foreign %d version %d forged %d malformed %d",
			l.flood.Load(), l.foreign.Load(), l.version.Load(), l.forged.Load(), l.malformed.Load())
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
		{"another key", datagram(t, ring(t, 2)), "flood 0 foreign 1 version 0 forged 2 malformed 2"},
		{"no message", nonsense, "flood 0 foreign 1 version 0 forged 2 malformed 3"},
		{"another version", elder, "flood 0 foreign 1 version 1 forged 2 malformed 3"},
	} {
		r.receive(packet(i, c.data))
		if got := counts(); got != c.want {
			t.Errorf("%s: got %s; want %s", c.name, got, c.want)
		}
	}
	for range 2 * trust.FloodBurst {
		r.receive(packet(99, forged))
	}
	if l.flood.Load() == 0 {
		t.Error("a flood passes")
	}
	for range 10 {
		r.receive(packet(100, datagram(t, ring(t, 2))))
		r.receive(packet(100, elder))
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
	r, log := newReceiver(t)
	now := time.Minute
	r.lan.now = func() time.Duration { return now }
	other := &receiver{lan: r.lan, floods: trust.NewFloods(8)}
	foreign, elder := datagram(t, ring(t, 2)), datagram(t, ring(t, 1))
	elder[4]--
	for i := range 180 {
		r.receive(packet(i, foreign))
		other.receive(packet(i+180, foreign))
		other.receive(packet(i, elder))
		r.receive(packet(i+180, elder))
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
	good := datagram(t, ring(t, 1))
	forged := append([]byte(nil), good...)
	forged[len(forged)-1]++
	elder := append([]byte(nil), good...)
	elder[4]--
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"empty", nil}, {"garbage", []byte(strings.Repeat("\xff", 1232))}, {"truncated", good[:len(good)-1]},
		{"forged", forged}, {"another key", datagram(t, ring(t, 2))}, {"another version", elder}, {"replayed", good},
	} {
		r, _ := newReceiver(t)
		r.receive(packet(7, good))
		for range 20 * trust.FloodBurst {
			r.receive(packet(7, c.data))
		}
		before := r.lan.flood.Load()
		r.receive(packet(7, good))
		if r.lan.flood.Load() != before {
			t.Errorf("%s: the host is not heard any more", c.name)
		}
	}
}

func TestStrangersDatagramsCostNoMemory(t *testing.T) {
	r, _ := newReceiver(t)
	foreign := datagram(t, ring(t, 2))
	r.receive(packet(0, foreign)) // is logged once
	garbage := []byte(strings.Repeat("\xff", 1232))
	from := 0
	if n := testing.AllocsPerRun(2000, func() {
		from++
		r.receive(packet(from, foreign))
		r.receive(packet(from, garbage))
	}); n > 0 {
		t.Errorf("%v allocations for two datagrams; want 0", n)
	}
}

// meet has a peer greet a node and prove itself.
func meet(v loop.View) bool {
	say := func(now time.Duration, seq uint64, body wire.Body) {
		v.Node.Handle(now, node.Received{
			Message: &wire.Message{From: wire.Peer{ID: 5, Epoch: 6}, Seq: seq, Body: body},
			From:    netip.MustParseAddrPort("10.0.0.5:7353"), Link: 2, Group: true,
		})
	}
	say(v.Now, 1, &wire.Hello{})
	for now := v.Now; now < v.Now+time.Second; now += time.Millisecond {
		for _, e := range v.Node.Handle(now, node.Wake{}) {
			send, _ := e.(node.Send)
			if send.Message == nil {
				continue
			}
			if prove, ok := send.Message.Body.(*wire.Prove); ok {
				say(now, 2, &wire.Proof{Nonce: prove.Nonce})
				return true
			}
		}
	}
	return false
}

func TestAnotherGroupsKeyLeavesTheOldGroup(t *testing.T) {
	r, log := newReceiver(t)
	h := r.lan.host
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); h.loop.Run(ctx) }()
	defer func() { stop(); <-done }()
	with := func(keys ...byte) view {
		v := view{settings: node.Settings{Shares: true, Links: []node.Link{{Index: 2, Name: "eth0", IPv4: true}}}}
		for _, k := range keys {
			v.keys = append(v.keys, ring(t, k).IDs()...)
		}
		return v
	}
	peers := func() int {
		n, err := loop.See(t.Context(), h.loop, func(v loop.View) int { return len(v.Node.Peers(v.Now)) })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	h.tell(view{}, with(1), true)
	if _, err := loop.See(t.Context(), h.loop, meet); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name        string
		before, now view
		want        int
	}{
		{"nothing new", with(1), with(1), 1},
		{"a key more", with(1), with(1, 2), 1},
		{"the other one seals", with(1, 2), with(2), 1},
		{"another key", with(2), with(3), 0},
	} {
		if h.tell(c.before, c.now, false); peers() != c.want {
			t.Errorf("%s: %d peers; want %d", c.name, peers(), c.want)
		}
	}
	h.sayChanges(view{}, with(2))
	h.sayChanges(with(2), with(3))
	for _, want := range []string{"sharing with the group keys=", "group keys changed before="} {
		if !log.has(want) {
			t.Errorf("said %q; want %q", log.text, want)
		}
	}
}

func TestSoloHostHearsNothing(t *testing.T) {
	r, _ := newReceiver(t)
	r.lan.host.ring.Store(nil)
	for i := range 2000 { // more than the queue holds
		r.receive(packet(i, datagram(t, ring(t, 1))))
	}
	if n := r.lan.host.loop.Lost(); n != 0 {
		t.Errorf("%d datagrams reached the queue", n)
	}
}

func TestDatagramThatADecoderCannotBearEndsNothing(t *testing.T) {
	r, _ := newReceiver(t)
	before := survive.Panics()
	r.floods = nil // the first look at who sent a datagram panics
	for i := range 3 {
		r.receive(packet(i, datagram(t, ring(t, 1))))
	}
	if n := r.lan.malformed.Load(); n != 3 || survive.Panics()-before != 3 {
		t.Errorf("%d dropped, %d panics; want 3", n, survive.Panics()-before)
	}
}
