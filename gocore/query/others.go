package query

import (
	"math"
	"net/netip"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// others are those of peers: they are answered with what this host holds, when it is its
// turn.
type others struct {
	*base
	own       *own
	turns     map[uint64]*turn        // by number
	of        map[dns.Question]uint64 // the turn in which the group is to be told
	last      uint64                  // number
	allowance allowance
}

// A turn is one to answer a QUERY. Whoever is heard first cancels the others.
type turn struct {
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
)

// LastTurn is when the last holder of an answer has had its turn.
const LastTurn = 7 * rankStep

func (r *others) clear() {
	r.turns, r.of, r.allowance = make(map[uint64]*turn), make(map[dns.Question]uint64), allowance{}
}

// heard takes this host's turn to answer what it holds: by rank, so that the
// first answer silences the rest. m is nil for a stranger.
func (r *others) heard(now time.Duration, m *group.Member, in group.Datagram, body *wire.Query) {
	var turns map[time.Duration]*turn // by how long they wait
	left, both := answersTo(in.Message), body.Wireless || r.group.N() > group.Many
	for _, asked := range body.Asked {
		e := r.store.Get(now, asked.Question)
		if m != nil && in.Group {
			r.askedForAll(now, e, asked)
			r.waitBeside(now, m, e, asked)
		}
		if !e.Held() || !r.host.Shareable(e) || !r.younger(now, e, asked.Held) {
			continue
		}
		rank := r.group.Rank(group.Hash(asked.Question.Name))
		if m == nil && rank >= 3 || m != nil && r.of[asked.Question] != 0 {
			continue // a turn that waits stands: moved on by each repeat, who is ranked far back would never speak
		}
		// Who is not proven may have another's address: it must not use up its share.
		if m != nil && !r.allowance.grants(now, in.From.Addr(), &left, r.size(now, e, both)) {
			continue
		}
		wait := time.Duration(float64(rankStep) * math.Log2(1+float64(min(rank, rankMost))))
		t := turns[wait]
		if t == nil {
			if turns == nil { // most QUERYs find nothing to say
				turns = make(map[time.Duration]*turn)
			}
			t = r.take(now, wait, turn{nonce: body.Nonce, to: in.From, alone: m == nil, both: both})
			turns[wait] = t
		}
		if !t.alone {
			r.of[asked.Question] = t.no
		}
		t.questions = append(t.questions, asked.Question)
	}
}

func (r *others) take(now, wait time.Duration, t turn) *turn {
	r.last++
	t.no = r.last
	r.turns[t.no] = &t
	r.host.After(now, wait, Timer{Due: TurnDue, Key: t.no})
	return &t
}

// askedForAll notes that a peer looks for something younger than the very answer
// that is held here: who has it tells the group, so this host need not ask too. In
// an outage of a thousand hosts each asked for each stale name it used, and each
// received 55 QUERYs a second.
func (r *others) askedForAll(now time.Duration, e cache.Entry, asked wire.Asked) {
	if e.Held() && e.Answer.Birth == asked.Held {
		r.store.Wanted(now, asked.Question)
	}
}

// waitBeside makes use of another host's QUERY: it replaces this host's own for
// the same name, and if nobody answers it in an outage, asking again at once
// would be as much in vain (PROTOCOL 3.12).
func (r *others) waitBeside(now time.Duration, m *group.Member, e cache.Entry, asked wire.Asked) {
	if e.Held() || asked.Held != (dns.Birth{}) {
		return
	}
	r.host.InVain(now, r.own.patience(), m.Peer, asked.Question)
	r.own.heardToo(now, asked.Question)
}

// younger reports whether this host holds something younger than what the
// asker holds. A birth of a host unknown here cannot be compared: then only a
// fresh answer is worth telling.
func (r *others) younger(now time.Duration, e cache.Entry, held dns.Birth) bool {
	if held == (dns.Birth{}) {
		return true
	}
	if e.Answer.Birth == held {
		return false
	}
	if m := r.group.Get(held.Peer); m != nil {
		return e.Age(now) < m.Clock.Since(now, held.Clock)
	}
	return e.Fresh(now)
}

// due sends the answers whose turn has come and that nobody else gave.
func (r *others) due(now time.Duration, no uint64) {
	t := r.turns[no]
	if t == nil {
		return
	}
	delete(r.turns, no)
	body, room := &wire.Answer{Nonce: t.nonce}, r.host.Room(now)
	var long []wire.Long
	for _, q := range t.questions {
		// A reply by unicast is nobody else's business: neither cancelled by
		// what the group hears, nor does a recorded QUERY cancel a turn.
		if !t.alone {
			if r.of[q] != t.no {
				continue
			}
			delete(r.of, q)
		}
		e := r.store.Get(now, q)
		if !e.Held() {
			continue
		}
		size := wire.AgedSize(e.Answer)
		if size > r.host.Room(now) {
			long = append(long, wire.LongOf(e.Answer))
			continue
		}
		if size > room {
			r.send(now, t, body)
			body, room = &wire.Answer{Nonce: t.nonce}, r.host.Room(now)
		}
		body.Answers = append(body.Answers, wire.AgedOf(e.Answer, e.Age(now)))
		room -= size
	}
	r.send(now, t, body)
	if len(long) > 0 {
		r.sendLong(now, t, &wire.Announce{Long: long[:min(len(long), 4)]})
	}
}

// sendLong says which answers are there to be pulled; an asker that is not proven
// does not make this host speak to the group.
func (r *others) sendLong(now time.Duration, t *turn, body *wire.Announce) {
	if !r.pays(now, t, body) {
		return
	}
	if t.alone {
		r.host.SendTo(now, t.to, body)
		return
	}
	r.host.SendGroup(now, body)
}

func (r *others) send(now time.Duration, t *turn, body *wire.Answer) {
	if len(body.Answers) == 0 || !r.pays(now, t, body) {
		return
	}
	r.host.Count(AnswersSent)
	if t.alone || t.both {
		r.host.SendTo(now, t.to, body)
	}
	if !t.alone {
		r.host.SendGroup(now, body)
	}
}
