package main

import (
	"fmt"
	"slices"
	"time"

	"mcdns/test/lab"
)

// An outsider who has recorded everything over many starts of all hosts.

// moment is when it plays that: so long after hosts started, with or without what they
// had saved.
type moment struct {
	after time.Duration
	state bool
}

var moments = []moment{
	{second, false}, {0, true}, {0, false}, {second, true}, {5 * second, false}, {5 * second, true},
	{time.Minute, false}, {time.Minute, true},
}

const (
	// perMoment is how many names one host then looks up and takes along when it dies.
	perMoment = 120
	// perStart is how many each start before is recorded with.
	perStart = 8
)

// restarted plays what was recorded over so many starts at each of the first moments;
// without the attack it looks at one. Rows 1 and 2 show what recordings did before.
func restarted(hosts, starts, at int) func(*stage) (outcome, error) {
	return func(s *stage) (outcome, error) {
		at := at
		if !s.attacked {
			at = 1
		}
		z, names := zone(time.Hour, at*perMoment+starts*perStart)
		if err := s.open(lab.Config{Hosts: hosts, Zone: z}); err != nil {
			return outcome{}, err
		}
		recording, t, err := s.recordStarts(starts, names[at*perMoment:])
		if err != nil {
			return outcome{}, err
		}
		lost := 0
		for i, m := range moments[:at] {
			gone, err := s.strike(t, recording, m, names[i*perMoment:(i+1)*perMoment])
			if err != nil {
				return outcome{}, fmt.Errorf("%v after a start, state %v: %w", m.after, m.state, err)
			}
			lost += gone
		}
		o := of(lost, at*perMoment, "names were lost")
		o.Figure = fmt.Sprintf("%s, %d frames played at %d moments", o.Figure, len(recording), at)
		return o, nil
	}
}

// recordStarts hears all hosts start so often, with names looked up in between.
func (s *stage) recordStarts(starts int, names []string) ([]frame, *tape, error) {
	t, err := s.outsider()
	if err != nil {
		return nil, nil, err
	}
	for i := range starts {
		if err := s.learn(s.lan.Hosts[i%len(s.lan.Hosts)], names[i*perStart:(i+1)*perStart]); err != nil {
			return nil, nil, err
		}
		if err := s.again(i%2 == 0); err != nil {
			return nil, nil, err
		}
		if err := s.lan.WaitPeers(); err != nil {
			return nil, nil, err
		}
	}
	return t.heard(), t, nil
}

// again stops all daemons, and starts them with or without what they had saved.
func (s *stage) again(state bool) error {
	for _, h := range s.lan.Hosts {
		if err := h.Mcdnsd.Stop(); err != nil {
			return err
		}
		if !state {
			if err := erase(h.Path("/var/lib/mcdns")); err != nil {
				return err
			}
		}
	}
	return s.lan.StartMcdnsd()
}

// strike starts all hosts, plays the recording within five seconds, lets one host look
// names up and die with the server, and counts those that the others do not have. At
// the end all have their power again.
func (s *stage) strike(t *tape, recording []frame, m moment, names []string) (lost int, err error) {
	if err := s.again(m.state); err != nil {
		return 0, err
	}
	time.Sleep(m.after)
	if s.attacked {
		const parts = 100
		for part := range slices.Chunk(recording, len(recording)/parts+1) {
			if err := t.replay(part, 0); err != nil {
				return 0, err
			}
			time.Sleep(5 * second / parts)
		}
	}
	time.Sleep(5 * second) // hosts that have just started look for each other
	told, err := s.toldInTime(names)
	if err != nil {
		return 0, err
	}
	teller := s.lan.Hosts[0]
	if err := s.lan.Server.On(); err != nil {
		return 0, err
	}
	if err := teller.PowerOn(); err != nil {
		return 0, err
	}
	return int(told.Harm*float64(len(names)) + 0.5), teller.Mcdnsd.Ready(30 * second)
}
