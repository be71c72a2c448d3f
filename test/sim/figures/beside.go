package figures

import (
	"slices"
	"time"

	"mcdns/test/sim"
)

// Beside is told of every lookup of a case, beside the hosts: test/rivals has models of other
// systems there.
type Beside interface {
	Asked(at time.Duration, host, name int)
	// Work begins what is measured, Outage an outage in which some hosts are dead. Over is its
	// end.
	Work()
	Outage(dead []bool)
	Over()
	// Branch is a copy that goes its own way.
	Branch() Beside
}

// NewBeside makes one for so many hosts that ask for these names.
type NewBeside func(hosts int, names *sim.Names) Beside

func (n NewBeside) make(hosts int, names *sim.Names) Beside {
	if n == nil {
		return nil
	}
	return n(hosts, names)
}

// fetchTime is what the ideal cache waits for the DNS server.
const fetchTime = 20 * time.Millisecond

// ideal is one cache that all hosts share, that is asked without delay and never fails: what
// the questions of mcdns to the DNS server are held against.
type ideal struct {
	names     *sim.Names
	until     []time.Duration // by name: when the answer is over
	questions uint64          // to the DNS server
}

func newIdeal(names *sim.Names) ideal {
	return ideal{names: names, until: make([]time.Duration, names.Len())}
}

func (i *ideal) asked(at time.Duration, name int) {
	if at < i.until[name] {
		return
	}
	i.questions++
	i.until[name] = at + fetchTime + i.names.TTL(name)
}

func (i ideal) clone() ideal {
	i.until = slices.Clone(i.until)
	return i
}
