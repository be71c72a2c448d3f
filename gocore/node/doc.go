// Package node is one host's part in the protocol. A Node takes one Input at a time with
// the time it is, and returns the Effects to be done: nothing else goes in or out. It
// joins the rooms that do the work, and has none of its own: each sees the node as its host,
// through a small interface, and sets timers that the node holds.
//
// Read input.go and effect.go first, then Handle in node.go. timed.go lists what a node is
// woken for. host.go, fetch.go, lookups.go and share.go are what it does for its rooms:
// lookup, who waits for what; fetch, how servers are asked; order, whose answer counts; held,
// what may be served; renewal and help, what is asked before anybody waits, and for others.
// Which servers are up is upstream's, who is there group's, what the group says sharing's.
//
//	n := node.New(config)
//	for each input, at now {
//		do(n.Handle(now, input))
//		wake at n.NextWake(now) with node.Wake{}
//	}
package node
