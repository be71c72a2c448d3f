package node

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

var corp = Server{Addr: netip.MustParseAddrPort("198.51.100.80:53"), ID: 80}

// routed configures a domain with a server of its own, and returns what is asked
// of it.
func (l *lan) routed(answers map[string]string) *[]dns.Question {
	for name, data := range answers {
		l.answers[name] = data
	}
	var asked []dns.Question
	l.onAsk = func(e Ask) {
		if e.Server == corp.Addr {
			asked = append(asked, e.Question)
		} else if e.Question.Name != "." && wholeDomain(e.Question.Name) {
			l.t.Errorf("%v was asked of %v", e.Question, e.Server)
		}
	}
	l.configure(func(s *Settings) {
		s.Routes, s.Search = []Route{{Domain: "corp.example.", Servers: []Server{corp}}}, []string{"corp.example."}
	})
	return &asked
}

func wholeDomain(name string) bool {
	return name == "corp.example." || len(name) > 14 && name[len(name)-14:] == ".corp.example."
}

func TestDomainIsAskedOfItsOwnServersAlone(t *testing.T) {
	l := newLAN(t, 1)
	asked := l.routed(map[string]string{"pc.corp.example.": "10.1.1.1", "www.example.": "203.0.113.7"})
	n := l.nodes[0]
	for _, name := range []string{"pc.corp.example.", "www.example."} {
		if r := n.resolve(question(name)); r.Answer == nil || r.Answer.Kind != dns.Positive {
			t.Errorf("%s: got %+v", name, r)
		}
	}
	if !slices.Contains(*asked, question("pc.corp.example.")) || slices.Contains(*asked, question("www.example.")) {
		t.Errorf("the domain's server was asked %v", *asked)
	}
}

func TestDomainsServersAndTheOthersFailApart(t *testing.T) {
	l := newLAN(t, 1)
	l.routed(map[string]string{"pc.corp.example.": "10.1.1.1", "www.example.": "203.0.113.7", "new.corp.example.": "10.1.1.2"})
	n := l.nodes[0]
	n.resolve(question("pc.corp.example."))
	n.resolve(question("www.example."))
	l.dead = true // all but the domain's server
	l.run(2 * time.Minute)
	n.resolve(question("www.example."))
	l.run(time.Minute)
	if n.Status(l.now).Upstream != Down {
		t.Fatalf("upstream %v; want down", n.Status(l.now).Upstream)
	}
	for _, name := range []string{"pc.corp.example.", "new.corp.example."} {
		if r := n.resolve(question(name)); r.Answer == nil || r.Stale || r.Source != FromServer {
			t.Errorf("%s: got %+v; want a fresh answer: its server is alive", name, r)
		}
	}
	l.dead, l.deadCorp = false, true
	l.run(2 * time.Minute)
	if r := n.resolve(question("pc.corp.example.")); !r.Stale {
		t.Errorf("got %+v; want stale: its server is dead", r)
	}
	l.answers["other.corp.example."] = "10.1.1.3"
	for range 6 { // remembered as a failure for longer and longer
		n.resolve(question("other.corp.example."))
		l.run(time.Minute)
	}
	if r := n.resolve(question("www.example.")); r.Stale || r.Answer == nil {
		t.Errorf("got %+v; want fresh", r)
	}
	if s := n.Status(l.now); s.Upstream != Up {
		t.Errorf("upstream %v; want up: a domain's server is no upstream", s.Upstream)
	}
	l.deadCorp = false
	l.run(30 * time.Second)
	if r := n.resolve(question("pc.corp.example.")); r.Stale || r.Answer == nil {
		t.Errorf("got %+v; want fresh again", r)
	}
	if r := n.resolve(question("other.corp.example.")); r.Answer == nil {
		t.Errorf("a name that failed while its server was dead: got %+v; want an answer now that it is back", r)
	}
}

func TestAnswersOfOtherServersAreOutOfTheDomainsScope(t *testing.T) {
	l := newLAN(t, 1)
	l.answers["pc.corp.example."] = "203.0.113.66"
	n := l.nodes[0]
	n.resolve(question("pc.corp.example."))
	asked := l.routed(map[string]string{"pc.corp.example.": "10.1.1.1"})
	if r := n.resolve(question("pc.corp.example.")); r.Source != FromServer || !slices.Contains(*asked, question("pc.corp.example.")) {
		t.Errorf("got %+v; want the domain's server asked", r)
	}
}

func TestWhatIsAskedNextIsFetchedAhead(t *testing.T) {
	l := newLAN(t, 2)
	l.settle()
	l.configure(func(s *Settings) { s.FetchAhead = true })
	l.answers["www.example."] = "203.0.113.7"
	l.raw = map[string][]string{
		"example. MX":        {"example. 60 IN MX 10 mail.example.", "example. 60 IN MX 20 localhost."},
		"mail.example. AAAA": {"mail.example. 60 IN AAAA 2001:db8::25"},
		"www.example. AAAA":  {"www.example. 60 IN AAAA 2001:db8::7"},
	}
	l.answers["mail.example."] = "203.0.113.25"
	n := l.nodes[0]
	n.resolve(dns.Question{Name: "example.", Type: 15})
	if l.asked[question("mail.example.")] != 1 || l.asked[dns.Question{Name: "mail.example.", Type: dns.TypeAAAA}] != 1 {
		t.Errorf("asked %v; want both addresses of the mail server", l.asked)
	}
	if l.asked[question("localhost.")] != 0 {
		t.Error("localhost was asked for")
	}
	if r := n.asking(question("mail.example."))(); r == nil || r.Source != FromCache {
		t.Errorf("got %+v; want the answer at once", r)
	}
	n.resolve(question("www.example."))
	six := dns.Question{Name: "www.example.", Type: dns.TypeAAAA}
	if l.asked[six] != 1 {
		t.Errorf("the other family was asked for %d times; want once", l.asked[six])
	}
	n.resolve(question("none.example."))
	if six.Name = "none.example."; l.asked[six] != 0 {
		t.Error("the other family of a name that does not exist was asked for")
	}
	l.refuses = true
	sent := len(l.sent)
	l.run(5 * time.Minute)
	n.resolve(question("www.example."))
	for _, m := range l.sent[sent:] {
		if q, is := m.Body.(*wire.Query); is && q.Asked[0].Question.Type == dns.TypeAAAA {
			t.Error("the group was asked for what no program asked for")
		}
	}
}
