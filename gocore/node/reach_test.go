package node

import (
	"net/netip"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/upstream"
	"mcdns/gocore/wire"
)

// asking begins a query for any question and returns where its result will be.
func (n *testNode) asking(q dns.Question) func() *Result {
	n.nextID++
	id := n.nextID
	n.handle(Lookup{ID: id, Question: q})
	return func() *Result { return n.results[id] }
}

func (n *testNode) resolve(q dns.Question) Result {
	n.lan.t.Helper()
	result := n.asking(q)
	n.lan.run(15 * time.Second)
	if result() == nil {
		n.lan.t.Fatalf("no result for %v (seed %d)", q, seed)
	}
	return *result()
}

func (l *lan) configure(change func(*Settings)) {
	s := l.settings()
	change(&s)
	for _, n := range l.nodes {
		n.handle(Configure{s})
	}
}

func TestSpecialNamesReachNeitherServersNorPeers(t *testing.T) {
	l := newLAN(t, 3)
	l.settle()
	for _, dead := range []bool{false, true} {
		l.dead = dead
		for _, name := range []string{"localhost.", "a.localhost.", "x.onion.", "x.invalid.", "x.test.", "pc.local.", "1.0.0.127.in-addr.arpa.", "printer.", "1.0.0.10.in-addr.arpa.", "nas.home.arpa."} {
			sent := len(l.sent)
			r := l.nodes[0].asking(question(name))()
			if r == nil || r.Answer == nil || r.Source != FromHere || r.Stale {
				t.Errorf("%s: got %+v; want an answer from here at once", name, r)
			}
			l.run(time.Second)
			if l.asked[question(name)] != 0 {
				t.Errorf("%s: the server was asked", name)
			}
			for _, m := range l.sent[sent:] {
				if _, is := m.Body.(*wire.Query); is {
					t.Errorf("%s: the group was asked", name)
				}
			}
		}
	}
}

func TestSiteNamesGoToServersOfTheSiteAlone(t *testing.T) {
	l := newLAN(t, 1)
	public, private := l.server, netip.MustParseAddrPort("10.0.0.53:53")
	l.answers["printer."], l.answers["www.example."] = "10.0.0.9", "203.0.113.7"
	asked := map[netip.AddrPort]int{}
	l.onAsk = func(e Ask) {
		if e.Question != upstream.RootSOA { // the first look at a new server
			asked[e.Server]++
		}
	}
	l.configure(func(s *Settings) {
		s.Servers = []Server{{Addr: public, ID: 1}, {Addr: private, ID: 2}}
		s.Fallback = []Server{{Addr: netip.MustParseAddrPort("198.51.100.1:53"), ID: 3}}
	})
	if r := l.nodes[0].resolve(question("printer.")); r.Answer == nil || r.Answer.Kind != dns.Positive {
		t.Errorf("printer: got %+v; want what the site's server says", r)
	}
	if asked[public] != 0 || asked[private] != 1 {
		t.Errorf("asked %v; want the private one once", asked)
	}
	l.dead = true // the public one; the others answer
	l.configure(func(s *Settings) {
		s.Servers = []Server{{Addr: public, ID: 1}}
		s.Fallback = []Server{{Addr: netip.MustParseAddrPort("198.51.100.1:53"), ID: 3}}
		s.Search, s.Forward = []string{"home.arpa."}, []string{"10.in-addr.arpa."}
	})
	l.nodes[0].resolve(question("www.example."))
	l.run(time.Minute)
	for _, name := range []string{"nas.home.arpa.", "other.", "1.1.168.192.in-addr.arpa."} {
		l.onAsk = func(e Ask) {
			if e.Question.Name == name && e.Server != public {
				t.Errorf("%s: %v was asked", name, e.Server)
			}
		}
		l.nodes[0].resolve(question(name))
	}
}

func TestSearchDomainsAndForwardedNamesAreAskedFor(t *testing.T) {
	l := newLAN(t, 1)
	l.answers["pc.corp.local."], l.answers["x.test."], l.answers["printer."] = "203.0.113.1", "203.0.113.2", "203.0.113.3"
	l.configure(func(s *Settings) { s.Search, s.Forward = []string{"corp.local."}, []string{"test.", "."} })
	for _, name := range []string{"pc.corp.local.", "x.test.", "printer."} {
		if r := l.nodes[0].resolve(question(name)); r.Answer == nil || r.Answer.Kind != dns.Positive {
			t.Errorf("%s: got %+v; want the server's answer", name, r)
		}
	}
}

// TestRebindingIsStoppedButForOwnNames also holds that a held-back answer is
// neither kept nor shared, and that the rule binds what is held already.
func TestRebindingIsStoppedButForOwnNames(t *testing.T) {
	l := newLAN(t, 2)
	l.answers["evil.example."], l.answers["pc.corp.example."], l.answers["ok.allowed.example."] = "192.168.1.1", "10.1.1.1", "10.2.2.2"
	l.answers["www.example."], l.answers["before.example."] = "203.0.113.7", "127.0.0.1"
	l.settle()
	if r := l.nodes[0].resolve(question("before.example.")); r.Answer.Kind != dns.Positive {
		t.Fatalf("protection off: got %+v; want the address", r)
	}
	l.configure(func(s *Settings) {
		s.StopRebinding, s.PrivateNames, s.Search = true, []string{"allowed.example."}, []string{"corp.example."}
	})
	for name, kind := range map[string]dns.Kind{
		"evil.example.": dns.NoData, "before.example.": dns.NoData, "pc.corp.example.": dns.Positive,
		"ok.allowed.example.": dns.Positive, "www.example.": dns.Positive,
	} {
		if r := l.nodes[0].resolve(question(name)); r.Answer == nil || r.Answer.Kind != kind {
			t.Errorf("%s: got %+v; want kind %d", name, r, kind)
		}
	}
	if _, held := l.nodes[0].Entry(l.now, question("evil.example.")); held {
		t.Error("a rebinding answer was kept")
	}
	if _, held := l.nodes[1].Entry(l.now, question("evil.example.")); held {
		t.Error("a rebinding answer was shared")
	}
}

// TestAnswersForValidatorsStayApart: an answer fetched with CD may be bogus, one
// with DO is useless to others (CoreDNS CVE-2024-0874, AdGuardHome #4942).
func TestAnswersForValidatorsStayApart(t *testing.T) {
	l := newLAN(t, 2)
	l.answers["www.example."] = "203.0.113.7"
	l.settle()
	flagged := question("www.example.")
	flagged.Flags = dns.CD | dns.DO
	sent := len(l.sent)
	if r := l.nodes[0].resolve(flagged); r.Answer == nil || r.Source != FromServer {
		t.Fatalf("got %+v; want an answer from the server", r)
	}
	for _, m := range l.sent[sent:] {
		switch m.Body.(type) {
		case *wire.Announce, *wire.Query, *wire.Ask:
			t.Errorf("%T was sent for a question with flags", m.Body)
		}
	}
	if r := l.nodes[0].resolve(question("www.example.")); r.Source != FromServer {
		t.Errorf("got source %d; want a fetch of its own", r.Source)
	}
	changed, _ := l.nodes[0].Changes(l.now, 0)
	for _, e := range changed {
		if e.Answer.Question.Flags != 0 {
			t.Errorf("%v would be saved with flags %d", e.Answer.Question, e.Answer.Question.Flags)
		}
	}
	l.dead = true
	l.run(5 * time.Minute)
	sent = len(l.sent)
	other := question("other.example.")
	other.Flags = dns.DO
	if r := l.nodes[0].resolve(other); r.Answer != nil {
		t.Errorf("got %+v; want a failure", r)
	}
	for _, m := range l.sent[sent:] {
		if _, is := m.Body.(*wire.Query); is {
			t.Error("the group was asked a question with flags")
		}
	}
}
