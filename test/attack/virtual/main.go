// Command virtual plays recordings to hosts of the simulator, and says by how much
// what these see differs from what they see without; or lets all hosts start in one
// second, or live behind a CDN for a day. It prints JSON for test/attack, and is built twice: with the node of today
// and with that of the version in which the attacks were found.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"mcdns/test/sim"
)

func main() {
	var c sim.Hostile
	flag.Uint64Var(&c.Seed, "seed", 1, "first seed")
	flag.IntVar(&c.Hosts, "hosts", 16, "hosts")
	flag.IntVar(&c.Starts, "starts", 35, "starts recorded")
	flag.BoolVar(&c.State, "state", false, "with -boot: the hosts hold what they had saved")
	seeds := flag.Uint64("seeds", 1, "so many seeds")
	cases := flag.Int("cases", 8, "at most so many cases: hosts with and without state, 1, 0, 5, 60 s after their start")
	attack := flag.Bool("attack", false, "play the recordings")
	boot := flag.Bool("boot", false, "all hosts start in one second, and nobody attacks")
	rotation := flag.Duration("rotation", 0, "an honest group behind a CDN for so long, and nobody attacks")
	flag.Parse()
	var said any
	var err error
	switch {
	case *boot:
		said, err = sim.Boot{Seed: c.Seed, Hosts: c.Hosts, State: c.State}.Run()
	case *rotation > 0:
		said = sim.Rotation{Seed: c.Seed, Hosts: c.Hosts, Length: *rotation}.Run()
	default:
		said, err = compare(c, *attack, *cases, *seeds)
	}
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(said)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "virtual: error: %v\n", err)
		os.Exit(1)
	}
}

// difference is what all cases came to.
type difference struct {
	Lookups int    `json:"lookups"` // that were answered otherwise, or not
	All     int    `json:"all"`
	Groups  int    `json:"groups"`  // hosts that say they have another number of peers
	With    uint64 `json:"with"`    // bytes sent
	Without uint64 `json:"without"` // without the attack
	Cases   int    `json:"cases"`
}

// compare plays to hosts with and without state, so long after their start. Bytes are
// those of all cases: one drawn otherwise shifts all HELLOs after it, and their number in
// a case is 5 % more or less by chance.
func compare(c sim.Hostile, attack bool, cases int, seeds uint64) (all difference, err error) {
	first := c.Seed
	for c.Seed = first; c.Seed < first+seeds; c.Seed++ {
		for i, after := range []time.Duration{time.Second, 0, 5 * time.Second, time.Minute} {
			for j, state := range []bool{false, true} {
				if 2*i+j >= cases {
					break
				}
				c.State, c.After = state, after
				if err := all.play(c, attack); err != nil {
					return all, err
				}
			}
		}
	}
	return all, nil
}

func (d *difference) play(c sim.Hostile, attack bool) error {
	without, err := c.Run()
	if err != nil {
		return err
	}
	c.Attack = attack
	with, err := c.Run()
	if err != nil {
		return err
	}
	d.add(without, with)
	return nil
}

func (d *difference) add(without, with sim.Impression) {
	d.Cases++
	d.All += len(without.Lookups)
	for what, was := range without.Lookups {
		if with.Lookups[what] != was {
			d.Lookups++
		}
	}
	for i, was := range without.Groups {
		if with.Groups[i] != was {
			d.Groups++
		}
	}
	d.With += with.Bytes
	d.Without += without.Bytes
}
