package node

import (
	"time"

	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// A spoken message: of a member, and how long it was on its way; or of a stranger.
type spoken struct {
	now      time.Duration
	in       Received
	m        *group.Member
	transit  time.Duration
	stranger *group.Stranger
}

// A hearing is what a node does with one kind of message. A member's before or after
// the evidence of servers beside it was taken in: what asks for an answer or brings
// one first, what is decided by how the servers do after. A stranger's counts for
// nothing until it is proven: it is answered, or waits.
type hearing struct {
	before, after, stranger func(*Node, spoken)
}

// hears has a row for each kind of message
// (TestEveryKindOfMessageIsHeard). It is made at the start, for what it
// leads to leads back to it.
var hears [wire.Kinds]hearing

func init() {
	hears = [wire.Kinds]hearing{
		wire.KindHello: {after: on((*Node).memberHello), stranger: on((*Node).strangerHello)},
		wire.KindProve: {before: on((*Node).anyProve), stranger: on((*Node).anyProve)},
		// The head of received has taken it: a proof of what was asked makes a member.
		wire.KindProof:    {after: func(*Node, spoken) {}},
		wire.KindAnnounce: {before: on((*Node).memberAnnounce), stranger: wait},
		wire.KindQuery:    {before: on((*Node).anyQuery), stranger: on((*Node).anyQuery)},
		wire.KindReply:    {before: on((*Node).memberReply), stranger: wait},
		wire.KindAsk:      {after: on((*Node).memberAsk)},
		wire.KindBye:      {after: on((*Node).memberBye)},
	}
}

// on hands on a message with the body that its kind has.
func on[B wire.Body](f func(*Node, spoken, B)) func(*Node, spoken) {
	return func(n *Node, h spoken) { f(n, h, h.in.Message.Body.(B)) }
}

// wait keeps what a stranger says until it has proven itself.
func wait(n *Node, h spoken) { n.prover.LetWait(h.now, group.Datagram(h.in), h.stranger) }

func (n *Node) memberHello(h spoken, b *wire.Hello) { n.heardHello(h.now, h.m, b) }

func (n *Node) strangerHello(h spoken, b *wire.Hello) {
	h.stranger.SaysHello(b.Names, b.Told)
	wait(n, h)
}

func (n *Node) anyProve(h spoken, b *wire.Prove) { n.heardProve(h.now, h.in, b) }

func (n *Node) memberAnnounce(h spoken, b *wire.Announce) { n.heardAnnounce(h.now, h.m, b, h.transit) }

func (n *Node) anyQuery(h spoken, b *wire.Query) { n.heardQuery(h.now, h.m, h.in, b) }

func (n *Node) memberReply(h spoken, b *wire.Reply) { n.heardReply(h.now, h.m, b, h.transit) }

func (n *Node) memberAsk(h spoken, b *wire.Ask) { n.heardAsk(h.now, h.m, b.Question) }

func (n *Node) memberBye(h spoken, _ *wire.Bye) { n.prover.Recheck(h.now, h.m, true) }
