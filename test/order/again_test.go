package order

import (
	"fmt"
	"testing"
	"time"

	"mcdns/test/lab"
)

// alone is a host without a group, one server, and names that the server knows.
func alone(t *testing.T) *pair {
	t.Helper()
	l := lab.Start(t, lab.Config{Hosts: 1, NoKey: true, Program: lab.BuiltIn})
	return &pair{LAN: l, t: t, a: l.Servers[0], own: l.Hosts[0]}
}

// one looks a name up that nobody has looked up.
func (p *pair) one() (found bool, took time.Duration) {
	p.t.Helper()
	p.next++
	name := fmt.Sprintf("one%d.corp.example", p.next)
	p.Zone.Name(name, "192.0.2.1")
	p.must(p.own.Lookups([]string{name}, 1, func(l lab.Lookup) { found, took = l.Result == "OK", l.Took }))
	return found, took
}

// A server that takes 3.1 s for everything is found to be slow by the very first lookup
// after a start, which asks it for both addresses while it is yet to say anything.
func TestFirstNameAfterAStartIsFoundThoughTheServerIsSlow(t *testing.T) {
	p := alone(t)
	for range 3 {
		p.must(p.own.Mcdnsd.Stop(), p.a.Slow(3100*ms), p.own.Mcdnsd.Start(), p.own.Mcdnsd.Ready(20*time.Second))
		if found, took := p.one(); !found {
			t.Errorf("the first name after a start failed after %v", took)
		}
		if !whole {
			return // 3.1 s each
		}
	}
}

// A server process that is killed and started again: from then on it is 1.2 s until a
// name that nobody holds is found.
func TestNewNamesAreFoundSoonAfterTheServerIsStartedAgain(t *testing.T) {
	p := alone(t)
	if found, _ := p.one(); !found {
		t.Fatal("nothing is found at the start")
	}
	for range 3 {
		p.must(p.a.Refuse()) // as the kernel of a host whose server was killed
		for begin := time.Now(); ; {
			p.one()
			if s, err := p.own.Status(); err == nil && s.Upstream == "down" {
				break
			}
			if time.Since(begin) > 20*time.Second {
				t.Fatal("the host does not know that its server is down")
			}
		}
		// Late in an outage probes are 5 s apart: the first of 3 s has passed.
		for s, err := p.own.Status(); err != nil || s.UpstreamS < 4; s, err = p.own.Status() {
			p.one()
		}
		p.must(p.a.On())
		begin := time.Now()
		for found := false; !found; {
			if found, _ = p.one(); time.Since(begin) > 20*time.Second {
				t.Fatal("new names are not found any more")
			}
		}
		if took := time.Since(begin); took > 1200*ms {
			t.Errorf("new names are found again after %v; want 1.2 s", took)
		} else {
			t.Logf("found again after %v", took)
		}
		if !whole {
			return
		}
	}
}
