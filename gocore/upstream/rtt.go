package upstream

import (
	"slices"
	"time"
)

// rtt estimates a server's reply time (Jacobson's srtt and variance, RFC 6298).
type rtt struct {
	srtt, variance time.Duration
	known          bool
}

// Bounds of the time before a question is asked again (the
// resolver unbound's values).
const (
	unknownRTO = 376 * time.Millisecond
	minRTO     = 50 * time.Millisecond
	// doubtedRTO is that of a server that is not up: it is silent, and what is
	// repeated to it arrives all at once when it is back. By others' word alone it
	// is no such server: two quick time-outs confirm that (PROTOCOL 5.8).
	doubtedRTO = 200 * time.Millisecond
	maxRTO     = 3 * time.Second
	// A fallback server is asked to the end of the three seconds, each as long after
	// the last.
	fallbackRTO = 150 * time.Millisecond
)

func (r *rtt) add(took time.Duration) {
	if !r.known {
		r.srtt, r.variance, r.known = took, took/2, true
		return
	}
	took = min(took, 4*max(minRTO, r.srtt+4*r.variance)) // one late reply is no slow server
	off := r.srtt - took
	if off < 0 {
		off = -off
	}
	r.variance += (off - r.variance) / 4
	r.srtt += (took - r.srtt) / 8
}

// timeout is how long the sent-th question to the server waits for a reply. It
// doubles from the third on: with the second already, a fifth of all datagrams
// lost made first lookups take seconds.
func (s *server) timeout(sent int) time.Duration {
	rto := unknownRTO
	if s.rtt.known {
		rto = max(minRTO, s.rtt.srtt+4*s.rtt.variance)
	}
	if s.life != up && s.life != hearsay {
		rto = max(rto, doubtedRTO)
	}
	return min(maxRTO, rto<<min(max(sent-2, 0), 10))
}

// Wait is how long the sent-th question to it waits for its reply. A fallback server
// is asked again sooner than others: a program waits in an outage, mostly for the first
// answer that this host ever has of it, and a new name is to resolve within two seconds
// where three of ten questions are lost.
func (o One) Wait(sent int) time.Duration {
	s := o.s
	if s == nil {
		return maxRTO
	}
	wait := s.timeout(sent)
	if !s.fallback || s.domain != "" {
		return wait
	}
	if s.rtt.known {
		return min(wait, max(fallbackRTO, s.timeout(1)))
	}
	return min(wait, fallbackRTO)
}

// Usual is how long answers take, 0 while none has come.
func (u *Upstream) Usual() time.Duration { return u.replies.p99() }

// Turn is how long a server may be silent before the next one is asked.
const Turn = time.Second

// LateAnswer is how long a question asked before the outage was known may still
// be answered by a server: names that a resolver must look up itself take it
// half a second and more, all at once after a quiet hour. Failed at once, each
// such hour began with a failed lookup. What is left of the three seconds that a
// lookup may take is the group's, five turns of 85 ms, and a busy machine's.
const LateAnswer = 3*time.Second - 5*85*time.Millisecond

// timeReply learns from a reply how long the server takes. The one that shows that it is
// back may have waited for that. Where another server stands in it counts as one late reply
// does: else one that takes 1 to 2.6 s is down anew for each lookup. What comes with it does
// not count, nor that one where nothing stands in: the next outage would be known later.
func (s *server) timeReply(now time.Duration, took time.Duration) {
	isBack := s.state() == Down || s.life == cutOff
	if isBack {
		s.back = now
	}
	late := isBack && took <= LateAnswer // no kernel holds a question for longer
	switch {
	case late && !s.hasNext():
	case late && !s.rtt.known:
		s.rtt.add(min(took, unknownRTO/3)) // three times this is waited, as before
	case late || now-took >= s.back || took > LateAnswer:
		s.rtt.add(took)
	}
}

// noteReply follows how long this host waits for a server: from the first time that it
// asked this one. Where frames are lost that is longer than a reply takes, and an answer
// that comes after two repeats is in time there.
func (s *server) noteReply(now time.Duration, sent, began time.Duration) {
	if began >= s.back || now-sent > LateAnswer {
		s.u.replies.add(now - began)
	}
}

// ring holds the last 100 times to an answer.
type ring struct {
	took [100]time.Duration
	n    int
}

func (r *ring) add(took time.Duration) {
	r.took[r.n%len(r.took)] = took
	r.n++
}

// p99 is the second longest of the last 100 replies, 0 while there are none.
func (r *ring) p99() time.Duration {
	held := slices.Clone(r.took[:min(r.n, len(r.took))])
	if len(held) == 0 {
		return 0
	}
	slices.Sort(held)
	return held[len(held)*99/100-min(1, len(held)/100)]
}
