package upstream

import (
	"net/netip"
	"sync"
	"time"
)

// learnt remembers how servers mishandle what the rest of the world has agreed
// on, so that each costs its extra packets once and not with every question.
type learnt struct {
	mu sync.Mutex
	of map[netip.AddrPort]*manners
}

// manners of one server, each until a time at which it is tried anew.
type manners struct {
	plain   time.Time // EDNS is not understood, or does not arrive
	letters time.Time // the case of names is not kept
	noTLS   time.Time // nobody listens for TLS
	saidTLS time.Time // the log has said why there is no TLS
	// unanswered counts questions with EDNS since the last reply; known is when
	// one with EDNS was last answered.
	unanswered int
	known      time.Time
}

const (
	// learntFor: servers get repaired, networks change.
	learntFor  = 15 * time.Minute
	maxServers = 256
	// lostWithEDNS in a row and nothing ever heard: the next goes without, some
	// firewalls swallow what has an OPT.
	lostWithEDNS = 2
)

func (l *learnt) get(server netip.AddrPort) *manners {
	m := l.of[server]
	if m == nil {
		if l.of == nil || len(l.of) >= maxServers {
			l.of = map[netip.AddrPort]*manners{}
		}
		m = &manners{}
		l.of[server] = m
	}
	return m
}

// ask says how to put the next question, and counts it.
func (l *learnt) ask(server netip.AddrPort, now time.Time) (edns, mixed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.get(server)
	mixed = now.After(m.letters)
	if now.Before(m.plain) {
		return false, mixed
	}
	if m.unanswered >= lostWithEDNS && now.Sub(m.known) > learntFor {
		m.unanswered = 0
		return false, mixed
	}
	m.unanswered++
	return true, mixed
}

// heard notes a reply to a question put with or without EDNS. Without it means
// that EDNS had not arrived, or the question would not have been put so.
func (l *learnt) heard(server netip.AddrPort, now time.Time, edns bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.get(server)
	m.unanswered = 0
	if edns {
		m.known = now
	} else {
		m.plain = now.Add(learntFor)
	}
}

func (l *learnt) losesLetters(server netip.AddrPort, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.get(server).letters = now.Add(learntFor)
}

// sayTLS reports whether it is time to say anew that a server cannot be asked.
func (l *learnt) sayTLS(server netip.AddrPort, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.get(server)
	if now.Before(m.saidTLS) {
		return false
	}
	m.saidTLS = now.Add(learntFor)
	return true
}

// tryTLS reports whether a server that was not heard by TLS is worth a try, and
// counts it as one.
func (l *learnt) tryTLS(server netip.AddrPort, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.get(server)
	if now.Before(m.noTLS) {
		return false
	}
	m.noTLS = now.Add(learntFor)
	return true
}
