package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"mcdns/test/lab"
)

// noticeTime: a peer counts as deaf after three of its HELLOs, which are 5 to 15
// s apart, and lost frames lose some.
const noticeTime = 120 * second

// sign is what a daemon says when it has noticed.
const sign = "does not hear this host's multicast"

// multicast keeps multicast from one host, and that of another from all.
func (e *evening) multicast(loss float64) job {
	title := fmt.Sprintf("multicast, %s loss", percent(loss))
	run := func(r *result) error {
		t, err := e.newTrial(title, r, loss, lab.Config{Hosts: e.hosts})
		if err != nil {
			return err
		}
		defer t.close()
		t.end = "frozen"
		return t.chapters(t.lan.WaitPeers, t.loseMulticast, t.first, t.rest, t.oneWay)
	}
	return job{title, run, run}
}

func (t *trial) loseMulticast() error {
	deaf, mute := t.lan.Hosts[0], t.lan.Hosts[1]
	begin := time.Now()
	if err := errors.Join(t.lan.LoseMulticast(deaf, true, false), t.lan.LoseMulticast(mute, false, true)); err != nil {
		return err
	}
	// Everybody else notices that the deaf host does not hear them; the mute host
	// notices that nobody hears it.
	want := 0
	for time.Since(begin) < noticeTime {
		if want = t.notices(); want == t.Hosts-1 {
			break
		}
		time.Sleep(200 * time.Millisecond)
	}
	took := time.Since(begin)
	t.say("multicast does not reach %s, and that of %s nobody: %d of %d hosts say so after %.1f s", deaf.Name, mute.Name, want, t.Hosts-1, took.Seconds())
	t.want("lost multicast is noticed and said, by hosts", t.Hosts-1, want, want == t.Hosts-1)
	return nil
}

// notices counts the hosts that have said so.
func (t *trial) notices() (n int) {
	for _, h := range t.lan.Hosts[1:] {
		text, err := os.ReadFile(h.Mcdnsd.Log())
		if err == nil && strings.Contains(string(text), sign) {
			n++
		}
	}
	return n
}

// oneWay wants the outage to cost the deaf and the mute host nothing either.
func (t *trial) oneWay() error {
	if err := t.detect("one-way links", t.lan.Hosts, t.strike); err != nil {
		return err
	}
	hosts := t.lan.Hosts[:3]
	for _, h := range hosts {
		p := t.part(fmt.Sprintf("one-way links: every name on %s", h.Name))
		if err := t.byProgram(p, h, t.names.Timed); err != nil {
			return err
		}
		t.say("%s", p)
		t.wantAll(p)
	}
	return nil
}
