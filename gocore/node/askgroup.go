package node

import (
	"cmp"
	"math"
	"net/netip"
	"slices"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/limit"
	"mcdns/gocore/upstream"
	"mcdns/gocore/wire"
)

// A querier asks the group what no DNS server answers and this host does not
// hold (PROTOCOL 3.12).
type querier struct {
	queue      []toAsk
	timed      bool
	late       bool                     // some wait for a datagram beyond queryWindow
	sent       map[uint64]time.Duration // nonces of the last seconds
	own        limit.Bucket             // of QUERY datagrams
	background limit.Bucket             // of those that nobody waits for
	replies    allowance                // what other hosts' QUERYs may cause
}

// A toAsk is a question that waits for a QUERY.
type toAsk struct {
	wire.Asked
	asker uint32
}

// A query is a pending question put to the group; a later one is another.
type query struct {
	no uint64 // of its question's
	// left is how often it is yet to be said; again: it was put once more.
	left  int
	again bool
	// heard is when a peer last asked the same.
	heard time.Duration
}

// A QUERY goes out after 2 ms (both address families together), again every 20
// until it was sent four times, and is given up after 85: within the 100 ms a
// lookup may cost in an outage. With a fifth of all datagrams lost and 8 hosts,
// 40 of 32000 lookups found nothing that the group held when it was sent twice,
// 6 with three times, 1 with four.
//
// Among many hosts most hold what any does, and what nobody knows is asked for by so
// many that it is most of what each receives in an outage: 40 datagrams a second at
// 1000 hosts. There it goes out twice, the second time when every holder has had its
// turn, and the answer comes by unicast as well.
const (
	queryWindow = 2 * time.Millisecond
	queryAgain  = 20 * time.Millisecond
	queryTimes  = 4
	queryFewer  = 2 // among many hosts,
	queryLater  = 40 * time.Millisecond
	queryWait   = 85 * time.Millisecond
	radioWait   = 300 * time.Millisecond // an access point holds multicast back
	nonceLife   = 2 * time.Second
)

// askGroup puts a pending question to the group, or ends it if there is none.
func (n *Node) askGroup(now time.Duration, p *pending) {
	if p.query != nil {
		return
	}
	if !n.set.Shares || !n.heardAnybody() && !n.justStarted(now) || n.set.Secret(p.q) {
		n.nobodyKnows(now, p)
		return
	}
	if p.queried != 0 && now-p.queried < time.Second {
		n.nobodyKnows(now, p) // a moment ago nobody did
		return
	}
	if since, down := n.serversFor(p.q).Down(); down && n.failures.inVain(now, since, n.queryPatience(), p.q) {
		n.nobodyKnows(now, p)
		return
	}
	p.queried = now
	p.queries++
	p.query = &query{no: p.queries}
	n.putQuery(now, p)
}

// putQuery puts a query to the group until its patience ends: twice, if the other
// address family of the name is held. Somebody looked up both then, and a program
// given one alone may be unable to connect; of what one host alone holds every
// answer in 60 is lost at 20 % loss.
func (n *Node) putQuery(now time.Duration, p *pending) {
	no := p.query.no
	p.query.left, _ = n.queryPace()
	n.sayQuery(now, p)
	n.after(now, n.queryPatience(), timer{kind: queryTimer, key: p.made, gen: no})
}

// queryOver comes when the patience of a query ends.
func (n *Node) queryOver(now time.Duration, p *pending, t timer) {
	switch {
	case !p.asks(t.gen):
	case !p.query.again && n.holdsOtherFamily(now, p.q):
		p.query.again = true
		n.putQuery(now, p)
	default:
		n.nobodyKnows(now, p)
	}
}

// asks reports whether the group is being asked by the query of a number.
func (p *pending) asks(no uint64) bool { return p.query != nil && p.query.no == no }

func (n *Node) holdsOtherFamily(now time.Duration, q dns.Question) bool {
	switch q.Type {
	case dns.TypeA:
		q.Type = dns.TypeAAAA
	case dns.TypeAAAA:
		q.Type = dns.TypeA
	default:
		return false
	}
	e := n.usable(now, q)
	return e.Held() && e.Answer.Kind == dns.Positive
}

// sayQuery says it, unless a peer has just done so, as often as is left.
func (n *Node) sayQuery(now time.Duration, p *pending) {
	_, gap := n.queryPace()
	if p.query.heard == 0 || now-p.query.heard >= gap {
		n.queueQuery(now, toAsk{wire.Asked{Question: p.q}, p.asker})
	}
	n.after(now, gap, timer{kind: repeatTimer, key: p.made, gen: p.query.no})
}

func (n *Node) repeatQuery(now time.Duration, p *pending, t timer) {
	if !p.asks(t.gen) {
		return
	}
	if p.query.left--; p.query.left > 0 {
		n.sayQuery(now, p)
	}
}

// queryPace is how often a question is put to the group, and with how much time
// between.
func (n *Node) queryPace() (times int, gap time.Duration) {
	if n.group.N() > manyHosts {
		return queryFewer, queryLater
	}
	return queryTimes, queryAgain
}

// queryPatience is how long the group may take.
func (n *Node) queryPatience() time.Duration {
	if n.wireless() {
		return radioWait
	}
	return queryWait
}

// wireless reports whether all links of this host are.
func (n *Node) wireless() bool {
	for _, l := range n.set.Links {
		if !l.Wireless {
			return false
		}
	}
	return len(n.set.Links) > 0
}

// mayCome reports whether a server may still answer in time, and sees to the end of
// that time.
func (n *Node) mayCome(now time.Duration, f *fetch) bool {
	if f == nil {
		return false
	}
	since, down := n.serversFor(f.q).Down()
	if f.kind == viaFallback || f.own.TCP || !down || n.upstream.Hearsay() {
		return true
	}
	end := f.began // asked before the outage was known
	if f.began >= since {
		end = since
	}
	if end += upstream.LateAnswer; now >= end || f.began >= since && f.nowhere() {
		return false
	}
	n.after(now, end-now, timer{kind: giveUpTimer, key: f.no})
	return true
}

func (n *Node) queueQuery(now time.Duration, a toAsk) {
	if !n.set.Shares || n.set.Secret(a.Question) {
		return
	}
	n.queries.queue = append(n.queries.queue, a)
	n.timeQueries(now, queryWindow)
}

func (n *Node) timeQueries(now, in time.Duration) {
	if !n.queries.timed {
		n.queries.timed = true
		n.after(now, in, timer{kind: flushTimer})
	}
}

// backgroundRate is how many QUERYs a second may be for questions that nobody
// waits for, half of queryRate: on a host that used a stale name every 3 ms they
// took all, and 38 of 50 names that only a peer held failed.
const backgroundRate = queryRate / 2

// background reports whether nobody waits for a question: what was served is held.
func (a toAsk) background() bool { return a.Held != dns.Birth{} }

// inTurn orders what waits: first what programs wait for, one question of each asker in
// a round.
func (q *querier) inTurn() {
	type place struct {
		toAsk
		round int
	}
	rounds := make(map[uint32]int)
	places := make([]place, len(q.queue))
	for i, a := range q.queue {
		if places[i] = (place{a, 0}); !a.background() {
			places[i].round = rounds[a.asker]
			rounds[a.asker]++
		} else {
			places[i].round = math.MaxInt
		}
	}
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(a.round, b.round) })
	for i := range places {
		q.queue[i] = places[i].toAsk
	}
}

// token takes one for a datagram that begins with a, or says how long until there is one.
func (q *querier) token(now time.Duration, a toAsk) time.Duration {
	// In this order, or what is not sent would use up the rate of the rest.
	if a.background() {
		if wait := q.background.Take(now, backgroundRate, backgroundRate); wait > 0 {
			return wait
		}
	}
	return q.own.Take(now, queryRate, queryRate)
}

// fit is how many of those that wait go into one datagram.
func (q *querier) fit(room int) (count int) {
	for _, a := range q.queue {
		if room -= wire.AskedSize(a.Asked); room < 0 {
			break
		}
		count++
	}
	return count
}

// flushQueries sends what waits: first what programs wait for, and the rest where
// there is room beside it or in the few datagrams of its own. Of a flood of names as
// many wait for the next datagram as it holds, some of each asker; the others fail in
// time.
func (n *Node) flushQueries(now time.Duration) {
	q := &n.queries
	q.timed = false
	if q.late { // some of these have their answer meanwhile
		q.queue = slices.DeleteFunc(q.queue, func(a toAsk) bool { return !a.background() && !n.isPut(a.Question) })
		q.late = false
	}
	q.inTurn()
	for len(q.queue) > 0 {
		count := q.fit(n.room(now))
		if wait := q.token(now, q.queue[0]); wait > 0 {
			q.queue = slices.DeleteFunc(q.queue[:count], toAsk.background)
			if q.late = len(q.queue) > 0; q.late {
				n.timeQueries(now, wait)
			}
			return
		}
		body := &wire.Query{Nonce: n.newNonce(now), Wireless: n.wireless()}
		for _, a := range q.queue[:count] {
			body.Asked = append(body.Asked, a.Asked)
		}
		q.queue = q.queue[count:]
		if len(body.Asked) == 0 {
			q.queue = nil // cannot be: a name has at most 255 bytes
			return
		}
		n.count(QueriesSent)
		if n.heardAnybody() {
			n.sendGroup(now, body)
		} else {
			n.sendEverywhere(now, body)
		}
	}
}

// isPut reports whether a question waits for what the group says.
func (n *Node) isPut(q dns.Question) bool {
	p := n.pending[q]
	return p != nil && p.query != nil
}

// justStarted reports whether peers may be there that this host has not heard
// yet: then it asks them blindly, for their answer to its nonce needs no other
// proof. After a restart in an outage nothing else knows the names of the last
// minute.
func (n *Node) justStarted(now time.Duration) bool { return now-n.session.began < n.group.Interval() }

// newNonce makes a nonce whose echo proves that the answerer is alive.
func (n *Node) newNonce(now time.Duration) uint64 {
	nonce := n.rand.Uint64() | 1
	if n.queries.sent == nil {
		n.queries.sent = make(map[uint64]time.Duration)
	}
	n.queries.sent[nonce] = now
	n.after(now, nonceLife, timer{kind: nonceTimer, key: nonce})
	return nonce
}

func (n *Node) nonceOver(_ time.Duration, t timer) { delete(n.queries.sent, t.key) }

// due is a turn to answer a QUERY. Whoever is heard first cancels the others.
type due struct {
	no        uint64
	nonce     uint64
	questions []dns.Question
	to        netip.AddrPort // the asker
	alone     bool           // it is not proven: by unicast only
	both      bool           // by unicast as well: it is on a radio link, or asks less often
}

// A holder's turn to answer comes after rankStep for each doubling of its rank, the
// last at 35 ms.
const (
	rankStep = 5 * time.Millisecond
	rankMost = 127
	lastTurn = 7 * rankStep
)

// heardQuery takes its turn to answer what it holds: by rank, so that the
// first answer silences the rest. m is nil for a stranger.
func (n *Node) heardQuery(now time.Duration, m *group.Member, in Received, body *wire.Query) {
	var turns map[time.Duration]*due // by how long they wait
	left, both := repliesOf(in.Message), body.Wireless || n.group.N() > manyHosts
	for _, asked := range body.Asked {
		e := n.cache.Get(now, asked.Question)
		if m != nil && in.Group {
			n.askedForAll(now, e, asked)
			n.waitBeside(now, m, e, asked)
		}
		if !e.Held() || !n.shareable(e) || !n.younger(now, e, asked.Held) {
			continue
		}
		rank := n.rank(asked.Question)
		if m == nil && rank >= 3 || m != nil && n.answers[asked.Question] != 0 {
			continue // a turn that waits stands: moved on by each repeat, who is ranked far back would never speak
		}
		// Who is not proven may have another's address: it must not use up its share.
		if m != nil && !n.queries.replies.grants(now, in.From.Addr(), &left, n.replySize(now, e, both)) {
			continue
		}
		wait := time.Duration(float64(rankStep) * math.Log2(1+float64(min(rank, rankMost))))
		turn := turns[wait]
		if turn == nil {
			if turns == nil { // most QUERYs find nothing to say
				turns = make(map[time.Duration]*due)
			}
			turn = &due{nonce: body.Nonce, to: in.From, alone: m == nil, both: both}
			turns[wait] = turn
			turn.no = n.turns.add(turn)
			n.after(now, wait, timer{kind: turnToSayTimer, key: turn.no})
		}
		if !turn.alone {
			n.answers[asked.Question] = turn.no
		}
		turn.questions = append(turn.questions, asked.Question)
	}
}

// askedForAll notes that a peer looks for something younger than the very answer
// that is held here: who has it tells the group, so this host need not ask too. In
// an outage of a thousand hosts each asked for each stale name it used, and each
// received 55 QUERYs a second.
func (n *Node) askedForAll(now time.Duration, e cache.Entry, asked wire.Asked) {
	if e.Held() && e.Answer.Birth == asked.Held {
		n.cache.Query(now, asked.Question, n.outage())
	}
}

// waitBeside makes use of another host's QUERY: it replaces this host's own for
// the same name, and if nobody answers it in an outage, asking again at once
// would be as much in vain (PROTOCOL 3.12).
func (n *Node) waitBeside(now time.Duration, m *group.Member, e cache.Entry, asked wire.Asked) {
	q := asked.Question
	if e.Held() || asked.Held != (dns.Birth{}) {
		return
	}
	n.failures.hear(now, n.queryPatience(), m.Peer, q)
	if p := n.pending[q]; p != nil && p.query != nil {
		p.query.heard = now
		n.queries.queue = slices.DeleteFunc(n.queries.queue, func(a toAsk) bool { return a.Question == q })
	}
}

// younger reports whether this host holds something younger than what the
// asker holds. A birth of a host unknown here cannot be compared: then only a
// fresh answer is worth telling.
func (n *Node) younger(now time.Duration, e cache.Entry, held dns.Birth) bool {
	if held == (dns.Birth{}) {
		return true
	}
	if e.Answer.Birth == held {
		return false
	}
	if m := n.group.Get(held.Peer); m != nil {
		return e.Age(now) < m.Clock.Since(now, held.Clock)
	}
	return e.Fresh(now)
}

func (n *Node) replyDue(now time.Duration, t timer) {
	turn := n.turns.of[t.key]
	delete(n.turns.of, t.key)
	n.reply(now, turn)
}

// reply sends the answers whose turn has come and that nobody else gave.
func (n *Node) reply(now time.Duration, turn *due) {
	body, room := &wire.Reply{Nonce: turn.nonce}, n.room(now)
	var long []wire.Long
	for _, q := range turn.questions {
		// A reply by unicast is nobody else's business: neither cancelled by
		// what the group hears, nor does a recorded QUERY cancel a turn.
		if !turn.alone {
			if n.answers[q] != turn.no {
				continue
			}
			delete(n.answers, q)
		}
		e := n.cache.Get(now, q)
		if !e.Held() {
			continue
		}
		size := wire.AgedSize(e.Answer)
		if size > n.room(now) {
			long = append(long, longOf(e))
			continue
		}
		if size > room {
			n.sendReply(now, turn, body)
			body, room = &wire.Reply{Nonce: turn.nonce}, n.room(now)
		}
		body.Answers = append(body.Answers, n.aged(now, e))
		room -= size
	}
	n.sendReply(now, turn, body)
	if len(long) > 0 {
		n.sendLong(now, turn, &wire.Announce{Long: long[:min(len(long), 4)]})
	}
}

// sendLong says which answers are there to be pulled; an asker that is not proven
// does not make this host speak to the group.
func (n *Node) sendLong(now time.Duration, turn *due, body *wire.Announce) {
	if !n.pays(now, turn, body) {
		return
	}
	if turn.alone {
		n.sendTo(now, turn.to, body)
		return
	}
	n.sendGroup(now, body)
}

func (n *Node) sendReply(now time.Duration, turn *due, body *wire.Reply) {
	if len(body.Answers) == 0 || !n.pays(now, turn, body) {
		return
	}
	n.count(RepliesSent)
	if turn.alone || turn.both {
		n.sendTo(now, turn.to, body)
	}
	if !turn.alone {
		n.sendGroup(now, body)
	}
}

// heardReply takes in answers to a QUERY, mine or another's.
func (n *Node) heardReply(now time.Duration, m *group.Member, body *wire.Reply, transit time.Duration) {
	for _, a := range body.Answers {
		n.told(now, m, a, transit)
	}
}

const (
	// queryRate bounds the QUERYs of this host: a program that asks for random
	// names in an outage must not flood the group.
	queryRate = 40
)
