package node

import (
	"strings"
	"testing"
	"time"
)

// TestDeafPeerIsSaidAtItsBeginningAndItsEnd: each time, but for a peer once an hour at
// most, and what was begun is ended.
func TestDeafPeerIsSaidAtItsBeginningAndItsEnd(t *testing.T) {
	l := newLAN(t, 4)
	l.settle()
	said := func(text string) (times int) {
		for _, line := range l.nodes[1].logs {
			if strings.Contains(line, text) {
				times++
			}
		}
		return times
	}
	expect := func(when string, deaf, again int) {
		t.Helper()
		if d, a := said("does not hear this host's multicast"), said("hears this host's multicast again"); d != deaf || a != again {
			t.Errorf("%s: said deaf %d times, hears again %d times; want %d and %d", when, d, a, deaf, again)
		}
	}
	spell := func() {
		l.silent = map[int]bool{1: true}
		l.run(2 * time.Minute)
		l.silent = nil
		l.run(time.Minute)
	}
	l.silent = map[int]bool{1: true}
	l.run(2 * time.Minute)
	expect("three are deaf", 3, 0)
	l.silent = nil
	l.run(time.Minute)
	expect("they hear again", 3, 3)
	spell()
	expect("a second time within the hour", 3, 3)
	l.run(time.Hour)
	spell()
	expect("an hour later", 6, 6)
}

// TestPeerIsNotCalledDeafBeforeItCanBeKnown: status and peers say the same of it.
func TestPeerIsNotCalledDeafBeforeItCanBeKnown(t *testing.T) {
	l := newLAN(t, 4)
	agree := func() (hears, deaf, unknown int) {
		for _, p := range l.nodes[1].Peers(l.now) {
			switch {
			case p.Deaf:
				deaf++
			case p.HearsUs:
				hears++
			default:
				unknown++
			}
		}
		if got := l.nodes[1].Status(l.now).Deaf; got != deaf {
			t.Errorf("at %v: status counts %d deaf, peers %d", l.now, got, deaf)
		}
		return hears, deaf, unknown
	}
	l.silent = map[int]bool{1: true}
	for range 20 {
		l.run(100 * time.Millisecond)
		if _, deaf, _ := agree(); deaf > 0 {
			t.Fatalf("deaf at %v", l.now)
		}
	}
	l.run(2 * time.Minute)
	if _, deaf, _ := agree(); deaf != 3 {
		t.Errorf("%d deaf; want 3", deaf)
	}
	l.silent = nil
	l.run(time.Minute)
	if hears, _, _ := agree(); hears != 3 {
		t.Errorf("%d hear this host; want 3", hears)
	}
}
