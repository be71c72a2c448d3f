//go:build rivals

package main

import (
	"testing"
	"time"
)

func ofSize(hosts int) crowd {
	return crowd{Hosts: hosts, Names: 100, TTL: func(int) time.Duration { return time.Minute }}
}

// TestRivalsAskOncePerTTL: two hosts, one name, within its TTL and after it.
func TestRivalsAskOncePerTTL(t *testing.T) {
	for _, c := range []struct {
		r    rival
		want uint64
	}{
		{newAlone(ofSize(8)), 3}, {newEveryone(ofSize(8)), 2}, {newHome(ofSize(8), 3), 2}, {newChord(ofSize(8)), 2},
	} {
		c.r.Asked(0, 0, 7)
		c.r.Asked(time.Second, 5, 7)
		c.r.Asked(2*time.Second, 5, 7)
		c.r.Asked(3*time.Minute, 0, 7)
		if s := c.r.Sum(); s.Servers != c.want || s.Lookups != 4 || s.Local == 0 {
			t.Errorf("%s: got %d questions to servers, %d lookups, %d local; want %d, 4, some", s.Name, s.Servers, s.Lookups, s.Local, c.want)
		}
	}
}

// TestRivalsInOutage: what a dead host alone had is lost to those that keep
// everything in one place.
func TestRivalsInOutage(t *testing.T) {
	for _, c := range []struct {
		r    rival
		want uint64
	}{{newAlone(ofSize(8)), 1}, {newEveryone(ofSize(8)), 1}} {
		c.r.Asked(0, 0, 7)
		dead := make([]bool, 8)
		dead[0] = true
		c.r.Outage(dead)
		c.r.Reset()
		c.r.Asked(time.Hour, 5, 7)
		if s := c.r.Sum(); s.Failed != c.want {
			t.Errorf("%s: got %d failed; want %d", s.Name, s.Failed, c.want)
		}
	}
}

// TestChordPathsEndAtTheSuccessor, in at most about log2(N) steps.
func TestChordPathsEndAtTheSuccessor(t *testing.T) {
	c := newChord(ofSize(1000)).(*chord)
	longest := 0
	for name := range 500 {
		p := c.path(name, keyID(name))
		longest = max(longest, len(p))
		if len(p) > 0 && p[len(p)-1] != c.successor(keyID(name)) {
			t.Fatalf("name %d: the path ends elsewhere", name)
		}
	}
	if longest > 20 {
		t.Errorf("longest path has %d steps; want about 10", longest)
	}
}

// TestTableKeepsWhatWasPut: whatever grows and is put again.
func TestTableKeepsWhatWasPut(t *testing.T) {
	var kept table
	if _, ok := kept.get(0); ok {
		t.Error("an empty table has something")
	}
	for round := range 2 {
		for name := range 1000 {
			kept.put(name*7, time.Duration(name+round)*time.Second)
		}
	}
	other := kept.clone()
	other.put(1, time.Hour)
	for name := range 7000 {
		until, ok := kept.get(name)
		if ok != (name%7 == 0) || ok && until != time.Duration(name/7+1)*time.Second {
			t.Fatalf("name %d: got %v, %v", name, until, ok)
		}
	}
	if kept.n != 1000 || other.n != 1001 {
		t.Errorf("got %d and %d names; want 1000 and 1001", kept.n, other.n)
	}
}
