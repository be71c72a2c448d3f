package main

import (
	"errors"
	"slices"
	"sync"
	"time"

	"mcdns/gocore/wire"
	"mcdns/test/lab"
)

// An outsider with a library of recordings.

// renumbered records what hosts tell each other, then starts all of them anew with
// nothing saved, renumbers the zone, and makes the server slow.
func (s *stage) renumbered() (t *tape, recording []frame, err error) {
	z, names := zone(5*time.Minute, 12)
	if err := s.open(lab.Config{Hosts: 3, Zone: z}); err != nil {
		return nil, nil, err
	}
	if t, err = s.outsider(); err != nil {
		return nil, nil, err
	}
	for i, h := range s.lan.Hosts {
		if err := s.learn(h, names[4*i:4*i+4]); err != nil {
			return nil, nil, err
		}
	}
	time.Sleep(second) // all is told
	recording = t.heard()
	for i, n := range names {
		z.Remove(n)
		z.Name(n, address(1, i))
	}
	if err := s.anew(); err != nil {
		return nil, nil, err
	}
	return t, recording, s.lan.Server.Slow(400 * time.Millisecond)
}

// oldAddresses asks for all names, all hosts at once, and counts those that are
// where they were.
func (s *stage) oldAddresses() (outcome, error) {
	_, names := zone(second, 12)
	var over sync.WaitGroup
	found, errs := make([][]lab.Lookup, len(s.lan.Hosts)), make([]error, len(s.lan.Hosts))
	for i, h := range s.lan.Hosts {
		over.Go(func() { found[i], errs[i] = look(h, names, len(names)) })
	}
	over.Wait()
	old := 0
	for i, n := range names {
		old += count(slices.Concat(found...), func(l lab.Lookup) bool { return l.Name == n && says(address(0, i))(l) })
	}
	return of(old, len(names)*len(found), "lookups gave the old address"), errors.Join(errs...)
}

func replayedWhileUp(s *stage) (outcome, error) { return s.replayed(func() error { return nil }) }

func replayedWhileDown(s *stage) (outcome, error) {
	return s.replayed(func() error { return s.lose(s.lan.Hosts...) })
}

// replayed plays the recording of what hosts said before they started anew.
func (s *stage) replayed(before func() error) (outcome, error) {
	t, recording, err := s.renumbered()
	if err != nil {
		return outcome{}, err
	}
	if err := before(); err != nil {
		return outcome{}, err
	}
	if s.attacked {
		if err := t.replay(recording, time.Millisecond); err != nil {
			return outcome{}, err
		}
	}
	return s.oldAddresses()
}

// phantoms plays HELLOs of so many epochs that are over, each once, then one host
// looks names up, the server dies, and that host too: what it told is what is left.
func phantoms(s *stage) (outcome, error) {
	const epochs, hosts, count120 = 512, 6, 120
	z, names := zone(5*time.Minute, count120)
	if err := s.open(lab.Config{Hosts: hosts, Zone: z}); err != nil {
		return outcome{}, err
	}
	t, err := s.outsider()
	if err != nil {
		return outcome{}, err
	}
	if s.attacked {
		frames, err := s.dead(epochs)
		if err == nil {
			err = t.replay(frames, 2*time.Millisecond)
		}
		if err != nil {
			return outcome{}, err
		}
		time.Sleep(16 * second) // the next HELLO comes when so many have to share the rate
	}
	return s.toldInTime(names)
}

// toldInTime lets one host look names up, and die with the server when it has had
// time to tell them: 64 challenges under way may slow the telling down, no more.
func (s *stage) toldInTime(names []string) (outcome, error) {
	teller := s.lan.Hosts[0]
	if err := s.learn(teller, names); err != nil {
		return outcome{}, err
	}
	time.Sleep(25 * second)
	if err := teller.PowerOff(); err != nil {
		return outcome{}, err
	}
	living := s.lan.Hosts[1:3]
	if err := s.lose(living...); err != nil {
		return outcome{}, err
	}
	all, err := look(living[0], names, 4)
	if err != nil {
		return outcome{}, err
	}
	return of(count(all, failed), len(all), "names were lost"), nil
}

// dead makes a library of recordings: a HELLO of each of so many epochs that are
// over, from the addresses of the hosts. The lab seals them with the group's key, as
// the hosts that once were did.
func (s *stage) dead(epochs int) (frames []frame, err error) {
	in, err := s.newInsider(s.lan.Hosts[0], 255)
	if err != nil {
		return nil, err
	}
	for i := range epochs {
		h := s.lan.Hosts[i%len(s.lan.Hosts)]
		b, err := in.seal(&wire.Message{
			From: wire.Peer{ID: uint64(i%len(s.lan.Hosts)) + 1, Epoch: random()}, Seq: 1, Sent: time.Duration(i) * second,
			Body: &wire.Hello{Version: "0.1.0", Names: 100, Told: 100},
		})
		if err != nil {
			return nil, err
		}
		frames = append(frames, frame{bytes: forge(h.Addr, groupPort, b)})
	}
	return frames, nil
}
