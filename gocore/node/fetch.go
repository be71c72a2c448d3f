package node

import (
	"slices"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/upstream"
)

// Why a question goes to the DNS servers.
type purpose uint8

const (
	demand      purpose = iota // a program waits
	renewing                   // an answer in use is about to expire
	probe                      // to learn whether a server answers
	viaFallback                // all servers are down
	ahead                      // a program will ask for it next
)

// A fetch asks the servers one question, one after another and again, until
// one answers or its time is up.
type fetch struct {
	no       uint64 // no other of this run has it
	q        dns.Question
	asker    uint32
	kind     purpose
	began    time.Duration
	deadline time.Duration
	listens  time.Duration // until then a reply is of use
	tries    []try
	sends    int
	underway
	done bool
	said dns.RcodeError // by the server that last said something
	// ordered: it keeps to the order of the servers; by is a later one that answered while
	// an earlier may still do. failed: it ended without an answer, which may still come.
	// own are the options of all who wait, allowed is the longest time that any of them
	// gives it (options.go).
	own     Options
	allowed time.Duration
	ordered bool
	by      upstream.ID
	failed  bool
}

// What of a fetch is under way: at is the server that was asked last, by the last ask.
type underway struct {
	asks  []uint64
	late  []uint64 // asks whose replies are of use though it is done
	turns uint64   // that were given to servers
	at    upstream.ID
	last  uint64
}

// A try is how far a fetch has got with one server.
type try struct {
	server upstream.ID
	to     upstream.Server
	sent   int
	began  time.Duration // when it was first asked
	turn   uint64        // its turn, 0 if that has no end
	failed bool          // it said that it has no answer
	passed bool          // its turn is over; its reply may still come
	// nowhere: what was sent did not reach it, as the network says.
	nowhere bool
}

// An ask is one question to one server.
type ask struct {
	fetch  *fetch
	server upstream.ID
	to     upstream.Server
	sent   time.Duration
	over   bool // counted as a time-out, or unreachable
	tcp    bool // by a program's own wish: no evidence for or against the server
}

// Bounds of one fetch (as unbound's; more tries, see maxTries).
const (
	maxTries = 10 // of one server: with 5, one lookup in 50 fails where a fifth of all frames is lost
	maxSends = 32
	// A fallback server is asked to the end of the three seconds, each as long after
	// the last: with ten tries, done after 1.4 s, a lookup in 20,000 failed there.
	fallbackTries = 18
)

// startFetch asks the servers, unless they are being asked the same already.
func (n *Node) startFetch(now time.Duration, q dns.Question, kind purpose) {
	servers := n.order.Servers(q)
	if kind == viaFallback {
		servers = n.upstream.Fallback()
	}
	p := n.pending[q]
	if p == nil {
		p = n.pend(q, Itself)
	}
	if p.fetch != nil && (p.fetch.kind == viaFallback || kind != viaFallback) {
		return
	}
	n.abandon(now, p)
	p.fetch, p.said = n.newFetch(now, q, kind, servers), dns.RcodeError{}
	p.fetch.asker = p.asker
	n.sendNext(now, p.fetch)
}

func (n *Node) newFetch(now time.Duration, q dns.Question, kind purpose, servers upstream.List) *fetch {
	f := &fetch{q: q, kind: kind, began: now}
	f.no = n.fetches.add(f)
	f.own, f.allowed = n.wanted(n.pending[q], kind, servers.Len())
	f.deadline, f.listens = now+n.fetchTime(now, f), now+f.allowed
	rotates := n.set.Rotate || f.own.Rotate
	f.ordered = kind != viaFallback && !rotates
	shift := 0
	if rotates && servers.Len() > 0 {
		shift = n.rand.IntN(servers.Len())
	}
	for i := range servers.Len() {
		id, to := servers.At((i + shift) % servers.Len())
		f.tries = append(f.tries, try{server: id, to: to})
	}
	n.after(now, f.deadline-now, timer{kind: fetchTimer, key: f.no})
	return f
}

// fetchTime is how long a fetch may take: a lookup's time leaves the group its turn.
func (n *Node) fetchTime(now time.Duration, f *fetch) time.Duration {
	return n.deadline(now, f.allowed) - 2*n.share.Patience()
}

// timeIsUp ends a fetch, unless a server came up meanwhile: then it may take longer. It
// was asked again when it came up, and is listened to.
func (n *Node) timeIsUp(now time.Duration, f *fetch, _ timer) {
	if f.kind == probe {
		n.fetchFailed(now, f)
		return
	}
	f.deadline = f.began + n.fetchTime(now, f)
	if now >= f.deadline {
		if !n.goOnForPatient(now, f) {
			n.fetchFailed(now, f)
		}
		return
	}
	f.sends = maxSends
	n.after(now, f.deadline-now, timer{kind: fetchTimer, key: f.no})
}

// sendNext asks the next server. When all have been asked often enough, late
// replies are waited for until the deadline: a slow answer is an answer.
func (n *Node) sendNext(now time.Duration, f *fetch) {
	t := n.next(now, f)
	if f.done || t == nil || n.ofNoUse(f, t) {
		if !f.done && (t != nil || f.refused()) {
			n.fetchFailed(now, f)
		}
		return
	}
	t.sent++
	f.sends++
	id := n.id()
	f.at, f.last = t.server, id
	if t.sent == 1 {
		n.timeTurn(now, f, t)
	}
	n.emitAsk(now, f, id, t, f.own.TCP)
	n.after(now, n.upstream.Wait(t.server, t.sent), timer{kind: overdueTimer, key: id})
}

// emitAsk puts a fetch's question to a server.
func (n *Node) emitAsk(now time.Duration, f *fetch, id uint64, t *try, tcp bool) {
	n.asks[id] = &ask{fetch: f, server: t.server, to: t.to, sent: now, tcp: tcp}
	f.asks = append(f.asks, id)
	n.countAsk(f.kind)
	n.emit(Ask{ID: id, Server: t.to.Addr, Question: f.q, Asker: f.asker, Patience: f.listens - now, TCP: tcp})
}

// asked is the server that was asked last.
func (f *fetch) asked() *try {
	i := slices.IndexFunc(f.tries, func(t try) bool { return t.server == f.at })
	return &f.tries[i]
}

// askedAt is when a server was first asked.
func (f *fetch) askedAt(id upstream.ID) time.Duration {
	for i := range f.tries {
		if f.tries[i].server == id && f.tries[i].began != 0 {
			return f.tries[i].began
		}
	}
	return f.began
}

func fetchOver(n *Node, t timer) bool {
	f := n.fetches.of[t.key]
	return f == nil || f.done
}

func askOver(n *Node, t timer) bool {
	a := n.asks[t.key]
	return a == nil || a.fetch.done
}

func (n *Node) countAsk(kind purpose) {
	switch kind {
	case renewing:
		n.count(UpstreamRefresh)
	case probe:
		n.count(UpstreamProbe)
	case ahead:
		n.count(UpstreamAhead)
	default:
		n.count(UpstreamAsked)
	}
}

// next picks the first server of the list whose turn it is. Where there is none, or no
// order, it is the one in the best state that was asked least.
func (n *Node) next(now time.Duration, f *fetch) *try {
	if f.sends >= maxSends {
		return nil
	}
	for i := range f.tries {
		switch t := &f.tries[i]; {
		case !f.ordered || t.failed || t.passed || !n.upstream.Askable(now, t.server):
		case t.sent >= maxTries:
			return nil // it has time to answer until its turn ends
		default:
			return t
		}
	}
	return n.leastAsked(f)
}

func (n *Node) leastAsked(f *fetch) *try {
	var best *try
	var bestState upstream.State
	for i := range f.tries {
		t := &f.tries[i]
		if t.failed || t.sent >= f.mostTries() {
			continue
		}
		state := n.upstream.State(t.server)
		if best == nil || state < bestState || state == bestState && t.sent < best.sent {
			best, bestState = t, state
		}
	}
	return best
}

func (f *fetch) mostTries() int {
	if f.kind == viaFallback {
		return fallbackTries
	}
	return maxTries
}

// refused reports whether every server said that it has no answer.
func (f *fetch) refused() bool {
	for i := range f.tries {
		if !f.tries[i].failed {
			return false
		}
	}
	return true
}

// overdue comes when a server has taken longer than it usually does. The
// reply may still come; meanwhile the next try goes out.
func (n *Node) overdue(now time.Duration, t timer) {
	id := t.key
	a := n.asks[id]
	if a == nil || a.fetch.done {
		return
	}
	if !a.over {
		a.over = true
		if !a.tcp {
			n.upstream.Replied(now, a.server, a.became(upstream.Silent))
		}
	}
	switch {
	case a.fetch.done || a.fetch.last != id: // it went on meanwhile
	case n.inVain(a.fetch):
		p := n.pending[a.fetch.q]
		n.abandon(now, p)
		n.drop(p)
	default:
		n.sendNext(now, a.fetch)
	}
}

// inVain reports whether a question is put to servers that are known to be down,
// while nobody waits. It is not repeated: what a kernel holds back until it finds
// the server's address leaves all at once when the server is back.
func (n *Node) inVain(f *fetch) bool {
	p := n.pending[f.q]
	return p != nil && p.fetch == f && len(p.waiters) == 0 && f.kind != viaFallback && n.order.DownFor(f.q) && !n.upstream.Hearsay()
}

func (n *Node) replied(now time.Duration, in Replied) {
	a := n.asks[in.Ask]
	if a == nil {
		return
	}
	delete(n.asks, in.Ask)
	if !a.tcp {
		n.noteSaid(now, in, a)
	}
	switch {
	case in.Answer != nil:
		if a.fetch.done && a.fetch.by == 0 && !a.fetch.failed {
			return // abandoned: it shows that the server answers, no more
		}
		if n.order.Rebinds(in.Answer) {
			n.holdBack(now, a.fetch)
			return
		}
		n.fetched(now, a, in.Answer)
	case a.beside(): // its fetch goes on by UDP
	case in.Failure == Refused:
		a.fetch.said = in.Said
		a.fetch.fail(a.server)
		if a.fetch.at == a.server || a.fetch.refused() {
			n.sendNext(now, a.fetch)
		}
	case in.Failure == Unreachable:
		n.unreachable(now, in.Ask, a)
	}
}

// noteSaid takes a reply as evidence.
func (n *Node) noteSaid(now time.Duration, in Replied, a *ask) {
	switch {
	case in.Answer != nil:
		n.upstream.Replied(now, a.server, a.became(upstream.Answered))
	case in.Failure == Refused:
		n.upstream.Replied(now, a.server, a.became(upstream.Refused))
	}
}

// became says what became of an ask.
func (a *ask) became(what upstream.Outcome) upstream.Reply {
	return upstream.Reply{
		Outcome: what, Question: a.fetch.q, Sent: a.sent, Began: a.fetch.askedAt(a.server), Probe: a.fetch.kind == probe,
	}
}

// miss notes that a server cannot be reached: its turn is over.
func (f *fetch) miss(id upstream.ID) {
	for i := range f.tries {
		if f.tries[i].server == id {
			f.tries[i].nowhere, f.tries[i].passed = true, true
		}
	}
}

// nowhere reports whether no server can be reached.
func (f *fetch) nowhere() bool {
	return !slices.ContainsFunc(f.tries, func(t try) bool { return !t.nowhere })
}

func (f *fetch) fail(id upstream.ID) {
	for i := range f.tries {
		if f.tries[i].server == id {
			f.tries[i].failed = true
		}
	}
}

// unreachable is a send error or an ICMP error. Another server is asked at
// once; the same one only when its time-out would have come, since it would
// fail as fast again.
func (n *Node) unreachable(now time.Duration, id uint64, a *ask) {
	if a.over {
		return
	}
	a.over = true
	n.asks[id] = a // its timer is still to come
	a.fetch.miss(a.server)
	if !a.tcp {
		n.upstream.Replied(now, a.server, a.became(upstream.Unreachable))
	}
	n.giveUpNowhere(now, a.fetch)
	if t := n.next(now, a.fetch); !a.fetch.done && t != nil && t.server != a.server && a.fetch.last == id {
		delete(n.asks, id)
		n.sendNext(now, a.fetch)
	}
}

// fetched takes in what a server said. Of a later server than the current one it is
// lent alone, and a probe of such a one was no question.
func (n *Node) fetched(now time.Duration, a *ask, raw *dns.Answer) {
	f := a.fetch
	answer := *raw
	answer.Birth = dns.Birth{Peer: n.share.Self(), Clock: now.Truncate(time.Millisecond)}
	answer.Server = a.to.ID
	stands := n.order.Now(a.server, f.q)
	if f.done && !n.isLate(f, stands) {
		return
	}
	n.endBy(now, f, a.server, stands)
	switch {
	case f.kind == probe && (!stands.Good || f.q == upstream.RootSOA && n.pending[f.q] == nil):
		return // nobody asked for it
	case n.denied(now, &answer, stands):
		return
	case stands.Good:
		n.keep(now, &answer, f.kind)
	case !f.own.Rotate: // else it is theirs alone who want any server's
		n.lend(now, &answer)
	}
	n.failures.Clear(f.q)
	if p := n.pending[f.q]; p != nil {
		asked := len(p.waiters)
		for range asked {
			n.cache.Touch(now, answer.Question) // its first use is one: room is kept by use
		}
		n.end(now, p, outcome{fetched: &answer, ttl: n.lifeOf(now, &answer)}) // even if it is not kept
		if asked > 0 {
			n.fetchAhead(now, &answer)
		}
	}
}

// isLate reports whether an answer that comes after the end of its fetch is of use.
func (n *Node) isLate(f *fetch, stands cache.Standing) bool {
	if f.by != 0 {
		return stands.Nth < n.order.Now(f.by, f.q).Nth
	}
	return f.failed && stands.Good
}

// durable is how long the group is taken to hold what it was told.
const durable = 6 * time.Hour

// keep puts what a server said into the cache and tells the group.
func (n *Node) keep(now time.Duration, a *dns.Answer, kind purpose) {
	held := n.cache.Get(now, a.Question)
	n.compare(held, a)
	known := held.Held() && held.Age(now) < durable
	n.put(now, cache.Arrival{Answer: a, Place: n.set.Place, Mine: true})
	delete(n.loans, n.key.Hash(a.Question))
	n.share.Fetched(now, a, kind == renewing, known)
}

// denied serves a positive answer of an earlier server in the place of a later one's
// denial, and takes that for a failure: the name is not asked for again at once.
func (n *Node) denied(now time.Duration, a *dns.Answer, stands cache.Standing) bool {
	e := n.usable(now, a.Question)
	if a.Kind == dns.Positive || !e.Held() || e.Answer.Kind != dns.Positive || n.order.Of(e).Nth >= stands.Nth {
		return false
	}
	n.failures.Remember(now, a.Question, dns.RcodeError{})
	if p := n.pending[a.Question]; p != nil {
		n.end(now, p, outcome{held: e})
	}
	return true
}

// endBy ends a fetch that a server answered. What an earlier one may still say shows that
// it is well, and replaces the answer of a later one.
func (n *Node) endBy(now time.Duration, f *fetch, server upstream.ID, stands cache.Standing) {
	if f.done || stands.Nth == 0 || !f.ordered {
		n.endFetch(f)
		return
	}
	f.by = server
	n.endLater(now, f)
}

// fetchFailed ends a fetch that brought no answer. It deletes and shortens
// nothing: what is held is worth more than nothing.
func (n *Node) fetchFailed(now time.Duration, f *fetch) {
	if f.done {
		return
	}
	f.failed = f.kind != probe
	n.endLater(now, f)
	p := n.pending[f.q]
	if p == nil {
		return
	}
	if f.kind == probe || len(p.waiters) == 0 {
		n.drop(p) // nobody waits: the group is not asked either
		return
	}
	p.said, p.apart = f.said, f.own.apart()
	if e := n.usable(now, f.q); e.Held() {
		n.rememberFailure(now, p)
		n.end(now, p, outcome{held: e})
		return
	}
	if n.order.DownFor(f.q) && f.kind != viaFallback {
		n.resolveWhileDown(now, p)
		return
	}
	if f.kind == viaFallback && n.order.Young(now, f.q) {
		n.startFetch(now, f.q, demand) // a fallback server that refuses is not to cost what the own may say yet
	}
	n.askGroup(now, p)
}

// endFetch forgets a fetch and its asks.
func (n *Node) endFetch(f *fetch) {
	f.done = true
	for _, id := range f.asks {
		delete(n.asks, id)
	}
	if f.kind == renewing {
		delete(n.refresh, n.key.Hash(f.q))
	}
	if len(f.late) == 0 {
		delete(n.fetches.of, f.no)
	}
	if p := n.pending[f.q]; p != nil && p.fetch == f {
		p.fetch = nil
	}
}

// abandon ends the fetch of a pending question without an outcome. Its asks stay
// until they are of no use: a reply still shows that its server answers.
func (n *Node) abandon(now time.Duration, p *pending) {
	f := p.fetch
	if f == nil {
		return
	}
	n.endLater(now, f)
}

// endLater ends a fetch whose replies are still of use, unless they are too many.
func (n *Node) endLater(now time.Duration, f *fetch) {
	if len(f.asks) == 0 || now >= f.listens || len(n.asks) > maxPending {
		n.endFetch(f)
		return
	}
	f.late, f.asks = f.asks, nil
	n.endFetch(f)
	n.after(now, f.listens-now, timer{kind: lateTimer, key: f.no})
}

// forgetLate comes when no reply is of use any more.
func (n *Node) forgetLate(_ time.Duration, t timer) {
	f := n.fetches.of[t.key]
	for _, id := range f.late {
		delete(n.asks, id)
	}
	delete(n.fetches.of, f.no)
}

// put hands an answer to the cache.
func (n *Node) put(now time.Duration, in cache.Arrival) cache.Outcome {
	out, dropped := n.cache.Put(now, in, n.limits())
	for range dropped {
		n.count(Evicted)
	}
	if dropped > 0 {
		n.noteFull()
	}
	return out
}
