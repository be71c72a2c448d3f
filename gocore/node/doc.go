// Package node is one host's part in the protocol. A Node takes one Input at a time with
// the time it is, and returns the Effects to be done: nothing else goes in or out. It
// answers the questions of this host's programs, from what it holds, from DNS servers or
// from the group, and keeps the order in which it tries them. Which servers are up is
// gocore/upstream's, what an answer is worth gocore/cache's, who is there gocore/group's.
//
// Read input.go and effect.go first, then Handle in node.go. lookup.go follows a question
// until it waits, fetch.go asks the servers for it, order.go says which one and whose
// answer counts, ending.go ends the waiting. outage.go is what changes while all servers
// are down, refresh.go and recovery.go what is asked before anybody waits for it. timed.go
// lists what a node is woken for; host.go and share.go do what upstream and sharing want
// of it.
//
//	n := node.New(config)
//	for each input, at now {
//		do(n.Handle(now, input))
//		wake at n.NextWake(now) with node.Wake{}
//	}
package node
