package streams

import (
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Nobody without the key can keep a member out. Of whom nothing is proven yet each
// address has two places, and the addresses of members have places of their own: what
// comes too much pushes out the oldest of its kind alone. With four places for all,
// whoever connected four times within a handshake kept every stream from this host.

const (
	// unproven bounds connections of whom nothing is known yet, of strange addresses and
	// once more of members'; perAddress those of one address.
	unproven   = 4
	perAddress = 2
	// metFor is how long an address is taken for a member's, met how many are: lately
	// proven ones, by whichever address family.
	metFor  = 15 * time.Minute
	mostMet = 4096
	// lookEvery is how often the node is asked who its members are, at most: whoever
	// connects a thousand times a second must not keep it busy.
	lookEvery = time.Second
)

// A guest is a connection that has not proven itself yet.
type guest struct {
	conn   net.Conn
	addr   netip.Addr
	member bool // its address is a member's
}

// wait takes a connection among the unproven.
func (s *Streams) wait(conn net.Conn) {
	addr := addrOf(conn)
	g := guest{conn, addr, s.met.has(addr, time.Now(), s.config.Members)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pushOut(perAddress, func(o guest) bool { return o.addr == g.addr })
	s.pushOut(unproven, func(o guest) bool { return o.member == g.member })
	s.waiting = append(s.waiting, g)
}

// pushOut closes the oldest of a kind if it has so many.
func (s *Streams) pushOut(most int, kind func(guest) bool) {
	count := 0
	for _, g := range s.waiting {
		if kind(g) {
			count++
		}
	}
	if count < most {
		return
	}
	i := slices.IndexFunc(s.waiting, kind)
	s.waiting[i].conn.Close()
	s.waiting = slices.Delete(s.waiting, i, i+1)
}

// settle takes it out again and, if it proved to be a member's, into the others.
func (s *Streams) settle(conn net.Conn, member bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = slices.DeleteFunc(s.waiting, func(g guest) bool { return g.conn == conn })
	if !member || len(s.members) >= proven {
		return false
	}
	s.members[conn] = true
	return true
}

// addrOf is without the zone: members are told apart by less.
func addrOf(conn net.Conn) netip.Addr {
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return a.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}

// met are the addresses that members lately had.
type met struct {
	mu     sync.Mutex
	looked time.Time
	at     map[netip.Addr]time.Time
}

// has reports whether an address is a member's.
func (m *met) has(addr netip.Addr, now time.Time, members func() []netip.Addr) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.looked.IsZero() || now.Sub(m.looked) >= lookEvery {
		m.looked = now
		maps.DeleteFunc(m.at, func(_ netip.Addr, at time.Time) bool { return now.Sub(at) >= metFor })
		for _, a := range members() {
			if m.at == nil {
				m.at = map[netip.Addr]time.Time{}
			}
			if len(m.at) < mostMet {
				m.at[a.WithZone("")] = now
			}
		}
	}
	_, known := m.at[addr]
	return known
}
