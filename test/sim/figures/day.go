package figures

import (
	"time"

	"mcdns/test/sim"
)

// Day is a group that works for long while hosts come and go.
type Day struct {
	Hours  float64      `json:"hours"`
	Hosts  int          `json:"hosts"`
	Left   int          `json:"times_a_host_left"`
	Tables []sim.Growth `json:"tables"` // of the hosts that stay, all together
	Faults string       `json:"faults,omitempty"`
}

func (s Set) day(hosts int, length time.Duration) Day {
	d := sim.NewDay(s.Seed, hosts, length)
	defer d.World.Close()
	out := Day{Hours: d.Hours, Hosts: hosts, Left: d.Left, Tables: d.Rows}
	if err := d.Err(); err != nil {
		out.Faults = err.Error()
	}
	return out
}
