package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mcdns/test/lab"
)

const second = time.Second

// stage is where one attempt is made: a LAN of real daemons, and what the attacker
// has on it.
type stage struct {
	attacked bool
	edge     bool // the attacker has what it lacks
	number   byte
	title    string
	logs     string
	binaries *lab.Binaries
	old      *lab.Binaries // of the version before, nil without the history
	lan      *lab.LAN
	ends     []func() error
}

// open makes the LAN and waits until its hosts know each other.
func (s *stage) open(cfg lab.Config) error {
	cfg.Binaries, cfg.Number, cfg.Program = s.binaries, s.number, lab.BuiltIn
	cfg.LogDir = filepath.Join(s.logs, strings.NewReplacer(" ", "-", ",", "", ":", "", "/", "-").Replace(s.title))
	l, err := lab.New(cfg)
	if err != nil {
		return err
	}
	s.lan = l
	s.ends = append(s.ends, l.Close)
	if cfg.Stopped {
		return nil
	}
	return l.WaitPeers()
}

// close ends what was opened, last first.
func (s *stage) close() error {
	var errs []error
	for i := len(s.ends) - 1; i >= 0; i-- {
		errs = append(errs, s.ends[i]())
	}
	s.ends = nil
	return errors.Join(errs...)
}

// zone has so many names with an address each, IPv4 alone: names[i] has 192.0.2.i.
func zone(ttl time.Duration, count int) (*lab.Zone, []string) {
	z := lab.NewZone(ttl)
	var names []string
	for i := range count {
		names = append(names, fmt.Sprintf("name%d.example", i))
		z.Name(names[i], address(0, i))
	}
	return z, names
}

// address is the i-th of a generation: 0 is what the zone had first.
func address(generation, i int) string {
	nets := []string{"192.0.2", "198.51.100"}
	return fmt.Sprintf("%s.%d", nets[generation], 1+i%250)
}

// lie is what attackers say a name is at.
const lie = "203.0.113.66"

// look looks names up on a host, so many at one time.
func look(h *lab.Host, names []string, threads int) (all []lab.Lookup, err error) {
	err = h.Lookups(names, threads, func(l lab.Lookup) { all = append(all, l) })
	return all, err
}

// count counts the lookups that are so.
func count(all []lab.Lookup, so func(lab.Lookup) bool) (n int) {
	for _, l := range all {
		if so(l) {
			n++
		}
	}
	return n
}

func failed(l lab.Lookup) bool { return l.Result != "OK" }

func says(addr string) func(lab.Lookup) bool {
	return func(l lab.Lookup) bool { return strings.Contains(","+strings.Join(l.Addrs, ",")+",", ","+addr+",") }
}

// learn looks names up with the server alive; nothing may be missing.
func (s *stage) learn(h *lab.Host, names []string) error {
	all, err := look(h, names, 4)
	if err == nil && count(all, failed) > 0 {
		err = fmt.Errorf("%s cannot learn its names with the server alive: %+v", h.Name, all[0])
	}
	return err
}

// lose takes the server's power, and waits until the hosts know.
func (s *stage) lose(hosts ...*lab.Host) error {
	if err := s.lan.Server.PowerOff(); err != nil {
		return err
	}
	return s.awaitDown(hosts...)
}

func (s *stage) awaitDown(hosts ...*lab.Host) error {
	for i, h := range hosts {
		// A question that nobody knows makes the host find out.
		if _, err := look(h, []string{fmt.Sprintf("unheard%d.example", i)}, 1); err != nil {
			return err
		}
		if err := await(30*second, h.Name+" knows of the outage", func() bool {
			st, err := h.Status()
			return err == nil && st.Upstream == "down"
		}); err != nil {
			return err
		}
	}
	return nil
}

// anew stops all daemons, takes what they had saved away, and starts them again.
func (s *stage) anew() error {
	for _, h := range s.lan.Hosts {
		if err := h.Mcdnsd.Stop(); err != nil {
			return err
		}
		if err := erase(h.Path("/var/lib/mcdns")); err != nil {
			return err
		}
	}
	if err := s.lan.StartMcdnsd(); err != nil {
		return err
	}
	return s.lan.WaitPeers()
}

func erase(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

// await waits for a condition.
func await(limit time.Duration, what string, so func() bool) error {
	for begin := time.Now(); ; {
		if so() {
			return nil
		}
		if time.Since(begin) > limit {
			return fmt.Errorf("not within %v: %s", limit, what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
