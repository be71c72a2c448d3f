package node

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// A dnsServer is one of several that disagree: what it does not know it denies.
type dnsServer struct {
	lan     *lan
	id      Server
	answers map[string]string // name -> IPv4 address
	delay   time.Duration
	slow    map[string]time.Duration // names that take so much longer
	// mute, sick and loses are names it is silent for, says SERVFAIL for, and whose
	// first question is lost.
	mute, sick, loses map[string]bool
	// dead: silent. failing: SERVFAIL for all. away: the network says so.
	// noTCP: nobody listens there.
	dead, failing, away, noTCP bool
	cut                        map[int]bool // hosts that it is silent for
	asked                      []dns.Question
}

func (l *lan) newServer(addr string) *dnsServer {
	at := netip.AddrPortFrom(netip.MustParseAddr(addr), 53)
	s := &dnsServer{
		lan: l, id: Server{Addr: at, ID: dns.HashServer(at)}, answers: map[string]string{}, delay: time.Millisecond,
		slow: map[string]time.Duration{}, mute: map[string]bool{}, sick: map[string]bool{}, loses: map[string]bool{}, cut: map[int]bool{},
	}
	if l.servers == nil {
		l.servers = map[netip.AddrPort]*dnsServer{}
	}
	l.servers[at] = s
	return s
}

func (s *dnsServer) ask(n *testNode, e Ask) {
	l, name := s.lan, e.Question.Name
	s.asked = append(s.asked, e.Question)
	reply := func(after time.Duration, in Replied) {
		in.Ask = e.ID
		if after < e.Patience {
			l.at(l.now+after, func(time.Duration) { n.handle(in) })
		}
	}
	switch {
	case s.away || e.TCP && s.noTCP:
		reply(100*time.Microsecond, Replied{Failure: Unreachable})
	case s.dead || s.mute[name] || s.cut[n.i]:
	case s.loses[name]:
		delete(s.loses, name)
	case s.failing || s.sick[name]:
		reply(s.delay, Replied{Failure: Refused})
	default:
		reply(s.delay+s.slow[name], Replied{Answer: s.answer(e.Question)})
	}
}

func (s *dnsServer) answer(q dns.Question) *dns.Answer {
	ttl := int(s.lan.ttl.Seconds())
	soa := fmt.Sprintf(". %d IN SOA ns.example. root.example. 1 2 3 4 900", ttl)
	rcode, records := 3, []string{soa}
	switch addr, known := s.answers[q.Name]; {
	case known && q.Type == dns.TypeA:
		rcode, records = 0, []string{fmt.Sprintf("%s %d IN A %s", q.Name, ttl, addr)}
	case known || q.Name == ".":
		rcode = 0
	}
	a, err := dns.ParseAnswer(q, rcode, records)
	if err != nil {
		s.lan.t.Fatal(err)
	}
	return a
}

// names are what it was asked, but for probes that name nobody's business.
func (s *dnsServer) names() (list []string) {
	for _, q := range s.asked {
		if q.Name != "." {
			list = append(list, q.Name)
		}
	}
	return list
}

// twoServers makes a LAN whose hosts have an internal server first and a public one
// second, and that have asked the first one a name.
func twoServers(t tb, hosts int) (l *lan, a, b *dnsServer) {
	l = newLAN(t, hosts)
	a, b = l.newServer("10.0.0.53"), l.newServer("198.51.100.53")
	a.answers["warm.corp."] = "10.0.0.1"
	l.configure(func(s *Settings) { s.Servers = []Server{a.id, b.id} })
	l.settle()
	for _, n := range l.nodes {
		n.lookup("warm.corp.")
	}
	l.run(time.Second)
	return l, a, b
}

// says is the address that a result holds, "none" for a negative and "" for a
// failure.
func says(r *Result) string {
	switch {
	case r.Answer == nil:
		return ""
	case r.Answer.Kind != dns.Positive:
		return "none"
	}
	p := r.Answer.Packed
	return netip.AddrFrom4([4]byte(p[len(p)-4:])).String()
}

// gets fails the test if a lookup says something else.
func (n *testNode) gets(name, want string) (Result, time.Duration) {
	n.lan.t.Helper()
	r, took := n.lookup(name)
	if says(&r) != want {
		n.lan.t.Errorf("host %d, %s: got %q after %v; want %q", n.i, name, says(&r), took, want)
	}
	return r, took
}

func TestFirstServersSlowAnswerIsNotOvertaken(t *testing.T) {
	for _, delay := range []time.Duration{0, 60 * time.Millisecond, 100 * time.Millisecond, 400 * time.Millisecond, 800 * time.Millisecond, 3 * time.Second} {
		l, a, b := twoServers(t, 2)
		a.answers["slow.corp."] = "10.0.0.2"
		a.slow["slow.corp."] = delay
		result := l.nodes[0].query("slow.corp.")
		for range 40 { // the server is alive: it answers others
			l.run(100 * time.Millisecond)
			l.nodes[1].lookup(fmt.Sprintf("n%d.corp.", l.rand.IntN(1000)))
			l.nodes[0].lookup(fmt.Sprintf("m%d.corp.", l.rand.IntN(1000)))
		}
		if r := result(); r == nil || says(r) != "10.0.0.2" {
			t.Errorf("A takes %v: got %+v; want its answer", delay, r)
		}
		if got := b.names(); len(got) > 0 {
			t.Errorf("A takes %v: B was asked %v; want no name", delay, got)
		}
	}
}

func TestLostQuestionIsRepeatedToTheSameServer(t *testing.T) {
	l, a, b := twoServers(t, 1)
	a.answers["lost.corp."] = "10.0.0.2"
	a.loses["lost.corp."] = true
	if _, took := l.nodes[0].gets("lost.corp.", "10.0.0.2"); took > 300*time.Millisecond {
		t.Errorf("took %v; want a repeat at the server's own pace", took)
	}
	if got := b.names(); len(got) > 0 {
		t.Errorf("B was asked %v; want no name", got)
	}
}

// Neither a start with saved answers, nor probes, nor the whole life of a name tell
// a later server what is asked here.
func TestLaterServerSeesNoNameAtStartNorByProbes(t *testing.T) {
	l, a, b := twoServers(t, 1)
	for i := range 5 {
		a.answers[fmt.Sprintf("n%d.corp.", i)] = "10.0.0.2"
		l.nodes[0].lookup(fmt.Sprintf("n%d.corp.", i))
	}
	saved, _ := l.nodes[0].Changes(l.now, 0)
	n := l.addNode(0, 1)
	n.handle(Configure{l.settings()})
	s := l.settings()
	s.Servers = []Server{a.id, b.id}
	n.handle(Configure{s})
	n.handle(Restore{saved})
	for i := range 100 {
		n.lookup(fmt.Sprintf("n%d.corp.", i%5))
		if i%10 == 0 { // the server is doubted, probed, and innocent
			a.mute["dead.corp."], a.mute["dead2.corp."] = true, true
			n.query("dead.corp.")
			n.query("dead2.corp.")
			l.run(300 * time.Millisecond)
			n.Forget(l)
		}
		l.run(3 * time.Second)
	}
	if got := b.names(); len(got) > 0 {
		t.Errorf("B was asked %v; want no name", got)
	}
	if len(b.asked) == 0 {
		t.Error("B was never probed; want one look at the start at least")
	}
}

// Forget makes all programs leave.
func (n *testNode) Forget(*lan) {
	for id := uint64(1); id <= n.nextID; id++ {
		if n.results[id] == nil {
			n.handle(Forget{id})
		}
	}
}

func TestQuestionGoesOnAtOnceWhenTheCurrentServerFails(t *testing.T) {
	for how, fail := range map[string]func(*dnsServer){
		"SERVFAIL":    func(a *dnsServer) { a.failing = true },
		"unreachable": func(a *dnsServer) { a.away = true },
	} {
		l, a, b := twoServers(t, 1)
		b.answers["www.example."] = "203.0.113.7"
		fail(a)
		if _, took := l.nodes[0].gets("www.example.", "203.0.113.7"); took > 20*time.Millisecond {
			t.Errorf("%s: took %v; want the next server's answer at once", how, took)
		}
	}
}

// The first server falls silent. While that is being found out a lookup takes 1.2 s
// at most, from 1.5 s on it is the second server's time, and no name that the first
// one gave does not exist.
func TestSilentFirstServerCostsSecondsOnce(t *testing.T) {
	for _, hosts := range []int{1, 5} {
		for how, fail := range map[string]func(*dnsServer){
			"silent": func(a *dnsServer) { a.dead = true }, "SERVFAIL": func(a *dnsServer) { a.failing = true }, "unreachable": func(a *dnsServer) { a.away = true },
		} {
			l, a, b := twoServers(t, hosts)
			for i := range 200 {
				a.answers[fmt.Sprintf("n%d.corp.", i)] = "10.0.0.2"
				b.answers[fmt.Sprintf("p%d.example.", i)] = "203.0.113.7"
				l.nodes[i%hosts].lookup(fmt.Sprintf("n%d.corp.", i))
			}
			l.run(2 * time.Minute)
			fail(a)
			died := l.now
			for i := range 200 {
				n, at := l.nodes[i%hosts], l.now-died
				_, took := n.gets(fmt.Sprintf("n%d.corp.", i), "10.0.0.2")
				_, new := n.gets(fmt.Sprintf("p%d.example.", i), "203.0.113.7")
				took = max(took, new)
				if took > 1200*time.Millisecond || at > 1500*time.Millisecond && took > 10*time.Millisecond {
					t.Errorf("%d hosts, %s for %v: a lookup took %v; want 1.2s at most, 10ms from 1.5s on", hosts, how, at, took)
				}
				l.run(50 * time.Millisecond)
			}
		}
	}
}

// A second server that is far away, and loses the question at that, is none of the
// business of a name that the first one gave: it is looked at behind the answer.
func TestHeldNamesOfALostFirstServerDoNotWaitForTheNext(t *testing.T) {
	l, a, b := twoServers(t, 2)
	b.delay = 60 * time.Millisecond
	n := l.nodes[0]
	for i := range 40 {
		name := fmt.Sprintf("n%d.corp.", i)
		a.answers[name] = "10.0.0.2"
		n.lookup(name)
		b.loses[name] = i%4 == 0
		if i%2 == 0 {
			b.answers[name] = "203.0.113.7"
		}
	}
	l.run(2 * time.Minute)
	a.dead = true
	n.lookup("other.corp.")
	l.run(3 * time.Second)
	for i := range 40 {
		if _, took := n.gets(fmt.Sprintf("n%d.corp.", i), "10.0.0.2"); took != 0 {
			t.Errorf("n%d.corp. took %v; want what is held at once", i, took)
		}
	}
	l.run(2 * time.Second)
	for i := range 40 { // what the next one knows is the next program's
		n.gets(fmt.Sprintf("n%d.corp.", i), []string{"203.0.113.7", "10.0.0.2"}[i%2])
	}
}

func TestOneStalledNameGoesOnAfterTheTimeoutOfResolvConf(t *testing.T) {
	l, a, b := twoServers(t, 1)
	a.mute["stalled.example."] = true
	b.answers["stalled.example."] = "203.0.113.7"
	result := l.nodes[0].query("stalled.example.")
	for range 49 {
		l.run(100 * time.Millisecond)
		l.nodes[0].lookup(fmt.Sprintf("n%d.corp.", l.rand.IntN(1000)))
	}
	if got := b.names(); len(got) > 0 || result() != nil {
		t.Fatalf("after %v B was asked %v, and the program got %+v; want neither", l.now-lanStart, got, result())
	}
	l.run(300 * time.Millisecond)
	if r := result(); r == nil || says(r) != "203.0.113.7" {
		t.Errorf("after 5s got %+v; want the next server's answer", r)
	}
}

func TestAnswerOfALaterServerIsNeitherKeptNorTold(t *testing.T) {
	l, a, b := twoServers(t, 3)
	b.answers["www.example."] = "203.0.113.7"
	a.sick["www.example."], a.sick["none.example."] = true, true
	l.sent = nil
	n := l.nodes[0]
	n.gets("none.example.", "none")
	if r, _ := n.gets("www.example.", "203.0.113.7"); r.TTL > 5*time.Second {
		t.Errorf("programs may keep it for %v; want 5s at most", r.TTL)
	}
	asked := len(b.asked)
	l.run(3 * time.Second)
	n.gets("www.example.", "203.0.113.7")
	if len(b.asked) != asked {
		t.Errorf("asked again within 5s: %v", b.names())
	}
	for _, host := range l.nodes {
		for _, name := range []string{"www.example.", "none.example."} {
			if e, held := host.Entry(l.now, question(name)); held {
				t.Errorf("host %d holds %+v; want it forgotten", host.i, e)
			}
		}
	}
	// On the wire: nobody sends it to anybody, in whatever message.
	told := func(server dns.ServerID) (count int) {
		for _, m := range l.sent {
			var answers []wire.Aged
			switch body := m.Body.(type) {
			case *wire.Announce:
				answers = body.Answers
			case *wire.Answer:
				answers = body.Answers
			}
			for _, a := range answers {
				if a.Server == server {
					count++
				}
			}
		}
		return count
	}
	if got := told(b.id.ID); got != 0 {
		t.Errorf("%d answers of the later server were told; want none", got)
	}
	a.answers["mine.corp."] = "10.0.0.9"
	n.gets("mine.corp.", "10.0.0.9")
	if l.run(time.Second); told(a.id.ID) == 0 {
		t.Error("no answer of the first server was told: this test shows nothing")
	}
	changes, _ := n.Changes(l.now, 0)
	for _, e := range changes {
		if e.Answer.Server == b.id.ID {
			t.Errorf("%v of the later server is saved", e.Answer.Question)
		}
	}
	l.run(2 * time.Second)
	delete(a.sick, "www.example.")
	a.answers["www.example."] = "10.0.0.7"
	n.gets("www.example.", "10.0.0.7")
}

func TestLateReplyOfAnEarlierServerReplaces(t *testing.T) {
	l, a, _ := twoServers(t, 2)
	a.answers["late.corp."] = "10.0.0.7"
	a.slow["late.corp."] = 6 * time.Second
	n := l.nodes[0]
	n.gets("late.corp.", "none") // after the timeout of resolv.conf
	l.run(2 * time.Second)
	if r, took := n.gets("late.corp.", "10.0.0.7"); took > 0 || r.Stale {
		t.Errorf("got %+v after %v; want the late reply at once", r, took)
	}
	if r, took := l.nodes[1].gets("late.corp.", "10.0.0.7"); took > 0 || r.Source != FromPeer {
		t.Errorf("a peer got %+v after %v; want to have been told", r, took)
	}
}

func TestLaterServersDenialNeverPrecedesAPositive(t *testing.T) {
	for how, fail := range map[string]func(*dnsServer){
		"silent":      func(a *dnsServer) { a.dead = true },
		"SERVFAIL":    func(a *dnsServer) { a.failing = true },
		"one name":    func(a *dnsServer) { a.sick["n.corp."] = true },
		"unreachable": func(a *dnsServer) { a.away = true },
		"cut off":     func(a *dnsServer) { a.cut[0] = true },
	} {
		l, a, b := twoServers(t, 3)
		a.answers["n.corp."] = "10.0.0.2"
		l.nodes[0].gets("n.corp.", "10.0.0.2")
		l.run(2 * time.Minute)
		fail(a)
		for range 60 { // for longer than two denials, 15 minutes apart, need to delete it
			if r, _ := l.nodes[0].gets("n.corp.", "10.0.0.2"); !r.Stale && how != "cut off" {
				t.Errorf("%s: got %+v; want stale", how, r)
			}
			l.run(30 * time.Second)
		}
		for _, n := range l.nodes {
			if e, held := n.Entry(l.now, question("n.corp.")); held && e.Answer.Kind != dns.Positive {
				t.Errorf("%s: host %d holds the denial of %v; want the address", how, n.i, b.id.Addr)
			}
		}
	}
}

func TestServerThatIsBackIsCurrentAgain(t *testing.T) {
	l, a, b := twoServers(t, 1)
	n := l.nodes[0]
	a.answers["n.corp."], b.answers["www.example."] = "10.0.0.2", "203.0.113.7"
	a.dead = true
	n.lookup("n.corp.")
	l.run(2 * time.Second)
	n.gets("n.corp.", "none")
	n.gets("www.example.", "203.0.113.7")
	if e, held := n.Entry(l.now, question("www.example.")); !held || e.Answer.Server != b.id.ID {
		t.Errorf("holds %+v; want the answer of the server that is current", e)
	}
	a.dead = false
	a.answers["www.example."] = "10.0.0.7"
	l.run(10 * time.Second)
	n.gets("n.corp.", "10.0.0.2")
	n.gets("www.example.", "10.0.0.7")
}

func TestChangedListIsReckonedAnewAtOnce(t *testing.T) {
	l, a, b := twoServers(t, 2)
	vpn := func(up bool) {
		l.configure(func(s *Settings) {
			s.Servers = []Server{b.id}
			if up {
				s.Servers = []Server{a.id, b.id}
			}
		})
	}
	vpn(false)
	n := l.nodes[0]
	a.answers["n.corp."], a.answers["www.corp."] = "10.0.0.2", "10.0.0.3"
	b.answers["www.corp."] = "203.0.113.7"
	n.gets("n.corp.", "none")
	n.gets("www.corp.", "203.0.113.7")
	vpn(true)
	n.gets("n.corp.", "10.0.0.2")
	n.gets("www.corp.", "10.0.0.3")
	vpn(false)
	n.gets("n.corp.", "none")
	n.gets("www.corp.", "203.0.113.7")
	asked := len(a.asked)
	vpn(true)
	n.gets("n.corp.", "10.0.0.2")
	if len(a.asked) != asked && slices.Contains(a.asked[asked:], question("n.corp.")) {
		t.Error("A was asked again for what it said a moment ago; want nothing deleted")
	}
	n.gets("www.corp.", "10.0.0.3")
}

// One host has the VPN, the other has not; what each is told by its peer is not for
// now, and is there in an outage.
func TestPeersAnswerOfAnotherServerIsForAnOutage(t *testing.T) {
	l, a, b := twoServers(t, 2)
	with, without := l.nodes[0], l.nodes[1]
	s := l.settings()
	s.Servers = []Server{b.id}
	without.handle(Configure{s})
	a.answers["www.corp."], b.answers["www.corp."] = "10.0.0.3", "203.0.113.7"
	a.answers["n.corp."], b.answers["p.example."] = "10.0.0.2", "203.0.113.8"
	without.gets("www.corp.", "203.0.113.7")
	without.gets("n.corp.", "none")
	l.run(time.Second)
	with.gets("www.corp.", "10.0.0.3")
	with.gets("n.corp.", "10.0.0.2")
	l.run(time.Second)
	without.gets("www.corp.", "203.0.113.7")
	without.gets("p.example.", "203.0.113.8")
	without.gets("n.corp.", "none")
	l.run(2 * time.Minute)
	a.dead, b.dead = true, true
	with.query("www.corp.")
	without.query("www.corp.")
	l.run(10 * time.Second)
	with.gets("www.corp.", "10.0.0.3")
	with.gets("n.corp.", "10.0.0.2")
	with.gets("p.example.", "203.0.113.8")
	without.gets("www.corp.", "203.0.113.7")
}

func TestHostsWithOtherOrdersShareInAnOutage(t *testing.T) {
	l, a, b := twoServers(t, 4)
	turned := l.settings()
	turned.Servers = []Server{b.id, a.id}
	for _, n := range l.nodes[2:] {
		n.handle(Configure{turned})
	}
	for i := range 40 {
		name := fmt.Sprintf("n%d.example.", i)
		a.answers[name], b.answers[name] = "203.0.113.7", "203.0.113.7"
		l.nodes[i%4].lookup(name)
	}
	l.run(2 * time.Minute)
	a.dead, b.dead = true, true
	for _, n := range l.nodes {
		n.query("n0.example.")
		n.query("n1.example.")
	}
	l.run(10 * time.Second)
	for i := range 40 {
		for _, n := range l.nodes {
			if _, took := n.gets(fmt.Sprintf("n%d.example.", i), "203.0.113.7"); took > 10*time.Millisecond {
				t.Errorf("host %d took %v; want 10ms", n.i, took)
			}
		}
	}
}

func TestSavedAnswerOfALaterServerIsForAnOutage(t *testing.T) {
	l, a, b := twoServers(t, 1)
	n := l.nodes[0]
	a.answers["www.corp."] = "10.0.0.3"
	saved := func(name, addr string, server dns.ServerID) Entry {
		answer := l.positive(name, addr, dns.Birth{Peer: wire.Peer{ID: 50, Epoch: 1}})
		answer.Server = server
		return Entry{Answer: answer, Age: time.Second, Place: 7}
	}
	n.handle(Restore{[]Entry{saved("www.corp.", "203.0.113.7", b.id.ID), saved("p.example.", "203.0.113.8", b.id.ID), saved("q.example.", "203.0.113.9", 77)}})
	n.gets("www.corp.", "10.0.0.3")
	n.gets("p.example.", "none") // the first server says so
	a.dead, b.dead = true, true
	n.query("x.example.")
	n.query("y.example.")
	l.run(10 * time.Second)
	n.gets("www.corp.", "10.0.0.3")
	n.gets("q.example.", "203.0.113.9")
}

func TestRotateMakesAllServersEqual(t *testing.T) {
	l, a, b := twoServers(t, 2)
	l.configure(func(s *Settings) { s.Servers, s.Rotate = []Server{a.id, b.id}, true })
	for i := range 40 {
		name := fmt.Sprintf("n%d.example.", i)
		a.answers[name], b.answers[name] = "203.0.113.7", "203.0.113.7"
		l.nodes[0].lookup(name)
		l.run(100 * time.Millisecond)
		if r, _ := l.nodes[1].gets(name, "203.0.113.7"); r.Source != FromPeer {
			t.Errorf("%s: got %+v; want the peer's answer, whichever server gave it", name, r)
		}
	}
	if len(a.names()) < 10 || len(b.names()) < 10 {
		t.Errorf("A was asked %d names, B %d; want both", len(a.names()), len(b.names()))
	}
}

func TestDomainsServersKeepTheirOrder(t *testing.T) {
	l, a, b := twoServers(t, 1)
	n := l.nodes[0]
	l.configure(func(s *Settings) {
		s.Routes, s.Search = []Route{{Domain: "corp.", Servers: []Server{a.id, b.id}}}, []string{"corp."}
	})
	a.answers["slow.corp."] = "10.0.0.2"
	a.slow["slow.corp."] = 400 * time.Millisecond
	n.gets("slow.corp.", "10.0.0.2")
	if got := b.names(); len(got) > 0 {
		t.Errorf("B was asked %v; want no name", got)
	}
	a.failing = true
	l.run(2 * time.Minute)
	n.gets("slow.corp.", "10.0.0.2")
	b.answers["new.corp."] = "10.0.0.9"
	n.gets("new.corp.", "10.0.0.9")
}

// Cut off from its first server alone, a host asks the next one; what that says is
// nobody else's business, for the first server is not down.
func TestHostThatIsCutOffFromItsFirstServerAsksTheNext(t *testing.T) {
	l, a, b := twoServers(t, 4)
	for i := range 40 {
		b.answers[fmt.Sprintf("p%d.example.", i)] = "203.0.113.7"
	}
	a.cut[0] = true
	n := l.nodes[0]
	began := l.now
	for i := range 40 {
		at := l.now - began
		if _, took := n.gets(fmt.Sprintf("p%d.example.", i), "203.0.113.7"); at > 1500*time.Millisecond && took > 10*time.Millisecond {
			t.Errorf("cut off for %v: took %v; want 10ms", at, took)
		}
		for _, other := range l.nodes {
			if _, held := other.Entry(l.now, question(fmt.Sprintf("p%d.example.", i))); held {
				t.Errorf("host %d holds p%d.example.; want nobody to", other.i, i)
			}
		}
		l.run(200 * time.Millisecond)
	}
	if !strings.Contains(strings.Join(n.logs, "\n"), "cut off") {
		t.Errorf("the host was not cut off: %v", n.logs)
	}
}

// Where both servers give the same answers nothing is asked twice: a later server is
// no reason to hold two opinions.
func TestPeersOfALaterServerIsNoContradiction(t *testing.T) {
	l, a, b := twoServers(t, 2)
	turned := l.settings()
	turned.Servers = []Server{b.id}
	l.nodes[1].handle(Configure{turned})
	a.answers["www.corp."], b.answers["www.corp."] = "10.0.0.3", "203.0.113.7"
	l.nodes[1].lookup("www.corp.")
	l.run(time.Second)
	l.nodes[0].gets("www.corp.", "10.0.0.3")
	for _, p := range l.nodes[0].Peers(l.now) {
		if p.Contradicted != 0 {
			t.Errorf("peer %v counts as contradicted; want another server's answer to be no lie", p.Peer)
		}
	}
}

// Both servers die at once, as where the way to them breaks: that is known as soon as
// with one, and held names cost no more.
func TestBothServersLostAtOnceIsOneOutage(t *testing.T) {
	for _, hosts := range []int{1, 5} {
		l, a, b := twoServers(t, hosts)
		for i := range 40 {
			a.answers[fmt.Sprintf("n%d.corp.", i)] = "10.0.0.2"
			l.nodes[i%hosts].lookup(fmt.Sprintf("n%d.corp.", i))
		}
		l.run(5 * time.Minute)
		a.dead, b.dead = true, true
		died := l.now
		for i := range 200 {
			n, at := l.nodes[i%hosts], l.now-died
			if _, took := n.gets(fmt.Sprintf("n%d.corp.", i%40), "10.0.0.2"); took > 300*time.Millisecond || at > 1500*time.Millisecond && took > 10*time.Millisecond {
				t.Errorf("%d hosts, dead for %v: a lookup took %v; want 300ms at most, 10ms from 1.5s on", hosts, at, took)
			}
			l.run(20 * time.Millisecond)
		}
	}
}

// A later server that does not answer costs no lookup anything, and is found out when
// it is needed.
func TestDeadLaterServerCostsNothing(t *testing.T) {
	l, a, b := twoServers(t, 1)
	b.dead = true
	for i := range 100 {
		name := fmt.Sprintf("n%d.corp.", i)
		a.answers[name] = "10.0.0.2"
		if _, took := l.nodes[0].gets(name, "10.0.0.2"); took > 5*time.Millisecond {
			t.Errorf("%s took %v; want the first server's time", name, took)
		}
		l.run(time.Second)
	}
}

// A server that takes 0.8 s for everything, from the start or of a sudden, is silent for
// longer than one that is looked after waits. It is none that another stands in for.
func TestSlowFirstServerIsNotOvertaken(t *testing.T) {
	for _, routed := range []bool{false, true} {
		l := newLAN(t, 2)
		a, b := l.newServer("10.0.0.53"), l.newServer("198.51.100.53")
		a.delay = 800 * time.Millisecond
		for i := range 60 {
			a.answers[fmt.Sprintf("n%d.corp.", i)] = "10.0.0.2"
		}
		l.configure(func(s *Settings) {
			s.Servers = []Server{a.id, b.id}
			if routed {
				s.Routes, s.Search = []Route{{Domain: "corp.", Servers: s.Servers}}, []string{"corp."}
			}
		})
		for i := range 60 {
			if i == 20 {
				a.delay = time.Millisecond
			}
			if i == 40 {
				a.delay = 800 * time.Millisecond
			}
			l.nodes[i%2].gets(fmt.Sprintf("n%d.corp.", i), "10.0.0.2")
			l.nodes[i%2].gets(fmt.Sprintf("m%d.corp.", i), "none")
		}
		if got := b.names(); len(got) > 0 {
			t.Errorf("routed %v: B was asked %v; want no name", routed, got)
		}
	}
}

// A server that takes seconds for everything, from the start or of a sudden, is found out to
// be slow, not down anew for each lookup: after some seconds no name goes to the second one.
// When it dies then, a lookup takes resolv.conf's timeout at most while that is found out.
func TestFirstServerThatTakesSecondsIsNotOvertakenForLong(t *testing.T) {
	for _, quick := range []int{0, 150} { // names before it became slow
		for _, delay := range []time.Duration{1200 * time.Millisecond, 1500 * time.Millisecond, 2 * time.Second, 2500 * time.Millisecond, 3 * time.Second, 4 * time.Second} {
			for _, every := range []time.Duration{100 * time.Millisecond, 500 * time.Millisecond, 3 * time.Second} {
				l, a, b := slowPair(t, quick)
				a.delay = delay
				n, began, wrong := l.nodes[0], l.now, 0
				for i := 0; l.now < began+time.Minute; i++ {
					name := fmt.Sprintf("slow%d.corp.", i)
					a.answers[name] = "10.0.0.2"
					at := l.now - began
					if r, _ := n.lookup(name); says(&r) != "10.0.0.2" {
						wrong++
						if at > 13*time.Second {
							t.Errorf("%d quick names, then %v, a lookup each %v: after %v got %q; want A's answer", quick, delay, every, at, says(&r))
						}
					}
					l.run(every)
				}
				if every == 3*time.Second && wrong > 4 {
					t.Errorf("%d quick names, then %v: %d answers are B's; want 4 at most", quick, delay, wrong)
				}
				n.findsOutThatItIsDead(a, b)
			}
		}
	}
}

func slowPair(t *testing.T, quick int) (l *lan, a, b *dnsServer) {
	l = newLAN(t, 1)
	a, b = l.newServer("10.0.0.53"), l.newServer("198.51.100.53")
	if quick == 0 {
		a.delay = time.Minute // it said nothing yet
	}
	l.configure(func(s *Settings) { s.Servers = []Server{a.id, b.id} })
	for i := range quick {
		l.nodes[0].lookup(fmt.Sprintf("quick%d.corp.", i))
	}
	return l, a, b
}

func (n *testNode) findsOutThatItIsDead(a, b *dnsServer) {
	l := n.lan
	l.t.Helper()
	a.dead = true
	died := l.now
	for i := range 60 {
		name := fmt.Sprintf("new%d.example.", i)
		b.answers[name] = "203.0.113.7"
		at := l.now - died // what it said before is on its way for as long as it takes
		if _, took := n.gets(name, "203.0.113.7"); took > 5100*time.Millisecond || at > a.delay+10*time.Second && took > 10*time.Millisecond {
			l.t.Errorf("a server that took %v is dead for %v: a lookup took %v; want 5.1s at most, 10ms from 10s after its last word on", a.delay, at, took)
		}
		l.run(200 * time.Millisecond)
	}
}

// One name that takes seconds, or one pause, among quick ones makes no slow server: when
// it dies a lookup takes 1.2 s at most.
func TestOneSlowNameOfAQuickFirstServerMakesNoSlowOne(t *testing.T) {
	for how, odd := range map[string]func(l *lan, a *dnsServer){
		"a slow name": func(l *lan, a *dnsServer) {
			a.slow["odd.corp."] = 2 * time.Second
			l.nodes[0].query("odd.corp.")
		},
		"a pause": func(l *lan, a *dnsServer) {
			a.delay = 1500 * time.Millisecond
			for i := range 3 {
				l.nodes[0].query(fmt.Sprintf("pause%d.corp.", i))
			}
			l.run(100 * time.Millisecond)
			a.delay = time.Millisecond
		},
	} {
		l, a, b := twoServers(t, 1)
		n := l.nodes[0]
		for i := range 240 {
			if i == 120 {
				odd(l, a)
			}
			n.lookup(fmt.Sprintf("quick%d.corp.", i))
			l.run(20 * time.Millisecond)
		}
		l.run(time.Minute)
		a.dead = true
		for i := range 40 {
			name := fmt.Sprintf("new%d.example.", i)
			b.answers[name] = "203.0.113.7"
			if _, took := n.gets(name, "203.0.113.7"); took > 1200*time.Millisecond {
				t.Errorf("%s, 120 quick ones, then dead: a lookup took %v; want 1.2s at most", how, took)
			}
			l.run(50 * time.Millisecond)
		}
	}
}
