// Package lookup is who waits for what. A lookup is answered from what is held, or waits
// for the DNS servers, the group or a peer; all who ask the same question share one fetch.
// It asks nobody itself: fetch, sharing and help do, and say what came of it.
//
// Read lookups.go first, what goes in and comes out; then lookup.go, which follows a question
// until it waits, and ending.go, what ends the waiting. wait.go is the table of who waits,
// outage.go what changes while all servers are down, sub.go the questions of a question.
package lookup
