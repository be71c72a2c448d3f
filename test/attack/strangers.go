package main

import (
	"errors"
	"os"
	"strings"
	"time"

	"mcdns/gocore/trust"
	"mcdns/test/lab"
)

// alarmed sends one datagram under another key, and one of another version.
func alarmed(s *stage) (outcome, error) {
	if err := s.open(lab.Config{Hosts: 3, Stopped: true}); err != nil {
		return outcome{}, err
	}
	for _, h := range s.lan.Hosts {
		h.Mcdnsd.Env = append(h.Mcdnsd.Env, "JOURNAL_STREAM=0:0") // lines begin with their level
	}
	if err := errors.Join(s.lan.StartMcdnsd(), s.lan.WaitPeers()); err != nil {
		return outcome{}, err
	}
	t, err := s.outsider()
	if err != nil {
		return outcome{}, err
	}
	if s.attacked {
		foreign := trust.NewRing(trust.Key{}).Seal(make([]byte, 80), [trust.NonceSize]byte{})
		elder := clone(foreign)
		elder[4]--
		for _, b := range [][]byte{foreign, elder} {
			if err := t.tap.Send(forge(s.lan.Hosts[0].Addr.Next().Next().Next(), groupPort, b)); err != nil {
				return outcome{}, err
			}
		}
	}
	time.Sleep(second)
	troubled := 0
	for _, h := range s.lan.Hosts {
		text, err := os.ReadFile(h.Mcdnsd.Log())
		if err != nil {
			return outcome{}, err
		}
		for line := range strings.Lines(string(text)) {
			if isWarning(line) && (strings.Contains(line, "another") || strings.Contains(line, "version")) {
				troubled++
			}
		}
	}
	return of(troubled, 6, "warnings raised by two datagrams without a key"), nil
}

// isWarning tells a line for the journal that is a warning or worse, by its syslog
// priority (daemon/logs).
func isWarning(line string) bool { return strings.HasPrefix(line, "<") && line < "<5" }

// lingering stops one daemon in good order, and counts who still lists it, or an
// echo of it, five seconds later.
func lingering(s *stage) (outcome, error) {
	if err := s.open(lab.Config{Hosts: 3}); err != nil {
		return outcome{}, err
	}
	leaver, others := s.lan.Hosts[0], s.lan.Hosts[1:]
	if s.attacked {
		if err := leaver.Mcdnsd.Stop(); err != nil {
			return outcome{}, err
		}
	}
	time.Sleep(5 * second)
	phantoms := 0
	for _, h := range others {
		p, err := h.Peers()
		if err != nil {
			return outcome{}, err
		}
		here := 2
		if s.attacked {
			here = 1
		}
		phantoms += max(0, len(p.Peers)-here)
	}
	return of(phantoms, len(others), "hosts list a peer that said goodbye"), nil
}
