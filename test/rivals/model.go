package main

import (
	"slices"
	"sort"
	"time"
)

// What the models' messages cost, headers and seals included, and how long
// things take.
const (
	queryBytes  = 120
	answerBytes = 230
	pushBytes   = 200
	lanTrip     = 400 * time.Microsecond
	serverTrip  = 20 * time.Millisecond
	peerTimeout = 20 * time.Millisecond
)

// A crowd is what a model needs to know of the simulated hosts and names.
type crowd struct {
	Hosts int
	Names int
	TTL   func(name int) time.Duration
}

// A rival serves lookups in its own way.
type rival interface {
	// Asked is a lookup by a host.
	Asked(at time.Duration, host, name int)
	// Outage begins one, with some hosts dead.
	Outage(dead []bool)
	// Branch is a copy that goes its own way.
	Branch() rival
	// Sum is what the lookups cost since the last Reset.
	Sum() *tally
	Reset()
}

// A tally is what a rival did.
type tally struct {
	Name                         string
	Lookups, Local, LAN, Servers uint64
	Failed                       uint64 // in an outage
	Unicast, Multicast, Bytes    uint64
	Received                     uint64        // datagrams, all hosts
	Took                         time.Duration // all lookups
	Hops                         [16]uint64    // remote calls of a lookup
	Served                       []uint64      // answers given to others, by host
	Held                         []int         // records held, by host

	lastFetch time.Duration
	fetched   bool // the lookup at hand was put to a DNS server
}

func (s *tally) done(local bool, hops int, took time.Duration) {
	s.Lookups++
	s.Took += took
	s.Hops[min(hops, len(s.Hops)-1)]++
	switch {
	case local:
		s.Local++
	case hops > 0 && !s.fetched:
		s.LAN++
	}
	s.fetched = false
}

// uni is a message to one host, multi one to all.
func (s *tally) uni(bytes int) {
	s.Unicast++
	s.Received++
	s.Bytes += uint64(bytes)
}

func (s *tally) multi(hosts, bytes int) {
	s.Multicast++
	s.Received += uint64(hosts - 1)
	s.Bytes += uint64(bytes)
}

// Answered is the share of lookups that got an answer.
func (s *tally) Answered() float64 {
	if s.Lookups == 0 {
		return 0
	}
	return 1 - float64(s.Failed)/float64(s.Lookups)
}

// base is what all rivals share: when a host's copy of a name expires; 0 is no
// copy. An expired copy is served in an outage.
type base struct {
	w      crowd
	sum    tally
	copies []table // by host
	outage bool
	dead   []bool
}

func newBase(w crowd, name string) base {
	b := base{w: w, sum: tally{Name: name}, dead: make([]bool, w.Hosts), copies: make([]table, w.Hosts)}
	b.Reset()
	return b
}

func (b *base) Outage(dead []bool) { b.outage, b.dead = true, dead }

func (b *base) Reset() {
	b.sum = tally{Name: b.sum.Name, Served: make([]uint64, b.w.Hosts)}
}

func (b *base) Sum() *tally {
	b.sum.Held = nil
	for _, c := range b.copies {
		b.sum.Held = append(b.sum.Held, c.n)
	}
	return &b.sum
}

func (b base) branch() base {
	copies := make([]table, len(b.copies))
	for i, c := range b.copies {
		copies[i] = c.clone()
	}
	b.copies = copies
	b.Reset()
	return b
}

// has reports whether a host's copy can be served now.
func (b *base) has(host, name int, at time.Duration) bool {
	until, ok := b.copies[host].get(name)
	return ok && (b.outage || at < until)
}

func (b *base) until(host, name int) time.Duration {
	until, _ := b.copies[host].get(name)
	return until
}

func (b *base) store(host, name int, until time.Duration) { b.copies[host].put(name, until) }

// fetch asks a DNS server on behalf of a host.
func (b *base) fetch(at time.Duration, host, name int) {
	b.sum.Servers++
	b.sum.fetched = true
	b.store(host, name, at+serverTrip+b.w.TTL(name))
}

// alone: every host has its own cache and nothing else.
type alone struct{ base }

// newAlone makes hosts that know nothing of each other.
func newAlone(w crowd) rival { return &alone{newBase(w, "independent caches")} }

func (r *alone) Branch() rival { return &alone{r.base.branch()} }

func (r *alone) Asked(at time.Duration, host, name int) {
	switch {
	case r.has(host, name, at):
		r.sum.done(true, 0, 0)
	case r.outage:
		r.sum.Failed++
		r.sum.done(false, 0, 0)
	default:
		r.fetch(at, host, name)
		r.sum.done(false, 0, serverTrip)
	}
}

// everyone: on a miss, ask the group; who has it answers after a random time
// within 20 ms unless another was quicker.
type everyone struct {
	base
	holders map[int][]int32 // by name: hosts with a copy
}

// newEveryone makes query-everyone multicast.
func newEveryone(w crowd) rival {
	return &everyone{newBase(w, "ask everyone"), map[int][]int32{}}
}

func (r *everyone) Branch() rival {
	holders := map[int][]int32{}
	for name, h := range r.holders {
		holders[name] = slices.Clone(h)
	}
	return &everyone{r.base.branch(), holders}
}

func (r *everyone) Asked(at time.Duration, host, name int) {
	if r.has(host, name, at) {
		r.sum.done(true, 0, 0)
		return
	}
	r.sum.multi(r.w.Hosts, queryBytes)
	keep := r.holders[name][:0]
	able, best := 0, -1
	for _, h := range r.holders[name] {
		if !r.has(int(h), name, at) {
			continue
		}
		keep = append(keep, h)
		if !r.dead[h] {
			able++
			best = int(h)
		}
	}
	if able == 0 {
		r.miss(at, host, name, keep)
		return
	}
	replies := 1 + able/40 // those within half a millisecond of the first
	for range replies {
		r.sum.multi(r.w.Hosts, answerBytes)
	}
	r.sum.Served[best]++
	r.store(host, name, r.until(best, name))
	r.holders[name] = append(keep, int32(host))
	r.sum.done(false, 1, lanTrip+peerTimeout/time.Duration(able+1))
}

func (r *everyone) miss(at time.Duration, host, name int, keep []int32) {
	r.holders[name] = keep
	if r.outage {
		r.sum.Failed++
		r.sum.done(false, 0, peerTimeout)
		return
	}
	r.fetch(at, host, name)
	r.holders[name] = append(keep, int32(host))
	r.sum.done(false, 0, peerTimeout+serverTrip)
}

// ranked orders hosts for a name by their weights, first first.
func ranked(hosts, name, n int) []int {
	type one struct {
		host   int
		weight uint64
	}
	best := make([]one, 0, n+1)
	for h := range hosts {
		w := weigh(uint64(h), uint64(name))
		i := sort.Search(len(best), func(i int) bool { return best[i].weight < w })
		if i < n {
			best = append(best, one{})
			copy(best[i+1:], best[i:])
			best[i] = one{h, w}
			best = best[:min(len(best), n)]
		}
	}
	out := make([]int, len(best))
	for i, b := range best {
		out[i] = b.host
	}
	return out
}

func weigh(a, b uint64) uint64 {
	x := a*0x9e3779b97f4a7c15 ^ (b+1)*0xbf58476d1ce4e5b9
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
