// Package upstream is the DNS servers of a host together, and what is known of them:
// which is up, suspect or down, how long each takes, who in the group says what of them.
// It asks nothing itself. What happens to servers comes in by the methods of Upstream; what
// the host around it is to do goes out through Host. Nobody else reads or writes its state.
//
// Read life.go first: the states of a server, and all that changes them, in one table.
// Then judge.go, how a failure becomes a judgement; evidence.go and claims.go, what peers
// say; down.go, when all are down. probe.go has the looks at servers that nobody asks,
// rtt.go how long a reply is waited for. upstream.go is the door, list.go the order of the
// servers that a question goes to, route.go the domains that have servers of their own.
package upstream
