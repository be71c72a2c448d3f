package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"mcdns/test/lab"
)

// difference, start and day are what test/attack/virtual says of a run.
type difference struct {
	Lookups, All, Groups, Cases int
	With, Without               float64
}

type start struct {
	Peak, Datagrams float64
	Proven          time.Duration
	Lost, Names     int
}

type day struct {
	Accused, Asked, Lookups float64
}

// virtually runs hosts of the simulator: of the binaries' version.
func virtually(of *lab.Binaries, into any, args ...string) error {
	c := exec.Command(filepath.Join(filepath.Dir(of.Mcdnsd), "virtual"), args...)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return err
	}
	return json.Unmarshal(out, into)
}

// replays are everything recorded over so many starts.
func (s *stage) replays(hosts, starts, cases, seeds int) (d difference, err error) {
	return d, virtually(s.binaries, &d, "-hosts", strconv.Itoa(hosts), "-starts", strconv.Itoa(starts),
		"-cases", strconv.Itoa(cases), "-seeds", strconv.Itoa(seeds), "-attack="+strconv.FormatBool(s.attacked))
}

// unlike wants lookups and the sizes of groups to be as they are without the attack.
func unlike(hosts, starts, cases int) func(*stage) (outcome, error) {
	return func(s *stage) (outcome, error) {
		d, err := s.replays(hosts, starts, cases, 1)
		sizes := hosts * d.Cases
		return outcome{float64(d.Lookups)/float64(max(1, d.All)) + float64(d.Groups)/float64(max(1, sizes)), fmt.Sprintf(
			"%d of %d lookups and %d of %d sizes of the group are others", d.Lookups, d.All, d.Groups, sizes)}, err
	}
}

// costly wants no more bytes than without the attack. A HELLO that is drawn at another
// time makes 5 % of a case, more or less: 32 of them are added up.
func costly(hosts, starts int) func(*stage) (outcome, error) {
	return func(s *stage) (outcome, error) {
		d, err := s.replays(hosts, starts, 8, 4)
		return outcome{d.With / max(1, d.Without), fmt.Sprintf("%.0f bytes, %.0f without it", d.With, d.Without)}, err
	}
}

// boots starts all hosts in one second, empty or with state.
func boots(of *lab.Binaries, hosts int, state bool) (b start, err error) {
	return b, virtually(of, &b, "-boot", "-hosts", strconv.Itoa(hosts), "-state="+strconv.FormatBool(state))
}

// booted compares a start with that of the version before, by the second and by the
// minute. What else must be is an error if it is not: all proven within a time, and
// every name found when half of the hosts are gone.
func booted(hosts int, limit time.Duration) func(*stage) (outcome, error) {
	return func(s *stage) (o outcome, err error) {
		if !s.attacked || s.old == nil {
			return outcome{0, before + " is what it is compared with"}, nil
		}
		for _, state := range []bool{false, true} {
			was, err := boots(s.old, hosts, state)
			if err != nil {
				return o, err
			}
			is, err := boots(s.binaries, hosts, state)
			if err != nil {
				return o, err
			}
			if is.Proven >= limit || is.Lost > was.Lost {
				return o, fmt.Errorf("%d hosts, state %v: proven after %v, %d of %d names lost", hosts, state, is.Proven, is.Lost, is.Names)
			}
			o.Harm = max(o.Harm, is.Peak/was.Peak, is.Datagrams/was.Datagrams)
			o.Figure += fmt.Sprintf("state %v: at most %.0f a second, %.0f in a minute, before %.0f and %.0f, proven after %.1f s; ",
				state, is.Peak, is.Datagrams, was.Peak, was.Datagrams, is.Proven.Seconds())
		}
		return o, nil
	}
}

// rotated lets an honest group live behind a CDN for a day, and counts the questions
// to its server beside those of the version before.
func rotated(s *stage) (o outcome, err error) {
	if !s.attacked || s.old == nil {
		return outcome{0, before + " is what it is compared with"}, nil
	}
	var was, is day
	if err = virtually(s.old, &was, "-hosts", "20", "-rotation", "24h"); err != nil {
		return o, err
	}
	if err = virtually(s.binaries, &is, "-hosts", "20", "-rotation", "24h"); err != nil {
		return o, err
	}
	if is.Accused > 0 {
		err = fmt.Errorf("%.0f answers of honest peers were taken for wrong", is.Accused)
	}
	return outcome{is.Asked / was.Asked, fmt.Sprintf("%.0f questions for %.0f lookups, before %.0f", is.Asked, is.Lookups, was.Asked)}, err
}
