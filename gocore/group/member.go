package group

import (
	"math"
	"net/netip"
	"slices"
	"time"
	"unique"

	"mcdns/gocore/dns"
	"mcdns/gocore/limit"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
)

// A Member is a proven peer that was heard lately, in 56 bytes: a group of 10,000
// has as many in each host. It stays where it is until one is removed: what waits
// keeps the Peer instead.
type Member struct {
	Peer wire.Peer
	// Clock ties its clock to ours.
	Clock trust.Offset
	about unique.Handle[about]
	first tick
	last  stamp
	// heard4 and heard6 are when it was last heard by multicast over each family.
	heard4, heard6 stamp
	names          uint32
	notes          uint16 // of the group's, 0 if there are none
	well           uint8  // a bit for each of its servers: success is younger than failure
	is             flags
}

// flags say what is so of a member.
type flags uint8

const (
	counted flags = 1 << iota // it said how many names it holds
	twin                      // another member had its id when the later of the two came
)

// about is what a peer says again and again. It is made anew only when it
// changes, and all hosts of a simulation have one between them.
type about struct {
	addr    netip.AddrPort
	link    int
	version unique.Handle[string]
	name    string
	servers unique.Handle[servers]
}

// servers are those that a peer speaks of; most peers of the same.
type servers struct {
	ids [wire.MaxServers]dns.ServerID
	len uint8
}

// newAbout is what is known of somebody before he speaks.
func newAbout() unique.Handle[about] {
	return unique.Make(about{version: unique.Make(""), servers: unique.Make(servers{})})
}

// Notes are what most members of a big group never need.
type Notes struct {
	// HearsUs is when it last listed this host among those it hears.
	HearsUs time.Duration
	// Told and Contradicted count answers that were taken, and that a server contradicted.
	Told, Contradicted uint64
	// Heard counts the new answers heard of it as its HELLOs count those it told,
	// from the first one (Counted) on; Lost is how many more it had told by the
	// last one.
	Heard uint32
	Lost  int32
	// Missed counts its HELLOs since HearsUs. Named is when it was last logged as deaf,
	// 0 if never; Awaited: that it hears again is to be logged.
	Missed  uint8
	Named   time.Duration
	Awaited bool
	// Checked is when it was last asked to prove itself anew, 0 if never.
	Checked time.Duration
	// Measured counts how often that was because its datagrams seem to take long.
	Measured uint8

	tells limit.Bucket // answers
}

// Addr is where it answers by unicast, Link where that is, Version what it said
// of itself, Name what it called itself.
func (m *Member) Addr() netip.AddrPort { return m.about.Value().addr }
func (m *Member) Link() int            { return m.about.Value().link }
func (m *Member) Version() string      { return m.about.Value().version.Value() }
func (m *Member) Name() string         { return m.about.Value().name }

// Names is how many it holds by its last HELLO, Counted whether there was one.
func (m *Member) Names() uint32 { return m.names }
func (m *Member) Counted() bool { return m.is&counted != 0 }

// SaysNames notes how many names it holds.
func (m *Member) SaysNames(names uint32) {
	m.names = names
	m.is |= counted
}

// First and Last are when it was first and last heard, to a tenth of a second
// and to a millisecond.
func (m *Member) First() time.Duration                 { return m.first.time() }
func (m *Member) Last(now time.Duration) time.Duration { return m.last.time(now) }

// Multicast reports by which families it was heard by multicast since a time.
func (m *Member) Multicast(now, since time.Duration) (four, six bool) {
	return m.heard4 != 0 && m.heard4.time(now) >= since, m.heard6 != 0 && m.heard6.time(now) >= since
}

// Came notes where a datagram came from that was sent just now.
func (m *Member) Came(now time.Duration, from netip.AddrPort, link int, multicast bool) {
	m.last = stampOf(now)
	if a := m.about.Value(); a.addr != from || a.link != link {
		a.addr, a.link = from, link
		m.about = unique.Make(a)
	}
	switch {
	case !multicast:
	case from.Addr().Is4():
		m.heard4 = stampOf(now)
	default:
		m.heard6 = stampOf(now)
	}
}

// SaysVersion notes what it said of itself.
func (m *Member) SaysVersion(version string) {
	if a := m.about.Value(); a.version.Value() != version {
		a.version = unique.Make(version)
		m.about = unique.Make(a)
	}
}

// SaysName notes what it called itself.
func (m *Member) SaysName(name string) {
	if a := m.about.Value(); a.name != name {
		a.name = name
		m.about = unique.Make(a)
	}
}

// SaysServers notes its evidence, of at most wire.MaxServers.
func (m *Member) SaysServers(states []wire.ServerState) {
	var now servers
	m.well = 0
	for i, s := range states[:min(len(states), len(now.ids))] {
		now.ids[i], now.len = s.Server, uint8(i+1)
		if s.Success < min(s.Failure, wire.Never) {
			m.well |= 1 << i
		}
	}
	if a := m.about.Value(); a.servers.Value() != now {
		a.servers = unique.Make(now)
		m.about = unique.Make(a)
	}
}

// Uses reports whether it spoke of a server.
func (m *Member) Uses(id dns.ServerID) bool {
	s := m.about.Value().servers.Value()
	return slices.Contains(s.ids[:s.len], id)
}

// Reaches reports whether its last word of a server that f accepts is a success.
func (m *Member) Reaches(f func(dns.ServerID) bool) bool {
	s := m.about.Value().servers.Value()
	for i, id := range s.ids[:s.len] {
		if m.well&(1<<i) != 0 && f(id) {
			return true
		}
	}
	return false
}

// A tick is a time since boot in tenths of a second.
type tick uint32

func tickOf(now time.Duration) tick { return tick(min(now/(100*time.Millisecond), math.MaxUint32)) }
func (t tick) time() time.Duration  { return time.Duration(t) * 100 * time.Millisecond }

// A stamp is a time of the last 24 days in milliseconds, 0 for never. Only those of
// the last HELLO intervals count: Expire forgets what is older.
type stamp uint32

func stampOf(now time.Duration) stamp { return max(stamp(now/time.Millisecond), 1) }

// time is the time that a stamp means now.
func (s stamp) time(now time.Duration) time.Duration {
	at := now / time.Millisecond
	return (at - time.Duration(int32(stamp(at)-s))) * time.Millisecond
}

// moved is the stamp of so much later.
func (s stamp) moved(by time.Duration) stamp {
	if s == 0 {
		return 0
	}
	return max(s+stamp(by/time.Millisecond), 1)
}

// only is the stamp if so, else never.
func (s stamp) only(so bool) stamp {
	if so {
		return s
	}
	return 0
}
