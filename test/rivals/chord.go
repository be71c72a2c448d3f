package main

import (
	"sort"
	"time"
)

// chord: names live at their successor on a ring and at the five after it;
// lookups go by fingers, and every node on the way keeps a copy (DDNS).
type chord struct {
	base
	ring []uint64 // ids, sorted
	host []int    // by place on the ring
	at   []int    // place by host
}

// newChord makes a DHash ring with six replicas and caching along the path.
func newChord(w crowd) rival {
	c := &chord{base: newBase(w, "Chord, path caching"), at: make([]int, w.Hosts)}
	for h := range w.Hosts {
		c.host = append(c.host, h)
	}
	sort.Slice(c.host, func(i, j int) bool { return ringID(c.host[i]) < ringID(c.host[j]) })
	for i, h := range c.host {
		c.ring = append(c.ring, ringID(h))
		c.at[h] = i
	}
	return c
}

func (c *chord) Branch() rival { return &chord{c.base.branch(), c.ring, c.host, c.at} }

func ringID(h int) uint64   { return weigh(uint64(h), 1<<40) }
func keyID(name int) uint64 { return weigh(uint64(name), 1<<41) }

const chordReplicas = 6

// successor is the place of the node responsible for a key.
func (c *chord) successor(key uint64) int {
	i := sort.Search(len(c.ring), func(i int) bool { return c.ring[i] >= key })
	return i % len(c.ring)
}

// path lists the places a lookup visits, from the asker to the successor of
// the key, dead ones passed by.
func (c *chord) path(from int, key uint64) []int {
	var out []int
	goal := c.successor(key)
	for at := from; at != goal && len(out) < 64; {
		next := (at + 1) % len(c.ring) // the immediate successor at worst
		for bit := 63; bit >= 0; bit-- {
			f := c.successor(c.ring[at] + 1<<bit)
			if f != at && between(c.ring[at], c.ring[f], key) {
				next = f
				break
			}
		}
		out = append(out, next)
		at = next
	}
	return out
}

// between reports whether f lies behind a and not behind key, on the ring.
func between(a, f, key uint64) bool { return f-a <= key-a && f != a }

func (c *chord) Asked(at time.Duration, host, name int) {
	if c.has(host, name, at) {
		c.sum.done(true, 0, 0)
		return
	}
	key := keyID(name)
	var took time.Duration
	hops, visited := 0, []int{host}
	for _, place := range c.path(c.at[host], key) {
		h := c.host[place]
		hops++
		c.sum.uni(queryBytes)
		if c.dead[h] {
			took += peerTimeout
			continue
		}
		c.sum.uni(answerBytes)
		took += lanTrip
		if c.has(h, name, at) {
			c.keep(h, name, visited, hops, took)
			return
		}
		visited = append(visited, h)
	}
	c.owner(at, name, key, visited, hops, took)
}

// owner asks the node responsible, and its replicas if it is dead.
func (c *chord) owner(at time.Duration, name int, key uint64, visited []int, hops int, took time.Duration) {
	goal := c.successor(key)
	for i := range min(chordReplicas, len(c.host)) {
		h := c.host[(goal+i)%len(c.host)]
		if c.dead[h] {
			took += peerTimeout
			continue
		}
		if c.has(h, name, at) {
			c.keep(h, name, visited, hops, took+lanTrip)
			return
		}
		if c.outage {
			continue
		}
		c.fetch(at, h, name)
		for k := 1; k < min(chordReplicas, len(c.host)); k++ {
			c.sum.uni(pushBytes)
			c.store(c.host[(goal+k)%len(c.host)], name, c.until(h, name))
		}
		c.keep(h, name, visited, hops, took+serverTrip)
		return
	}
	c.sum.Failed++
	c.sum.done(false, hops, took)
}

// keep leaves a copy along the path.
func (c *chord) keep(from, name int, visited []int, hops int, took time.Duration) {
	c.sum.Served[from]++
	for _, h := range visited {
		c.store(h, name, c.until(from, name))
	}
	c.sum.done(false, max(hops, 1), took)
}
