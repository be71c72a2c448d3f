package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"mcdns/test/lab"
)

// troubles are what happens to the LAN, each at a pace of its own.
func (s *soak) troubles() []func(context.Context) {
	unit := s.unit()
	return []func(context.Context){
		s.comeAndGo,
		s.serverLost,
		s.newKeys,
		func(ctx context.Context) { every(ctx, 3*unit, s.reload()) },
		func(ctx context.Context) { every(ctx, 7*unit, func() { s.split(ctx) }) },
		func(ctx context.Context) { every(ctx, 5*unit, s.pullCable()) },
		func(ctx context.Context) { every(ctx, unit, s.rude(ctx)) },
	}
}

// comeAndGo has one of the goers leave or come back, three times a minute.
func (s *soak) comeAndGo(ctx context.Context) {
	dice := mathrand.New(mathrand.NewPCG(s.seed, 1000))
	away := map[*lab.Host]func() error{} // and how each comes back
	every(ctx, s.unit()/3, func() {
		h := s.goers[dice.IntN(len(s.goers))]
		back := away[h]
		if back == nil {
			how, back, err := leave(h, dice.IntN(4))
			away[h] = back
			s.happened("host left", err)
			s.happened(how, nil)
			return
		}
		delete(away, h)
		var err error
		if dice.IntN(2) == 0 {
			s.happened("host back as a new one", nil)
			err = empty(h.Path("/var/lib/mcdns"))
		}
		err = errors.Join(err, back(), h.Mcdnsd.Ready(20*time.Second))
		for range 5 {
			_, e := h.Query(s.names.Timed[dice.IntN(len(s.names.Timed))])
			err = errors.Join(err, e)
		}
		s.happened("host back", err)
	})
}

// leave ends a host in one of four ways.
func leave(h *lab.Host, way int) (how string, back func() error, err error) {
	switch way {
	case 0:
		return "left by SIGTERM", h.Mcdnsd.Start, h.Mcdnsd.Stop()
	case 1:
		h.Mcdnsd.KillForGood()
		return "left by SIGKILL", h.Mcdnsd.Start, h.Mcdnsd.Stop() // which closes its socket
	case 2:
		h.Mcdnsd.Freeze()
		return "frozen", func() error { h.Mcdnsd.Thaw(); return nil }, nil
	}
	return "left by a power cut", h.PowerOn, h.PowerOff()
}

// empty takes away what is in a directory: the host's id, so that it comes back as
// another one.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	for _, e := range entries {
		err = errors.Join(err, os.Remove(filepath.Join(dir, e.Name())))
	}
	return err
}

// serverLost loses the DNS server for one minute of four, each time in another way.
func (s *soak) serverLost(ctx context.Context) {
	server := s.lan.Server
	ways := []func() error{server.PowerOff, server.Freeze, server.Refuse, server.ServFail}
	for i := 0; pause(ctx, 3*s.unit()); i++ {
		s.happened("server lost", ways[i%len(ways)]())
		pause(ctx, s.unit())
		s.happened("server back", server.On())
	}
}

// newKeys changes the group's key as mcdns(1) says: the new one opens everywhere
// before anybody seals with it, the old one until nobody does.
func (s *soak) newKeys(ctx context.Context) {
	for pause(ctx, 8*s.unit()) {
		key := make([]byte, 32)
		rand.Read(key)
		before, err := os.ReadFile(s.stay[0].Path("/etc/mcdns/group.key"))
		s.happened("new key", err)
		steps := []func(dir string) error{
			func(dir string) error { return os.WriteFile(filepath.Join(dir, "keys.d/next.key"), key, 0o640) },
			func(dir string) error {
				return errors.Join(os.WriteFile(filepath.Join(dir, "keys.d/next.key"), before, 0o640),
					os.WriteFile(filepath.Join(dir, "group.key"), key, 0o640))
			},
			func(dir string) error { return os.Remove(filepath.Join(dir, "keys.d/next.key")) },
		}
		for _, step := range steps {
			for _, h := range s.lan.Hosts {
				dir := h.Path("/etc/mcdns")
				err = errors.Join(err, os.MkdirAll(filepath.Join(dir, "keys.d"), 0o750), step(dir))
				h.Mcdnsd.Signal(unix.SIGHUP)
			}
			pause(ctx, s.unit()/2)
		}
		s.happened("new key in use", err)
	}
}

// reload changes one host's settings and resolv.conf, and has them read.
func (s *soak) reload() func() {
	n := 0
	more := []string{"", "[names]\nhosts = yes\n", "[log]\nlevel = debug\n", "[listener]\nlisten = 127.0.0.1:5353\n"}
	return func() {
		h := s.stay[n%len(s.stay)]
		err := errors.Join(h.Configure(conf+more[n%len(more)]), h.SetResolvConf(s.lan.ResolvConf()+"options timeout:4\n"))
		h.Mcdnsd.Signal(unix.SIGHUP)
		s.happened("configuration read again", err)
		n++
	}
}

// split has one half of the LAN hear nothing of the other for half a minute.
func (s *soak) split(ctx context.Context) {
	half := len(s.lan.Hosts) / 2
	s.happened("LAN split", s.lan.Partition(s.lan.Hosts[:half], s.lan.Hosts[half:]))
	pause(ctx, s.unit()/2)
	s.happened("LAN whole", s.lan.Heal())
}

// pullCable takes the link of one host away for a moment.
func (s *soak) pullCable() func() {
	n := 0
	return func() {
		h := s.stay[n%len(s.stay)]
		n++
		err := h.SetLink(0, false)
		time.Sleep(s.unit() / 12)
		s.happened("cable pulled", errors.Join(err, h.SetLink(0, true)))
	}
}

// rude has programs on one host connect and say nothing, or half a thing, and
// keep their connections for a while.
func (s *soak) rude(ctx context.Context) func() {
	n := 0
	return func() {
		h := s.stay[n%len(s.stay)]
		n++
		open, err := rudely(s.lan, h)
		s.happened("rude programs", err)
		pause(ctx, s.unit()/6)
		for _, c := range open {
			c.Close()
		}
	}
}

func rudely(l *lab.LAN, h *lab.Host) (open []net.Conn, errs error) {
	for i := range 30 {
		c, err := net.Dial("unix", h.Path("/run/mcdns/"+[]string{"nss.sock", "nss.sock", "control.sock"}[i%3]))
		if err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		fmt.Fprint(c, []string{"", "\x01\x00", "GET /st"}[i%3])
		if open = append(open, c); i%2 == 0 {
			c.Close()
		}
	}
	// Also from the LAN, by who has no key; the host may just be unplugged.
	l.Router.Do(func() error {
		c, err := net.DialTimeout("tcp", netip.AddrPortFrom(h.Addr, 7353).String(), time.Second)
		if err == nil {
			fmt.Fprint(c, "no key")
			open = append(open, c)
		}
		return nil
	})
	return open, errs
}
