// Package cases is the table of cases that the simulator and the lab both run:
// where the two agree, the simulator does not lie.
package cases

import "time"

// Hosts is how many a case has.
const Hosts = 8

// TTL is that of every name in the cases.
const TTL = 2 * time.Second

// Server is what becomes of the DNS server before the question.
type Server uint8

const (
	Up      Server = iota
	Off            // the machine is gone: silence
	Refuses        // nothing listens: port unreachable
	Fails          // SERVFAIL
	Back           // it was off, is back, and the host that asks knows: the answer is a new one
)

// A Case is one question, and what went before it. In order: the hosts of
// Known look the name up, each a second after the other; Server happens; those
// of Killed lose their power; if Expired, two TTLs pass; Asks looks the name up.
type Case struct {
	Name    string
	Loss    float64 // of datagrams between hosts
	Known   []int
	Server  Server
	Killed  []int
	Expired bool
	Asks    int
	// Answered is whether the question must be answered, Within how long that
	// may take, either way.
	Answered bool
	Within   time.Duration
}

// Table is all of them.
var Table = []Case{
	{Name: "server up, never asked", Asks: 0, Answered: true, Within: time.Second},
	{Name: "server up, known to another", Known: []int{1}, Asks: 0, Answered: true, Within: time.Second},
	{Name: "server up, expired", Known: []int{1}, Expired: true, Asks: 0, Answered: true, Within: time.Second},
	{Name: "server off, known to another, fresh", Known: []int{1}, Server: Off, Asks: 0, Answered: true, Within: time.Second},
	{Name: "server off, known to another, expired", Known: []int{1}, Server: Off, Expired: true, Asks: 0, Answered: true, Within: time.Second},
	{Name: "server off, nobody knows", Known: nil, Server: Off, Asks: 0, Answered: false, Within: 11 * time.Second},
	{Name: "server refuses, expired", Known: []int{1}, Server: Refuses, Expired: true, Asks: 0, Answered: true, Within: time.Second},
	{Name: "server says SERVFAIL, expired", Known: []int{1}, Server: Fails, Expired: true, Asks: 0, Answered: true, Within: time.Second},
	{Name: "server back, expired", Known: []int{1}, Server: Back, Expired: true, Asks: 0, Answered: true, Within: time.Second},
	{Name: "server off, 5 % loss, expired", Loss: .05, Known: []int{1}, Server: Off, Expired: true, Asks: 0, Answered: true, Within: time.Second},
	{Name: "server off, 20 % loss, expired", Loss: .20, Known: []int{1}, Server: Off, Expired: true, Asks: 0, Answered: true, Within: time.Second},
	// Last: the dead come back as new runs, and it takes a while until the old
	// ones are missed.
	{Name: "server off, who knew it is dead", Known: []int{1}, Server: Off, Killed: []int{1}, Expired: true, Asks: 0, Answered: true, Within: time.Second},
	{Name: "server off, half of the hosts dead", Known: []int{1, 6}, Server: Off, Killed: []int{1, 3, 5, 7}, Expired: true, Asks: 0, Answered: true, Within: time.Second},
}
