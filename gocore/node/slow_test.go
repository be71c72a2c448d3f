package node

import (
	"fmt"
	"testing"
	"time"

	"mcdns/gocore/dns"
)

// finds is how many of so many names, one after another, a host finds.
func (n *testNode) finds(names int, server *dnsServer) (found int) {
	for i := range names {
		name := fmt.Sprintf("slow%d.example.", i)
		server.answers[name] = "203.0.113.7"
		if r, _ := n.lookup(name); says(&r) == "203.0.113.7" {
			found++
		}
		n.lan.run(100 * time.Millisecond)
	}
	return found
}

// A server that takes three seconds for all it says is slow, and not dead: whoever waits
// gets its answers, from the start.
func TestServerThatTakesSecondsIsNotDown(t *testing.T) {
	for _, delay := range []time.Duration{2700 * time.Millisecond, 3100 * time.Millisecond, 4500 * time.Millisecond, 7 * time.Second} {
		for _, hosts := range []int{1, 4} {
			l := newLAN(t, hosts)
			s := l.newServer("192.0.2.60")
			s.delay = delay
			l.configure(func(c *Settings) { c.Servers = []Server{s.id} })
			l.run(time.Second)
			lost := 0
			if l.nodes[0].finds(1, s) == 0 {
				lost++
			}
			if delay == 3100*time.Millisecond && lost > 0 {
				t.Errorf("%d hosts, a server that takes %v: the first lookup failed", hosts, delay)
			}
			l.run(2 * delay)
			if found := l.nodes[0].finds(50, s); found < 50 {
				t.Errorf("%d hosts, a server that takes %v: %d of 50 names found", hosts, delay, found)
			}
		}
	}
}

// The first lookup after a start is for both addresses, and at any time, the first probe
// lost or not: a server that has never said anything may be slow.
func TestFirstLookupAfterAStartWaitsForASlowServer(t *testing.T) {
	for _, lost := range []bool{false, true} {
		for _, delay := range []time.Duration{2700 * time.Millisecond, 3100 * time.Millisecond, 4 * time.Second} {
			for at := time.Duration(0); at < 5*time.Second; at += 100 * time.Millisecond {
				l := newLAN(t, 1)
				s := l.newServer("192.0.2.60")
				s.delay, s.loses["."], s.answers["first.example."] = delay, lost, "203.0.113.7"
				if !lost {
					delete(s.loses, ".")
				}
				l.configure(func(c *Settings) { c.Servers = []Server{s.id} })
				l.run(at)
				n := l.nodes[0]
				four, six := question("first.example."), question("first.example.")
				six.Type = dns.TypeAAAA
				n.handle(Lookup{ID: 1, Question: four})
				n.handle(Lookup{ID: 2, Question: six})
				l.run(10 * time.Second)
				for id := uint64(1); id <= 2; id++ {
					if r := n.results[id]; r == nil || r.Answer == nil {
						t.Errorf("a server that takes %v, asked %v after the start, first probe lost: %v: question %d failed", delay, at, lost, id)
					}
				}
			}
		}
	}
}

// Names may be slow while the root is quick, and while some are held.
func TestSlowNamesOfAQuickServerAreFound(t *testing.T) {
	for _, held := range []int{0, 20} {
		for _, after := range []time.Duration{0, 5 * time.Minute} {
			l := newLAN(t, 1)
			s := l.newServer("192.0.2.60")
			l.configure(func(c *Settings) { c.Servers = []Server{s.id} })
			n := l.nodes[0]
			l.run(time.Second)
			for i := range held {
				s.answers[fmt.Sprintf("held%d.example.", i)] = "203.0.113.7"
				n.lookup(fmt.Sprintf("held%d.example.", i))
			}
			l.run(after)
			for i := range 60 {
				s.slow[fmt.Sprintf("slow%d.example.", i)] = 3100 * time.Millisecond
				s.slow[fmt.Sprintf("held%d.example.", i)] = 3100 * time.Millisecond
			}
			if found := n.finds(50, s); found < 45 {
				t.Errorf("%d names held, for %v: %d of 50 names found; want all but the first few", held, after, found)
			}
		}
	}
}

// A server process that is started again, behind a network that said so, or silently:
// names that nobody holds are found again within 1.2 s.
func TestNewNamesAreFoundSoonAfterAServerIsStartedAgain(t *testing.T) {
	for _, away := range []bool{false, true} {
		for _, names := range []int{1, 100000} { // the same again and again, or a new one each time
			for _, hosts := range []int{1, 3} {
				l, a, b := twoServers(t, hosts)
				n := l.nodes[0]
				for i := range 1000 {
					a.answers[fmt.Sprintf("new%d.corp.", i)] = "10.0.0.2"
				}
				a.away, a.dead, b.away, b.dead = away, !away, away, !away
				for i := range 300 { // half a minute of an outage
					n.query(fmt.Sprintf("new%d.corp.", i%names))
					l.run(100 * time.Millisecond)
				}
				asked := len(a.asked)
				l.run(10 * time.Second)
				for i := range 100 {
					n.query(fmt.Sprintf("new%d.corp.", 300+i%names))
					l.run(100 * time.Millisecond)
				}
				if got := len(a.asked) - asked; got > 40 {
					t.Errorf("away %v: the dead server was asked %d questions in 20s; want one a second, and few probes", away, got)
				}
				a.away, a.dead = false, false
				back := l.now
				for i := 0; ; i++ {
					if r, _ := n.lookup(fmt.Sprintf("new%d.corp.", 500+i%names)); says(&r) != "" {
						break
					}
					l.run(50 * time.Millisecond)
				}
				if took := l.now - back; took > 1200*time.Millisecond {
					t.Errorf("away %v, %d names, %d hosts: found again after %v; want 1.2s", away, names, hosts, took)
				}
			}
		}
	}
}
