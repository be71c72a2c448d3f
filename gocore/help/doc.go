// Package help is what hosts do for each other's questions: a host is cut off when its own
// path to the servers is broken while peers have success with them. It asks such a peer to
// ask for it (PROTOCOL 3.14), and does the same for others.
//
// Read help.go first, what goes in and comes out; then ask.go, whom a host asks, and
// heard.go, what it does for whom.
package help
