package sim

import (
	"net/netip"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// Mode is what is wrong with a DNS server.
type Mode uint8

const (
	ServerUp      Mode = iota
	ServerOff          // gone: nothing comes back
	ServerRefuses      // no DNS server on the machine: port unreachable
	ServerFails        // SERVFAIL to everything: its own uplink is dead
	ServerFlaps        // up and off by turns, FlapEvery each
	ServerLies         // NXDOMAIN for every name
	ServerPartial      // SERVFAIL for half of the names
)

// FlapEvery is how long a flapping server stays up or off.
const FlapEvery = 7 * time.Second

// A Server is a DNS server of the site.
type Server struct {
	Index int
	Addr  netip.AddrPort
	ID    dns.ServerID
	Mode  Mode
	Reply time.Duration // how long it takes
	Loss  float64       // of questions and replies

	// Asked counts the questions that arrived.
	Asked uint64
	since time.Duration // of the last change
	well  time.Duration // since when it answers in time; never if it does not
	ill   time.Duration // when it last did not
}

const never = time.Duration(-1)

func newServer(i int, opt Options) *Server {
	a := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 77, 255, byte(i + 1)}), 53)
	return &Server{Index: i, Addr: a, ID: dns.HashServer(a), Reply: opt.Reply, Loss: opt.ServerLoss, ill: never}
}

// answersInTime is the wait that a node grants a server it knows nothing of
// (PROTOCOL 5.2): a server slower than that may be overrun by a stale answer.
const answersInTime = 250 * time.Millisecond

// healthy reports whether whoever asks the server gets an answer in time.
func (s *Server) healthy() bool {
	return (s.Mode == ServerUp || s.Mode == ServerLies) && s.Reply < answersInTime && s.Loss == 0
}

// Set changes what is wrong with the server.
func (w *World) Set(s *Server, m Mode) {
	w.note(6, uint64(s.Index), uint64(m))
	w.change(s, func() { s.Mode, s.since = m, w.now })
}

// Slow sets how long the server takes to answer.
func (w *World) Slow(s *Server, reply time.Duration) {
	w.note(7, uint64(s.Index), uint64(reply))
	w.change(s, func() { s.Reply = reply })
}

// ServerLoss sets the share of questions and replies lost.
func (w *World) ServerLoss(s *Server, loss float64) {
	w.change(s, func() { s.Loss = loss })
}

func (w *World) change(s *Server, f func()) {
	was := s.healthy()
	f()
	if was {
		s.ill = w.now
	}
	if !was && s.healthy() {
		s.well, s.ill = w.now, w.now
	}
	w.Checks.disturbed(w)
}

// An asking is a question to a DNS server whose reply is on its way.
type asking struct {
	q      dns.Question
	at     time.Duration
	server *Server
}

// ask carries a question to a server and, most times, a reply back.
func (w *World) ask(h *Host, e node.Ask) {
	s := w.serverAt(e.Server)
	w.Tally.Asked++
	w.note(8, uint64(h.Index), e.ID, e.Question.Hash())
	w.trace.ask(w, h, s, e)
	if s == nil {
		return
	}
	a := &asking{q: e.Question, at: w.now, server: s}
	h.asks[e.ID], h.hasAsked = a, true
	r, after := w.outcome(h, s, e)
	if r.Answer == nil || after > answersInTime {
		h.lastBad = w.now // this question is excused from being answered freshly
		w.Checks.badAsk(w, h, e.Question)
	}
	if after > e.Patience {
		r, after = node.Replied{Ask: e.ID, Failure: node.Silent}, e.Patience
	}
	w.queue.Push(w.now+after, event{kind: evReply, host: int32(h.Index), run: h.run, what: r})
}

func (w *World) serverAt(a netip.AddrPort) *Server {
	for _, s := range w.servers {
		if s.Addr == a {
			return s
		}
	}
	return nil
}

// outcome is what becomes of a question, and how long that takes.
func (w *World) outcome(h *Host, s *Server, e node.Ask) (node.Replied, time.Duration) {
	silent := node.Replied{Ask: e.ID, Failure: node.Silent}
	n := w.number()
	if h.cut[s.Index] || s.off(w.now) || chance(w.opt.Seed, 7, n) < s.Loss {
		return silent, e.Patience
	}
	const unreachable = time.Millisecond
	if s.Mode == ServerRefuses {
		return node.Replied{Ask: e.ID, Failure: node.Unreachable}, unreachable
	}
	s.Asked++
	if chance(w.opt.Seed, 8, n) < s.Loss {
		return silent, e.Patience
	}
	a := w.zone.Answer(e.Question, w.now)
	switch {
	case s.Mode == ServerFails, s.Mode == ServerPartial && e.Question.Hash()%2 == 0, a == nil:
		return node.Replied{Ask: e.ID, Failure: node.Refused, Said: dns.RcodeError{Rcode: dns.RcodeServerFailure}}, s.Reply
	case s.Mode == ServerLies:
		a = nameless(e.Question)
	}
	own := *a // the node fills in birth and server
	return node.Replied{Ask: e.ID, Answer: &own}, s.Reply
}

func (s *Server) off(now time.Duration) bool {
	return s.Mode == ServerOff || s.Mode == ServerFlaps && (now-s.since)/FlapEvery%2 == 0
}

// reply brings a server's reply, or the news that there is none, to the host.
func (w *World) reply(e event) {
	h := w.hosts[e.host]
	r := e.what.(node.Replied)
	if !h.up || h.run != e.run {
		return
	}
	a := h.asks[r.Ask]
	delete(h.asks, r.Ask)
	if h.asleep {
		h.missed(a)
		return
	}
	w.note(9, uint64(h.Index), r.Ask, uint64(r.Failure))
	if r.Answer != nil {
		w.births.fetched(w, h, a)
	}
	w.trace.reply(w, h, a, r)
	h.replied = a
	w.handle(h, r)
	h.replied = nil
}

// missed notes that nobody was awake to take a reply: the lookups that waited for it
// are past their patience when the host wakes, whatever the server did. Later ones
// have no excuse.
func (h *Host) missed(a *asking) {
	for _, l := range h.seen {
		l.missed = l.missed || a != nil && l.q == a.q
	}
}

// nameless is the answer of a server that knows no name.
func nameless(q dns.Question) *dns.Answer {
	a, err := dns.ParseAnswer(q, 3, []string{". 60 IN SOA a.root. hostmaster.root. 1 3600 600 86400 60"})
	if err != nil {
		panic(err)
	}
	return a
}
