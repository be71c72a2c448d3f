// Package fetch asks the DNS servers one question until one of them answers: which, in what
// order, how often, and for how long. It asks nothing itself. What becomes of a question
// comes in by the methods of Fetcher; what is to be asked, and what came of it, goes out
// through Host. Which server is up is upstream's, whose answer counts order's, and who waits
// is the host's.
//
// Read host.go first, what goes in and comes out. fetcher.go begins a fetch, send.go says
// whom it asks next, turn.go when it is another server's turn, reply.go what a reply does,
// end.go how it ends. options.go has what programs want otherwise than resolv.conf.
package fetch
