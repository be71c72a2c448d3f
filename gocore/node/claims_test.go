package node

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// says makes one host hear a HELLO of another with a word of the server.
func (l *lan) says(from, to *testNode, word wire.ServerState) {
	from.seq++
	word.Server = dns.HashServer(l.server)
	msg := &wire.Message{From: from.self(), Seq: from.seq, Sent: from.clock(), Body: &wire.Hello{}, Servers: []wire.ServerState{word}}
	to.handle(Received{Message: msg, From: from.addr, Link: 1, Group: true})
}

// insists makes an insider say its word ten times a second.
func (l *lan) insists(insider *testNode, word wire.ServerState, until time.Duration) {
	for _, n := range l.nodes {
		if n != insider {
			l.says(insider, n, word)
		}
	}
	if l.now < until {
		l.at(l.now+100*time.Millisecond, func(time.Duration) { l.insists(insider, word, until) })
	}
}

var (
	claim  = wire.ServerState{Success: 0, Failure: wire.Never}
	denial = wire.ServerState{Success: wire.Never, Failure: 0}
)

// lies makes an insider answer each ASK at once, to the whole group, with its own address.
func (l *lan) lies(insider *testNode) {
	l.onEffect = func(from *testNode, e Effect) {
		send, ok := e.(Send)
		if !ok || send.To != insider.addr {
			return
		}
		if ask, ok := send.Message.Body.(*wire.Ask); ok {
			l.announces(insider, ask.Question, liarsAddr)
		}
	}
}

const liarsAddr = "203.0.113.66"

// announces makes a host announce an address of its own making.
func (l *lan) announces(from *testNode, q dns.Question, addr string) {
	a, err := dns.ParseAnswer(q, 0, []string{fmt.Sprintf("%s 600 IN A %s", q.Name, addr)})
	if err != nil {
		l.t.Fatal(err)
	}
	a.Birth, a.Server = dns.Birth{Peer: from.self(), Clock: from.clock().Truncate(time.Millisecond)}, dns.HashServer(l.server)
	from.seq++
	msg := &wire.Message{From: from.self(), Seq: from.seq, Sent: from.clock(), Body: &wire.Announce{Answers: []wire.Aged{{Answer: a}}}}
	for _, to := range l.nodes {
		if to != from && l.rand.Float64() >= l.loss {
			l.at(l.now+passage, func(time.Duration) { to.handle(Received{Message: msg, From: from.addr, Link: 1, Group: true}) })
		}
	}
}

// liesTo reports whether a result is the insider's.
func liesTo(r Result) bool {
	return r.Answer != nil && strings.Contains(fmt.Sprint(r.Answer.Records()), liarsAddr)
}

// One insider that says "up" in an outage, and answers what it is then asked, keeps nobody
// from serving held names at once, as they are: they took 250 ms, and were what it said.
func TestInsidersUpTurnsNoOutageIntoCutOff(t *testing.T) {
	for _, hosts := range []int{4, 8, 20} {
		for _, late := range []time.Duration{0, 30 * time.Second} {
			for _, loss := range []float64{0, 0.2} {
				for _, askers := range []int{1, hosts - 1} {
					t.Run(fmt.Sprintf("%d hosts, %v late, %v lost, %d ask", hosts, late, loss, askers), func(t *testing.T) {
						l := newLAN(t, hosts)
						l.loss = loss
						l.outageWithInsider(t, late, askers)
					})
				}
			}
		}
	}
}

func (l *lan) outageWithInsider(t *testing.T, late time.Duration, askers int) {
	names := l.known(40)
	l.run(30 * time.Second)
	liar, honest := l.nodes[len(l.nodes)-1], l.nodes[:len(l.nodes)-1]
	for i, name := range names {
		honest[i%len(honest)].query(name)
		l.run(50 * time.Millisecond)
	}
	l.run(2 * time.Minute)
	liar.off, l.dead = true, true
	l.lies(liar)
	l.at(l.now+late, func(now time.Duration) { l.insists(liar, claim, now+2*time.Minute) })
	for i := range names { // the outage is found out
		honest[i%askers].query(fmt.Sprintf("early%d.example.", i))
		l.run(100 * time.Millisecond)
	}
	l.run(late + 6*time.Second)
	for _, n := range honest {
		if late > 0 && l.loss == 0 && n.outage() != 1 {
			t.Errorf("host %d saw %d outages, cut off between them; want 1 (seed %d): %q", n.i, n.outage(), seed, n.logs)
		}
	}
	held, slow, up, lies := 0, 0, 0, 0
	for i, name := range names {
		n := honest[i%len(honest)]
		if !n.allDown() || n.servers().CutOff(l.now) {
			up++
		}
		if _, ok := n.Entry(l.now, question(name)); ok {
			held++
			r, took := n.lookup(name)
			if r.Answer == nil || took > 10*time.Millisecond {
				slow++
			}
			if liesTo(r) {
				lies++
			}
		}
		n.query(fmt.Sprintf("new%d.example.", i)) // which the insider is asked for, and answers
		l.run(2 * time.Second)
	}
	if slow > 0 || up > 0 || lies > 0 || held < len(names)/2 {
		t.Errorf("of %d held names %d were not served at once and %d were the insider's, %d times a host was not down (seed %d)",
			held, slow, lies, up, seed)
	}
	l.dead = false
	l.run(20 * time.Second)
	for _, n := range honest {
		if n.servers().Best() != Up {
			t.Errorf("host %d does not see that the server is back (seed %d)", n.i, seed)
		}
	}
}

// What the one peer tells takes no held answer's place, whoever asked it: where one host
// lost what another holds its ASK would else poison both.
func TestWhatTheLonePeerTellsReplacesNothingHeld(t *testing.T) {
	l, n, a, b := doubted(t)
	n.cut = true
	l.run(90 * time.Second) // what is held is past its time to live
	n.forced().Doubt(l.now, 0)
	l.says(a, n, denial)
	l.says(b, n, claim)
	if n.forced().Judge(l.now, 0); n.servers().Claimer() == nil {
		t.Fatalf("the claim is not contested: %+v", n.first())
	}
	l.announces(b, question("n0.example."), liarsAddr)
	l.announces(b, question("unheld.example."), liarsAddr)
	l.run(10 * time.Millisecond)
	if r, took := n.lookup("n0.example."); r.Answer == nil || liesTo(r) || took > 10*time.Millisecond {
		t.Errorf("a held name gave %+v after %v; want what was held, at once (seed %d)", r, took, seed)
	}
	if r, _ := n.lookup("unheld.example."); !liesTo(r) {
		t.Errorf("a name that nobody holds gave %+v; want what the peer says (seed %d)", r, seed)
	}
	l.announces(b, question("n1.example."), "203.0.113.7") // what is held
	l.run(10 * time.Millisecond)
	if r, _ := n.lookup("n1.example."); r.Stale {
		t.Errorf("the same data is refused from it: %+v (seed %d)", r, seed)
	}
}

// Where one host alone honestly reaches the server all others are helped with every new
// name, and serve what is held at once: 3 hosts of which 2 are cut off, 8 of which 7.
func TestOneHostThatReachesTheServerHelpsAll(t *testing.T) {
	for _, c := range []struct {
		hosts, cut int
		loss       float64
	}{{3, 2, 0}, {4, 3, 0}, {8, 7, 0}, {20, 19, 0}, {20, 15, 0}, {3, 2, 0.2}, {4, 3, 0.2}, {8, 7, 0.2}, {20, 19, 0.2}, {20, 15, 0.2}} {
		t.Run(fmt.Sprintf("%d of %d cut off, %v lost", c.cut, c.hosts, c.loss), func(t *testing.T) {
			l := newLAN(t, c.hosts)
			l.loss = c.loss
			l.helpedByFew(t, c.cut)
		})
	}
}

func (l *lan) helpedByFew(t *testing.T, cut int) {
	lookups := 800
	if len(l.nodes) == 20 {
		lookups = 200 // it takes its time
	}
	names := l.known(40)
	l.run(30 * time.Second)
	for i, name := range names {
		l.nodes[i%len(l.nodes)].query(name)
		l.run(50 * time.Millisecond)
	}
	l.run(time.Minute)
	for _, n := range l.nodes[:cut] {
		n.cut = true
	}
	for i := range 40 { // it is found out, and those that reach the server go on using it
		l.nodes[i%len(l.nodes)].query(fmt.Sprintf("early%d.example.", i))
		l.nodes[cut+i%(len(l.nodes)-cut)].query(fmt.Sprintf("other%d.example.", i))
		l.run(250 * time.Millisecond)
	}
	helped, late, worst := 0, 0, time.Duration(0)
	for i := range lookups {
		n, name := l.nodes[i%cut], fmt.Sprintf("new%d.example.", i)
		l.answers[name] = "203.0.113.7"
		r, took := n.lookup(name)
		if r.Answer != nil {
			helped++
		}
		worst = max(worst, took)
		if n.allDown() || cut == len(l.nodes)-1 {
			if _, took := n.lookup(names[i%len(names)]); took > 10*time.Millisecond {
				late++
			}
		}
		l.nodes[cut+i%(len(l.nodes)-cut)].query(fmt.Sprintf("more%d.example.", i))
		l.run(250 * time.Millisecond)
	}
	t.Logf("%d of %d helped, %v at worst, %d held names late", helped, lookups, worst, late)
	if least := int(float64(lookups) * (1 - l.loss/20)); helped < least || late > 0 {
		t.Errorf("%d of %d new names were helped, %d held ones late; want %d and none (seed %d): %q", helped, lookups, late, least, seed, l.nodes[0].logs)
	}
}

// What a host that is really cut off hears of one peer alone is believed while nobody
// says otherwise, be it in a group of two or beside a host that has left in silence.
func TestOnePeersUpHelpsWhoIsCutOff(t *testing.T) {
	for _, silent := range []int{0, 1, 2} {
		l := newLAN(t, 2+silent)
		names := l.known(10)
		l.settle()
		for i, name := range names {
			l.nodes[i%2].lookup(name)
		}
		for _, n := range l.nodes[2:] {
			n.off = true
		}
		n := l.nodes[0]
		n.cut = true
		helped := 0
		for i := range 40 {
			name := fmt.Sprintf("new%d.example.", i)
			l.answers[name] = "203.0.113.7"
			if r, _ := n.lookup(name); r.Answer != nil {
				helped++
			}
			l.run(time.Second)
		}
		if helped < 40 || n.outage() > 0 {
			t.Errorf("%d silent: %d of 40 new names, %d outages; want all and none (seed %d)", silent, helped, n.outage(), seed)
		}
	}
}

// The claim of a second peer ends the doubt: the host is cut off, and helped by all.
func TestSecondPeersClaimEndsTheDoubt(t *testing.T) {
	l, n, a, b := doubted(t)
	n.cut = true
	n.forced().Doubt(l.now, 0)
	l.says(a, n, denial)
	l.says(b, n, claim)
	n.forced().Judge(l.now, 0)
	if s := n.first(); s.State != Down || n.servers().Claimer() == nil {
		t.Fatalf("%+v; want down, and the one peer asked (seed %d)", s, seed)
	}
	l.run(time.Second)
	l.says(a, n, claim)
	l.run(2*time.Second + 2*1100*time.Millisecond) // it looks within two seconds, and again
	if !n.servers().CutOff(l.now) || n.servers().Claimer() != nil {
		t.Errorf("%+v; want cut off (seed %d): %q", n.first(), seed, n.logs)
	}
}

// elected hosts look when a peer suspects a server.
const elected = 5

// doubted is a LAN in which a host that is not elected to look hears a doubt and no
// look of its own has failed; it is the host, then two others.
func doubted(t *testing.T) (l *lan, n, a, b *testNode) {
	l = newLAN(t, 20)
	names := l.known(20)
	l.settle()
	for i, name := range names {
		l.nodes[i].lookup(name)
	}
	l.run(time.Minute)
	for _, o := range l.nodes {
		switch {
		case n == nil && serving{o.Node}.Rank(dns.HashServer(l.server), elected) >= elected:
			n = o
		case a == nil:
			a = o
		case b == nil:
			b = o
		}
	}
	return l, n, a, b
}

// Who has not looked itself doubts no success by another's word: one peer that denies
// what one other claims would else make a host "down" for a server that is well.
func TestClaimIsDoubtedOnlyByWhoLookedInVain(t *testing.T) {
	l, n, a, b := doubted(t)
	doubt := denial
	doubt.Suspect = true
	l.says(a, n, doubt)
	if s := n.first(); s.State != Suspect {
		t.Fatalf("the doubt was not heard: %+v", s)
	}
	l.run(100 * time.Millisecond)
	l.says(b, n, claim)
	l.run(2 * time.Second)
	if s := n.first(); s.State != Up || n.servers().Claimer() != nil {
		t.Errorf("%+v; want up, and no doubt (seed %d): %q", s, seed, n.logs)
	}
}

// An insider that denies keeps no host that is really cut off from its help where two
// others have success.
func TestInsidersDenialKeepsNobodyFromHelp(t *testing.T) {
	for _, hosts := range []int{4, 8, 20} {
		for _, loss := range []float64{0, 0.2} {
			t.Run(fmt.Sprintf("%d hosts, %v lost", hosts, loss), func(t *testing.T) {
				l := newLAN(t, hosts)
				l.loss = loss
				names := l.known(2 * hosts)
				l.run(30 * time.Second)
				insider, n := l.nodes[hosts-1], l.nodes[0]
				for i, name := range names {
					l.nodes[i%hosts].lookup(name)
				}
				insider.off, n.cut = true, true
				l.insists(insider, denial, l.now+2*time.Minute)
				helped := 0
				for i := range 60 {
					for _, o := range l.nodes[1 : hosts-1] {
						o.query(fmt.Sprintf("other%d.%d.example.", o.i, i))
					}
					name := fmt.Sprintf("new%d.example.", i)
					l.answers[name] = "203.0.113.7"
					if r, _ := n.lookup(name); r.Answer != nil {
						helped++
					}
					l.run(time.Second)
				}
				t.Logf("%d of 60 helped", helped)
				if helped < 54 {
					t.Errorf("%d of 60 new names were helped; want 54 at least (seed %d): %q", helped, seed, n.logs)
				}
			})
		}
	}
}

// A host that is down asks the first peer that claims success for what nobody holds at
// once: its own looks, before which it believes nobody, take up to three seconds.
func TestFirstClaimHelpsBeforeItIsBelieved(t *testing.T) {
	l, n, a, _ := doubted(t)
	n.cut = true
	n.forced().Doubt(l.now, 0)
	if n.forced().Judge(l.now, 0); n.first().State != Down {
		t.Fatalf("the host is not down: %+v", n.first())
	}
	l.run(10 * time.Millisecond)
	a.query("used.example.") // which n hears
	l.run(50 * time.Millisecond)
	l.answers["new.example."] = "203.0.113.7"
	if r, took := n.lookup("new.example."); r.Answer == nil || took > 500*time.Millisecond {
		t.Errorf("got %+v after %v; want an answer by way of the peer (seed %d): %q", r, took, seed, n.logs)
	}
}
