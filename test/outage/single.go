package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"mcdns/test/lab"
)

const joinedWithin = 5 * second

// join lets a host without any memory boot in the middle of the outage: it has
// to know soon what the LAN knows.
func (t *trial) join() error {
	hosts := t.lan.Hosts
	h := hosts[len(hosts)-1]
	known, err := fewest(hosts[:len(hosts)-1])
	if err != nil {
		return err
	}
	if err := errors.Join(h.PowerOff(), forget(h), h.PowerOn(), h.Mcdnsd.Ready(joinTime)); err != nil {
		return err
	}
	begin := time.Now()
	holds := 0
	err = await("the host that joined holds what the others hold", func() bool {
		s, err := h.Status()
		holds = s.Cache.Entries
		return err == nil && holds >= known
	})
	took := time.Since(begin)
	p := t.part("a host that joined in mid-outage")
	t.want(p.Part+": seconds until it knows what the LAN knows", "<= 5", took.Seconds(), err == nil && took <= joinedWithin)
	if err := t.byProgram(p, h, t.names.Timed); err != nil {
		return err
	}
	t.say("%s (%d answers, of %d, after %.2f s)", p, holds, known, took.Seconds())
	t.wantAll(p)
	return nil
}

// joinTime is what its daemon may take to start, on a busy machine.
const joinTime = 20 * second

// fewest is how many answers each of the hosts holds at least.
func fewest(hosts []*lab.Host) (int, error) {
	least := -1
	for _, h := range hosts {
		s, err := h.Status()
		if err != nil {
			return 0, err
		}
		if least < 0 || s.Cache.Entries < least {
			least = s.Cache.Entries
		}
	}
	return least, nil
}

// forget empties the state of a host without power: a new machine.
func forget(h *lab.Host) error {
	files, err := filepath.Glob(filepath.Join(h.Path("/var/lib/mcdns"), "*"))
	for _, f := range files {
		err = errors.Join(err, os.RemoveAll(f))
	}
	return err
}

const (
	cutLookups = 10
	cutEvery   = 300 * time.Millisecond
)

// cutOff cuts the path of one host to the server: it has to get fresh answers
// through a peer, for names that nobody has looked up yet.
func (t *trial) cutOff() error {
	h := t.lan.Hosts[0]
	var names []string
	for i := range cutLookups {
		names = append(names, t.names.Host(fmt.Sprintf("cut%d.example", i), 1, 1))
	}
	if err := t.lan.Cut(h, t.lan.Server.Host); err != nil {
		return err
	}
	p := t.part("a host whose path to the server is cut")
	for _, name := range names {
		if err := t.byProgram(p, h, []string{name}); err != nil {
			return err
		}
		time.Sleep(cutEvery)
	}
	t.say("%s", p)
	t.wantAll(p)
	return errors.Join(t.lan.Heal(), t.awaitUp())
}
