package node

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"mcdns/gocore/wire"
)

func TestBurstOfNamesOutlivesTheHostThatAskedForThem(t *testing.T) {
	l := newLAN(t, 4)
	names := l.known(1000)
	l.settle()
	for _, name := range names {
		l.nodes[0].query(name)
	}
	l.run(30 * time.Second)
	l.nodes[0].off, l.dead = true, true
	lost := 0
	for _, name := range names {
		if e, ok := l.nodes[1].Entry(l.now, question(name)); !ok || e.Answer == nil {
			lost++
		}
	}
	if lost != 0 {
		t.Errorf("%d of 1000 names died with the host that looked them up", lost)
	}
}

func TestWhatAPartitionKeptApartIsRepaired(t *testing.T) {
	l := newLAN(t, 4)
	l.ttl = time.Hour
	l.settle()
	l.silent = map[int]bool{0: true, 1: true, 2: true, 3: true}
	l.unheard = true // unicast is lost too
	for i := range 100 {
		name := fmt.Sprintf("apart%d.example.", i)
		l.answers[name] = "203.0.113.7"
		l.nodes[0].lookup(name)
	}
	l.run(5 * time.Minute)
	l.silent, l.unheard = nil, false
	l.run(3 * time.Minute)
	for _, n := range l.nodes {
		if got := n.holdsInAll(); got < 100 {
			t.Errorf("host %d: %d answers 3 minutes after the partition; want 100", n.i, got)
		}
	}
}

func TestHostThatWasRestartedIsOnePeer(t *testing.T) {
	l := newLAN(t, 3)
	l.settle()
	l.nodes[2].off = true
	l.addNode(2, 9).handle(Configure{l.settings()})
	l.run(10 * time.Second)
	for _, n := range l.nodes[:2] {
		if got := n.hostsKnown() - 1; got != 2 {
			t.Errorf("host %d: %d members after a restart; want 2", n.i, got)
		}
	}
}

func TestManyEpochsOfOneIDAreLookedAfterAFewAtATime(t *testing.T) {
	l := outage(t, 2)
	n := l.nodes[0]
	l.sent = nil
	n.query("new.example.")
	l.run(5 * time.Millisecond)
	nonce := take[*wire.Query](l, n)[0].Nonce // that the member heard
	const epochs = 1000
	before := n.timersInAll()
	for i := range uint64(epochs) {
		n.says(wire.Peer{ID: 4711, Epoch: i + 1}, 1, l.now, true, &wire.Answer{Nonce: nonce})
	}
	if got, most := n.timersInAll()-before, (maxTwins+1)*epochs; got > most {
		t.Errorf("%d datagrams of one member left %d timers; want %d at most", epochs, got, most)
	}
	l.run(2 * n.silence())
	if got := n.hostsKnown() - 1; got != 1 {
		t.Errorf("%d members once all epochs were silent; want 1", got)
	}
	n.within(map[string]int{"timers": 64, "members": 1, "failures": 50, "asks": 5, "gone": epochs}) // probes may be out
}

func TestHostThatIsRestartedOverAndOverIsOnePeer(t *testing.T) {
	l := newLAN(t, 3)
	l.settle()
	for i := range uint64(5 * maxTwins) {
		l.nodes[2].off = true
		l.addNode(2, 9+i).handle(Configure{l.settings()})
		l.run(2 * time.Second)
	}
	l.run(l.nodes[0].silence() + 10*time.Second)
	for _, n := range l.nodes[:2] {
		if got := n.hostsKnown() - 1; got != 2 {
			t.Errorf("host %d: %d members after %d restarts; want 2", n.i, got, 5*maxTwins)
		}
	}
}

func TestCopyOfThisHostIsNamedOnce(t *testing.T) {
	l := newLAN(t, 2)
	l.settle()
	twin := &testNode{lan: l, i: 2, addr: l.nodes[0].addr, results: map[uint64]*Result{}}
	twin.addr = netip.MustParseAddrPort("10.0.9.9:7353")
	twin.Node = New(Config{Self: wire.Peer{ID: l.nodes[0].self().ID, Epoch: 77}, Rand: rand.New(rand.NewPCG(seed, 77))})
	l.nodes = append(l.nodes, twin)
	twin.handle(Configure{l.settings()})
	for range 12 {
		l.run(5 * time.Second)
		if got := l.nodes[1].hostsKnown() - 1; got != 2 {
			t.Errorf("a third host sees %d members; want both copies all the time", got)
		}
	}
	named := 0
	for _, line := range l.nodes[0].logs {
		if strings.Contains(line, "another host has this host's id") {
			named++
		}
	}
	if named != 1 {
		t.Errorf("the copy was named %d times; want once", named)
	}
}
