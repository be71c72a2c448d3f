package upstream

import (
	"net/netip"
	"sync"
)

// lanes bounds what is under way to each server by itself: what waits for a silent
// one must not keep questions from those that live, nor the probes that find out.
type lanes struct {
	sockets int // at once, for each server
	mu      sync.Mutex
	to      map[netip.AddrPort]*lane
}

// A lane is the way to one server, there while anybody is on it.
type lane struct {
	slots chan struct{} // as many as may be asked at once
	users int           // guarded by lanes.mu
}

// enter takes a place on the lane to a server, nil if too many wait there. Who has
// one must give it back with leave.
func (l *lanes) enter(server netip.AddrPort) *lane {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := l.to[server]
	if n == nil {
		n = &lane{slots: make(chan struct{}, l.sockets)}
		if l.to == nil {
			l.to = map[netip.AddrPort]*lane{}
		}
		l.to[server] = n
	}
	if n.users >= maxWaiting {
		return nil
	}
	n.users++
	return n
}

func (l *lanes) leave(server netip.AddrPort, n *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n.users--; n.users == 0 {
		delete(l.to, server)
	}
}
