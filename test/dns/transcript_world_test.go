package dns

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	miekg "github.com/miekg/dns"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
	"mcdns/test/world"
)

// A scene is one node, its DNS servers and one peer, on a virtual clock.
type scene struct {
	*world.LAN
	t       *testing.T
	node    *world.Host
	set     node.Settings
	zone    map[string]string // "name. TYPE" -> what servers say
	servers map[string]*fake
	lines   []string
	waiting map[uint64]dns.Question
	equal   map[string]int // results of one moment
	nextID  uint64
	epoch   uint64
	peerSeq uint64
}

type fake struct {
	name string
	mode string
	slow time.Duration
}

// began is when a case begins, on the node's clock.
const began = time.Hour

const replyTime = 20 * time.Millisecond

var (
	serverAddrs = map[string]netip.AddrPort{
		"s1": netip.MustParseAddrPort("203.0.113.1:53"), "s2": netip.MustParseAddrPort("203.0.113.2:53"),
		"f1": netip.MustParseAddrPort("203.0.113.9:53"), "site": netip.MustParseAddrPort("10.0.0.1:53"),
		"corp": netip.MustParseAddrPort("203.0.113.80:53"),
	}
	peerAddr = netip.MustParseAddrPort("10.0.0.2:7353")
	thePeer  = wire.Peer{ID: 2, Epoch: 22}
)

func newScene(t *testing.T) *scene {
	w := &scene{
		t: t, LAN: newLAN(t, began), zone: map[string]string{}, servers: map[string]*fake{},
		waiting: map[uint64]dns.Question{}, equal: map[string]int{}, epoch: 100,
	}
	for name := range serverAddrs {
		w.servers[name] = &fake{name: name, mode: "up", slow: replyTime}
	}
	w.set = node.Defaults()
	w.set.Servers, w.set.Place, w.set.CacheBytes, w.set.FetchAhead = serverList("s1"), 7, 1<<20, false
	w.start()
	return w
}

func newLAN(t *testing.T, now time.Duration) *world.LAN {
	return world.NewLAN(now, func(fault string) { t.Error(fault) })
}

func serverList(names string) (out []node.Server) {
	for _, n := range strings.Split(names, ",") {
		if a, ok := serverAddrs[n]; ok {
			out = append(out, node.Server{Addr: a, ID: dns.HashServer(a)})
		}
	}
	return out
}

func (w *scene) start() {
	w.epoch++
	w.node = w.Host(node.New(node.Config{Self: wire.Peer{ID: 1, Epoch: w.epoch}, Rand: rand.New(rand.NewPCG(1, w.epoch)), Version: "test"}), w.do)
	w.node.Take(node.Configure{Settings: w.set})
}

func (w *scene) after(d time.Duration, f func()) { w.At(w.Now+d, f) }

func (w *scene) say(format string, args ...any) {
	line := fmt.Sprintf("%.3f ", (w.Now-began).Seconds()) + fmt.Sprintf(format, args...)
	if w.equal[line]++; w.equal[line] == 1 {
		w.lines = append(w.lines, line)
	}
}

// take returns what happened since the last time, equal lines as one.
func (w *scene) take() []string {
	for i, line := range w.lines {
		if n := w.equal[line]; n > 1 {
			w.lines[i] = fmt.Sprintf("%s x%d", line, n)
		}
	}
	out := w.lines
	w.lines, w.equal = nil, map[string]int{}
	return out
}

// do does what the node wants done.
func (w *scene) do(e node.Effect) {
	switch e := e.(type) {
	case node.Ask:
		w.ask(e)
	case node.Respond:
		w.respond(e)
	case node.Send:
		w.send(e)
	case node.Log:
		w.say("log %s", e.Text)
	}
}

func (w *scene) server(addr netip.AddrPort) *fake {
	for name, a := range serverAddrs {
		if a == addr {
			return w.servers[name]
		}
	}
	w.t.Fatalf("no server at %v", addr)
	return nil
}

func flags(q dns.Question) string {
	s := ""
	if q.Flags&dns.DO != 0 {
		s += " do"
	}
	if q.Flags&dns.CD != 0 {
		s += " cd"
	}
	return s
}

func (w *scene) ask(e node.Ask) {
	s := w.server(e.Server)
	look := e.Question.Name == "." // a probe that is no question: left out
	if !look {
		w.say("-> %s %v%s", s.name, e.Question, flags(e.Question))
	}
	says, ok := w.zone[e.Question.String()]
	if !ok {
		says = "NXDOMAIN ; auth . 60 IN SOA a. b. 1 2 3 4 60"
	}
	switch s.mode {
	case "dead":
		return
	case "servfail", "refused", "unreachable":
		says = strings.ToUpper(s.mode)
	}
	if says == "silent" {
		return
	}
	delay := s.slow
	if strings.EqualFold(says, "unreachable") {
		delay = 0
	}
	w.after(delay, func() {
		r, text := replied(e.Question, says)
		r.Ask = e.ID
		if !look {
			w.say("<- %s %s", s.name, text)
		}
		w.node.Take(r)
	})
}

// replied makes of a zone's line what the upstream client would report.
func replied(q dns.Question, says string) (node.Replied, string) {
	if strings.EqualFold(says, "unreachable") {
		return node.Replied{Failure: node.Unreachable}, "unreachable"
	}
	m := new(miekg.Msg)
	m.SetQuestion(q.Name, q.Type)
	m.Response, m.RecursionAvailable = true, true
	for i, part := range strings.Split(says, ";") {
		part = strings.TrimSpace(part)
		if rcode, is := miekg.StringToRcode[part]; i == 0 && is {
			m.Rcode = rcode
			continue
		}
		section := &m.Answer
		if rest, is := strings.CutPrefix(part, "auth "); is {
			part, section = rest, &m.Ns
		} else if rest, is := strings.CutPrefix(part, "add "); is {
			part, section = rest, &m.Extra
		} else if part == "norecursion" {
			m.RecursionAvailable = false
			continue
		}
		rr, err := miekg.NewRR(part)
		if err != nil || rr == nil {
			panic(fmt.Sprintf("%q: %v", part, err))
		}
		*section = append(*section, rr)
	}
	p, err := m.Pack()
	if err != nil {
		panic(err)
	}
	a, err := dns.ParseReply(q, p)
	var rcode *dns.RcodeError
	switch {
	case err == nil:
		return node.Replied{Answer: a}, miekg.RcodeToString[m.Rcode]
	case errors.As(err, &rcode):
		return node.Replied{Failure: node.Refused, Said: *rcode}, miekg.RcodeToString[m.Rcode]
	}
	return node.Replied{Failure: node.Refused}, "useless"
}

var sources = map[node.Source]string{
	node.FromNobody: "nobody", node.FromCache: "cache", node.FromServer: "server", node.FromPeer: "peer", node.FromHere: "here",
}

func (w *scene) respond(e node.Respond) {
	q, waits := w.waiting[e.ID]
	if !waits {
		w.t.Fatalf("a result for nobody: %+v", e)
	}
	delete(w.waiting, e.ID)
	r := e.Result
	if r.Answer == nil {
		said := ""
		if r.Said.Rcode != 0 {
			said = " " + miekg.RcodeToString[r.Said.Rcode]
		}
		w.say("= failure %v%s%s", q, flags(q), said)
		return
	}
	stale := ""
	if r.Stale {
		stale = " STALE"
	}
	w.say("= %s%s ttl=%d from=%s %s", kindOf(r.Answer), stale, int(r.TTL.Seconds()), sources[r.Source], data(r.Answer))
}

func kindOf(a *dns.Answer) string {
	switch a.Kind {
	case dns.NXDomain:
		return "NXDOMAIN"
	case dns.NoData:
		return "NODATA"
	}
	return "NOERROR"
}

// data lists the records' data without owners and TTLs, but for SOAs.
func data(a *dns.Answer) string {
	var out []string
	for _, line := range a.Records() {
		f := strings.Fields(line)
		if f[3] != "SOA" || a.Question.Type == dns.TypeSOA {
			out = append(out, strings.Join(f[3:], " "))
		}
	}
	return strings.Join(out, ", ")
}

// send shows what the group is asked, and plays the peer that proves itself.
func (w *scene) send(e node.Send) {
	switch body := e.Message.Body.(type) {
	case *wire.Query:
		for _, a := range body.Asked {
			w.say("-> group QUERY %v", a.Question)
		}
	case *wire.Announce:
		for _, a := range body.Answers {
			w.say("-> group ANNOUNCE %v age=%v", a.Question, a.Age.Round(time.Second))
		}
	case *wire.Prove:
		nonce := body.Nonce
		w.after(time.Millisecond, func() { w.hear(&wire.Proof{Nonce: nonce}, false) })
	}
}

func (w *scene) hear(body wire.Body, group bool) {
	w.peerSeq++
	m := &wire.Message{From: thePeer, Seq: w.peerSeq, Sent: w.Now.Truncate(time.Millisecond), Body: body}
	w.node.Take(node.Received{Message: m, From: peerAddr, Link: 1, Group: group})
}

func question(f []string) (dns.Question, []string, error) {
	if len(f) < 2 {
		return dns.Question{}, nil, errors.New("want a name and a type")
	}
	typ, ok := dns.TypeNamed(f[1])
	if !ok {
		return dns.Question{}, nil, fmt.Errorf("type %q", f[1])
	}
	q, err := dns.NewQuestion(f[0], typ)
	return q, f[2:], err
}
