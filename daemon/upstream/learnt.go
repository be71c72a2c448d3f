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
	// unheard is when the first questions with EDNS left since anything was heard,
	// at most lostWithEDNS; known is when one with EDNS last had a reply.
	unheard []time.Time
	known   time.Time
	// doubt: EDNS went unheard and a question without it did not.
	doubt bool
	// failed is a name that had an answer without EDNS alone since one had it with.
	failed string
}

const (
	// learntFor: servers get repaired, networks change. plainFor is that for EDNS: each
	// try costs a question, one that is swallowed a lookup of 0.4 s.
	learntFor  = 15 * time.Minute
	plainFor   = time.Hour
	maxServers = 256
	// lostWithEDNS for lostAfter, and nothing heard since: the next goes without, some
	// firewalls swallow what has an OPT. One that is under way is not lost: with three
	// names asked at once every host lost its EDNS for as long as it was busy.
	lostWithEDNS = 2
	lostAfter    = 300 * time.Millisecond
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

// ask says how to put the next question, and notes that it leaves. One that must
// have EDNS has it.
func (l *learnt) ask(server netip.AddrPort, now time.Time, must bool) (edns, mixed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.get(server)
	edns = must || !now.Before(m.plain) && !m.swallowed(now)
	if edns && len(m.unheard) < lostWithEDNS {
		m.unheard = append(m.unheard, now)
	}
	return edns, now.After(m.letters)
}

// swallowed reports whether EDNS may be why nothing is heard: after a first doubt
// one question is enough.
func (m *manners) swallowed(now time.Time) bool {
	enough := lostWithEDNS
	if m.doubt {
		enough = 1
	}
	return len(m.unheard) >= enough && now.Sub(m.unheard[enough-1]) >= lostAfter && now.Sub(m.known) > learntFor
}

// heard notes a reply to a question put with or without EDNS. That EDNS is
// swallowed is believed the second time: the first may be a server that was down.
func (l *learnt) heard(server netip.AddrPort, now time.Time, edns bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.get(server)
	switch swallowed := m.swallowed(now); {
	case edns:
		m.known, m.plain, m.doubt = now, time.Time{}, false
	case swallowed && m.doubt:
		m.plain = now.Add(plainFor)
	case swallowed:
		m.doubt = true
	}
	m.unheard = m.unheard[:0]
}

// answered is heard for an answer.
func (l *learnt) answered(server netip.AddrPort, now time.Time, edns bool) {
	l.heard(server, now, edns)
	if edns {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.get(server).failed = ""
	}
}

// lacksEDNS notes that a server answers without EDNS what it does not with. Unless
// sure, that may be the name's: two of them are believed.
func (l *learnt) lacksEDNS(server netip.AddrPort, now time.Time, name string, sure bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	m := l.get(server)
	if sure || m.failed != "" && m.failed != name {
		m.plain = now.Add(plainFor)
		return
	}
	m.failed = name
}

// isPlain reports whether a server is asked without EDNS.
func (l *learnt) isPlain(server netip.AddrPort, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return now.Before(l.get(server).plain)
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
// counts it as one in vain until hasTLS.
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

// hasTLS notes that a connection was made: once it is closed for being idle the next
// may be tried at once.
func (l *learnt) hasTLS(server netip.AddrPort) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.get(server).noTLS = time.Time{}
}

// lacksTLS notes that a server has no use for the connections it takes.
func (l *learnt) lacksTLS(server netip.AddrPort, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.get(server).noTLS = now.Add(learntFor)
}
