package main

import "time"

// home: each name has a home node, which fetches it, answers for it and copies
// it to the next replicas: CoDoNS with one hop, which a LAN allows.
type home struct {
	base
	replicas int
	homes    map[int][]int
}

// newHome makes a home node with replicas-1 copies for each name.
func newHome(w crowd, replicas int) rival {
	return &home{newBase(w, "home node, 3 copies"), replicas, map[int][]int{}}
}

func (r *home) Branch() rival { return &home{r.base.branch(), r.replicas, r.homes} }

func (r *home) of(name int) []int {
	if r.homes[name] == nil {
		r.homes[name] = ranked(r.w.Hosts, name, r.replicas)
	}
	return r.homes[name]
}

func (r *home) Asked(at time.Duration, host, name int) {
	if r.has(host, name, at) {
		r.sum.done(true, 0, 0)
		return
	}
	var took time.Duration
	hops := 0
	for _, h := range r.of(name) {
		if h == host {
			continue
		}
		hops++
		r.sum.uni(queryBytes)
		if r.dead[h] {
			took += peerTimeout
			continue
		}
		took += lanTrip
		if r.answers(at, h, host, name) {
			if !r.outage && r.sum.lastFetch == at {
				took += serverTrip
			}
			r.sum.done(false, hops, took)
			return
		}
	}
	r.alone(at, host, name, hops, took)
}

// answers has a home serve the asker, and fetch if it must.
func (r *home) answers(at time.Duration, h, host, name int) bool {
	if !r.has(h, name, at) {
		if r.outage {
			r.sum.uni(queryBytes) // says no
			return false
		}
		r.fetch(at, h, name)
		r.sum.lastFetch = at
		for _, other := range r.of(name) {
			if other != h && !r.dead[other] {
				r.sum.uni(pushBytes)
				r.store(other, name, r.until(h, name))
			}
		}
	}
	r.sum.uni(answerBytes)
	r.sum.Served[h]++
	r.store(host, name, r.until(h, name))
	return true
}

// alone: the asker is the home itself, or nobody could help.
func (r *home) alone(at time.Duration, host, name, hops int, took time.Duration) {
	if r.outage {
		r.sum.Failed++
		r.sum.done(false, hops, took)
		return
	}
	r.fetch(at, host, name)
	r.sum.done(false, hops, took+serverTrip)
}
