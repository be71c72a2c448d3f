// Package sharing is one host's part in what the hosts of a group tell each other: who is
// there, what each has learnt from its DNS servers, and what nobody else knows.
//
// Read host.go first: what this room needs of the node around it, and all that it makes the
// node do. Then sharing.go, what comes in; receive.go and hears.go, what is done with each
// kind of message; take.go, which of a peer's answers are believed. What a host says by
// itself: hello.go (it is there), announce.go (what it fetched), alone.go (what it fetched
// while nobody was there).
// send.go and deaf.go say by which way a message leaves, timer.go what is to be done later.
// QUERY and ANSWER are gocore/query's; what was missed comes by streams, which
// gocore/catchup opens and serves.
//
// Who is proven is group.Prover's; what is held, and which of two answers stands, is the
// cache's, through Store; who waits for an answer is the node's.
package sharing
