package node

import (
	"container/heap"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// A lan joins nodes by a virtual network with a virtual clock: enough of a
// world to prove single promises; test/sim has the whole one.
type lan struct {
	t       tb
	now     time.Duration
	events  happenings
	made    uint64
	rand    *rand.Rand
	nodes   []*testNode
	server  netip.AddrPort
	answers map[string]string // "name type" -> rdata; "" = no data
	ttl     time.Duration
	delay   time.Duration // of the DNS server
	dead    bool          // the DNS server swallows questions
	refuses bool          // ... says SERVFAIL
	asked   map[dns.Question]int
	loss    float64
	sent    []*wire.Message
	onAsk   func(Ask)
	// deadCorp: the server of a domain alone swallows questions; raw are records
	// for "name TYPE".
	deadCorp bool
	raw      map[string][]string
	onEffect func(*testNode, Effect)
	sick     netip.AddrPort           // a DNS server that says SERVFAIL
	askLoss  float64                  // of questions to the DNS server
	slow     map[string]time.Duration // how much longer the DNS server takes for a name
	// mangle, if set, says how late the copies of a datagram arrive: none if it
	// is lost, two if it is duplicated.
	mangle func(from, to *testNode, in Received) []time.Duration
	// silent hosts' multicast reaches nobody; their unicast does.
	silent map[int]bool
	// unheard: unicast between hosts is lost.
	unheard bool
	// neighbours, if set, holds questions back until the server's address is found.
	neighbours *neighbours
	// stall is the share of streams that do not open: two seconds later they end.
	stall float64
	// opens, if set, is asked of each stream; what it says yes to stays open.
	opens func(n *testNode, e Pull) bool
	// servers are DNS servers with answers and faults of their own.
	servers map[netip.AddrPort]*dnsServer
}

// A happening is something that the LAN does at a time.
type happening struct {
	at   time.Duration
	made uint64
	run  func(now time.Duration)
}

type happenings []happening // a heap, those of one time in the order they were made

func (h happenings) Len() int { return len(h) }
func (h happenings) Less(i, j int) bool {
	return h[i].at < h[j].at || h[i].at == h[j].at && h[i].made < h[j].made
}
func (h happenings) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *happenings) Push(x any)   { *h = append(*h, x.(happening)) }
func (h *happenings) Pop() any {
	last := len(*h) - 1
	one := (*h)[last]
	*h = (*h)[:last]
	return one
}

type testNode struct {
	*Node
	lan     *lan
	i       int
	addr    netip.AddrPort
	source  *rand.PCG
	off     bool
	cut     bool // its path to the DNS server is cut
	results map[uint64]*Result
	logs    []string
	wakeAt  time.Duration
	nextID  uint64
	skew    time.Duration // this host's clock - the LAN's
	said    uint64        // the number of its last message
	seq     uint64        // of the last one that somebody made in its name
}

// first is the host's first server.
func (n *testNode) first() ServerStatus { return n.Status(n.clock()).Servers[0] }

// isBorn makes the host's node, which has said nothing yet.
func (n *testNode) isBorn(self wire.Peer) {
	n.Node = New(Config{Self: self, Rand: rand.New(n.source), Version: "test"})
}

// clock is the time on this host.
func (n *testNode) clock() time.Duration { return n.lan.now + n.skew }

const seed = 1

// lanStart is the LAN's clock when it is made.
const lanStart = time.Hour

// passage is how long a datagram is under way.
const passage = 400 * time.Microsecond

// tb is what tests, benchmarks and properties have in common.
type tb interface {
	Helper()
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func newLAN(t tb, hosts int) *lan {
	l := &lan{
		t: t, now: lanStart, rand: rand.New(rand.NewPCG(seed, 0)),
		server:  netip.MustParseAddrPort("192.0.2.53:53"),
		answers: map[string]string{}, asked: map[dns.Question]int{},
		ttl: 60 * time.Second, delay: 5 * time.Millisecond,
	}
	for i := range hosts {
		l.addNode(i, 0)
	}
	for _, n := range l.nodes {
		n.handle(Configure{l.settings()})
	}
	return l
}

func (l *lan) addNode(i int, restart uint64) *testNode {
	n := &testNode{
		lan: l, i: i, addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, byte(i / 250), byte(i%250 + 1)}), 7353),
		results: map[uint64]*Result{}, seq: 1 << 40,
	}
	n.source = rand.NewPCG(seed, uint64(i)+restart)
	n.isBorn(wire.Peer{ID: uint64(i) + 1, Epoch: uint64(i) + 1000 + restart})
	if i < len(l.nodes) {
		l.nodes[i] = n
	} else {
		l.nodes = append(l.nodes, n)
	}
	return n
}

func (l *lan) settings() Settings {
	s := Defaults()
	s.FetchAhead = false
	s.Servers = []Server{{Addr: l.server, ID: dns.HashServer(l.server)}}
	s.Shares, s.Links, s.Place = true, []Link{{Index: 1, Name: "eth0", IPv4: true}}, 7
	return s
}

func (l *lan) at(t time.Duration, f func(time.Duration)) {
	l.made++
	heap.Push(&l.events, happening{at: max(t, l.now), made: l.made, run: f})
}

// run lets time pass.
func (l *lan) run(d time.Duration) {
	end := l.now + d
	for len(l.events) > 0 && l.events[0].at <= end {
		e := heap.Pop(&l.events).(happening)
		l.now = e.at
		e.run(l.now)
	}
	l.now = end
}

func (n *testNode) handle(in Input) {
	if n.off {
		return
	}
	effects := append([]Effect(nil), n.Handle(n.clock(), in)...)
	for _, e := range effects {
		if n.lan.onEffect != nil {
			n.lan.onEffect(n, e)
		}
		n.do(e)
	}
	at, ok := n.NextWake(n.clock())
	if ok && at <= n.clock() {
		n.lan.t.Errorf("host %d wants to be woken %v ago: a driver would spin (seed %d)", n.i, n.clock()-at, seed)
	}
	if at -= n.skew; ok && (n.wakeAt <= n.lan.now || at < n.wakeAt) {
		n.wakeAt = at
		n.lan.at(at, func(time.Duration) { n.handle(Wake{}) })
	}
}

func (n *testNode) do(e Effect) {
	l := n.lan
	switch e := e.(type) {
	case Send:
		l.sent, n.said = append(l.sent, e.Message), e.Message.Seq
		for _, to := range l.nodes {
			lost := l.rand.Float64() < l.loss || !e.To.IsValid() && l.silent[n.i] || e.To.IsValid() && l.unheard
			if to == n || e.To.IsValid() && to.addr != e.To || lost {
				continue
			}
			in := Received{Message: e.Message, From: n.addr, Link: 1, Group: !e.To.IsValid()}
			for _, late := range l.copies(n, to, in) {
				l.at(l.now+late, func(time.Duration) { to.handle(in) })
			}
		}
	case Ask:
		l.ask(n, e)
	case Respond:
		r := e.Result
		if n.results[e.ID] != nil {
			l.t.Errorf("host %d: query %d was answered twice (seed %d)", n.i, e.ID, seed)
		}
		n.results[e.ID] = &r
		n.checkAge(r)
	case Pull:
		l.pull(n, e)
	case Log:
		n.logs = append(n.logs, fmt.Sprint(e.Text, e.Args))
	}
}

func (l *lan) copies(from, to *testNode, in Received) []time.Duration {
	if l.mangle == nil {
		return []time.Duration{passage}
	}
	return l.mangle(from, to, in)
}

// checkAge holds the promise that no host takes an answer for younger than it
// is, whatever happened to it on its way: births are in milliseconds, offsets
// may rise by 200 ppm (PROTOCOL 1.2).
func (n *testNode) checkAge(r Result) {
	l := n.lan
	if r.Answer == nil || r.Answer.Birth.ID == 0 || r.Answer.Birth.ID > uint64(len(l.nodes)) {
		return
	}
	origin := l.nodes[r.Answer.Birth.ID-1]
	truth := origin.clock() - r.Answer.Birth.Clock
	if origin.self() != r.Answer.Birth.Peer {
		return // born in an earlier run, on a clock that is gone
	}
	if slack := time.Millisecond + (l.now-lanStart)/5000; r.Age < truth-slack {
		l.t.Errorf("host %d: %v of host %d is %v old and was served as %v old (seed %d)",
			n.i, r.Answer.Question, origin.i, truth, r.Age, seed)
	}
}

func (l *lan) ask(n *testNode, e Ask) {
	if s := l.servers[e.Server]; s != nil {
		s.ask(n, e)
		return
	}
	if l.neighbours != nil && l.neighbours.hold(n, e) {
		return
	}
	l.asked[e.Question]++
	if l.onAsk != nil {
		l.onAsk(e)
	}
	if (l.dead || n.cut) && e.Server == l.server || l.askLoss > 0 && l.rand.Float64() < l.askLoss {
		return
	}
	if l.deadCorp && e.Server == corp.Addr {
		return
	}
	answer, failure := l.answer(e.Question)
	if e.Server == l.sick {
		answer, failure = nil, Refused
	}
	l.at(l.now+l.delay+l.slow[e.Question.Name], func(time.Duration) { n.handle(Replied{Ask: e.ID, Answer: answer, Failure: failure}) })
}

func (l *lan) answer(q dns.Question) (*dns.Answer, Failure) {
	if l.refuses {
		return nil, Refused
	}
	if records, ok := l.raw[q.String()]; ok {
		a, err := dns.ParseAnswer(q, 0, records)
		if err != nil {
			l.t.Fatal(err)
		}
		return a, 0
	}
	data, ok := l.answers[q.Name]
	typ := map[uint16]string{dns.TypeA: "A", dns.TypeAAAA: "AAAA"}[q.Type]
	soa := fmt.Sprintf("example. %d IN SOA ns.example. root.example. 1 2 3 4 %d", int(l.ttl.Seconds()), int(l.ttl.Seconds()))
	var a *dns.Answer
	var err error
	switch {
	case !ok:
		a, err = dns.ParseAnswer(q, 3, []string{soa})
	case data == "" || typ == "":
		a, err = dns.ParseAnswer(q, 0, []string{soa})
	default:
		a, err = dns.ParseAnswer(q, 0, []string{fmt.Sprintf("%s %d IN %s %s", q.Name, int(l.ttl.Seconds()), typ, data)})
	}
	if err != nil {
		l.t.Fatalf("answer to %v: %v", q, err)
	}
	return a, 0
}

// pull copies what the peer exports, page by page.
func (l *lan) pull(n *testNode, e Pull) {
	if l.opens != nil && l.opens(n, e) {
		return
	}
	if l.stall > 0 && l.rand.Float64() < l.stall {
		l.at(l.now+2*time.Second, func(time.Duration) { n.handle(Pulled{Pull: e.ID, Done: true}) })
		return
	}
	for _, peer := range l.nodes {
		if peer.addr != e.Addr || peer.off {
			continue
		}
		stream := peer.id()
		for {
			var page Page
			for _, out := range peer.Handle(peer.clock(), PageWanted{Stream: stream, Want: e.Want}) {
				if p, ok := out.(Page); ok {
					page = p
				}
			}
			in := Pulled{Pull: e.ID, From: peer.self(), Sent: page.Sent, Answers: page.Answers, Next: page.Next, Done: page.End, Whole: page.End && !page.Busy}
			l.at(l.now, func(time.Duration) { n.handle(in) })
			if page.End {
				peer.Handle(peer.clock(), StreamClosed{Stream: stream})
				return
			}
		}
	}
	l.at(l.now, func(time.Duration) { n.handle(Pulled{Pull: e.ID, Done: true}) })
}

func question(name string) dns.Question { return dns.Question{Name: name, Type: dns.TypeA} }

// query begins a lookup and returns where its result will be.
func (n *testNode) query(name string) func() *Result {
	n.nextID++
	id := n.nextID
	n.handle(Lookup{ID: id, Question: question(name)})
	return func() *Result { return n.results[id] }
}

// lookup begins a lookup, waits for it and fails the test if it has no result.
func (n *testNode) lookup(name string) (Result, time.Duration) {
	n.lan.t.Helper()
	began, result := n.lan.now, n.query(name)
	for result() == nil && n.lan.now < began+time.Minute {
		n.lan.run(time.Millisecond)
	}
	if result() == nil {
		n.lan.t.Fatalf("host %d: no result for %s after a minute (seed %d)", n.i, name, seed)
	}
	return *result(), n.lan.now - began
}

// settle lets the hosts find each other.
func (l *lan) settle() { l.run(5 * time.Second) }
