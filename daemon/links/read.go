package links

import (
	"errors"
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"mcdns/gocore/wire"
)

// batch is how many datagrams one system call may bring.
const batch = 16

// errorPause is between two tries while there are errors and no datagrams.
const errorPause = 10 * time.Millisecond

// The pause between two reads amid junk is at most junkPause. Each datagram of a flood
// would wake this process up else, which costs more than to look at it: at 0.5 ms two
// thirds of its processor time went into waking up. The pause is halved, down to an
// eighth, while more than junkWaits datagrams wait at its end: the socket's buffer holds
// some 180 of the longest.
const (
	junkPause = 2 * time.Millisecond
	junkWaits = 64
)

// packet is a datagram as it came in.
type packet struct {
	// Data is the reader's; it is overwritten after the handler returns.
	Data []byte
	From netip.AddrPort // with a zone if link-local
	Link int
	// At is when the system call brought it. One reading of the clock serves all that
	// come together, for each is a system call of its own (CLOCK_BOOTTIME).
	At time.Duration
	// Group: it was sent to the group, not to this host alone.
	Group bool
}

// read hands each datagram of one address family to handle until the sockets
// are closed. It returns at once if the machine lacks the family. handle reports
// whether it was a message of the group.
func (s *sockets) read(v6 bool, dropped *dropped, now func() time.Duration, handle func(packet) bool) {
	r := &reader{sockets: s, dropped: dropped, now: now, handle: handle}
	if v6 {
		r.run6()
	} else {
		r.run4()
	}
}

type reader struct {
	sockets *sockets
	dropped *dropped
	now     func() time.Duration
	at      time.Duration // of the last system call that brought something
	handle  func(packet) bool
}

// pass checks what the control messages said and hands the datagram on. It reports
// what handle does.
func (r *reader) pass(data []byte, from net.Addr, ttl, link int, dst net.IP) bool {
	udp, ok := from.(*net.UDPAddr)
	to, ok2 := netip.AddrFromSlice(dst)
	switch {
	case !ok, !ok2, link == 0:
		r.dropped.stray.Add(1)
		return false
	case ttl != onLink:
		r.dropped.offLink.Add(1)
		return false
	case len(data) > wire.MaxDatagram:
		r.dropped.size.Add(1)
		return false
	}
	to = to.Unmap()
	group := to == r.sockets.group.IPv4 || to == r.sockets.group.IPv6
	if to.IsMulticast() != group {
		r.dropped.stray.Add(1)
		return false
	}
	source := udp.AddrPort()
	addr := r.sockets.zoned(source.Addr().Unmap().WithZone(""), link)
	return r.handle(packet{Data: data, From: netip.AddrPortFrom(addr, source.Port()), Link: link, At: r.at, Group: group})
}

// ipv4.Message and ipv6.Message are one type, so one loop serves both; the
// control messages differ.
func (r *reader) run4() {
	if r.sockets.udp4 == nil {
		return
	}
	c := ipv4.NewPacketConn(r.sockets.udp4)
	var cm ipv4.ControlMessage
	r.loop(func(ms []ipv4.Message) (int, error) { return c.ReadBatch(ms, 0) },
		ipv4.NewControlMessage(ipv4.FlagTTL|ipv4.FlagInterface|ipv4.FlagDst),
		func(m *ipv4.Message) bool {
			cm = ipv4.ControlMessage{}
			return cm.Parse(m.OOB[:m.NN]) == nil && r.pass(m.Buffers[0][:m.N], m.Addr, cm.TTL, cm.IfIndex, cm.Dst)
		})
}

func (r *reader) run6() {
	if r.sockets.udp6 == nil {
		return
	}
	c := ipv6.NewPacketConn(r.sockets.udp6)
	var cm ipv6.ControlMessage
	r.loop(func(ms []ipv4.Message) (int, error) { return c.ReadBatch(ms, 0) },
		ipv6.NewControlMessage(ipv6.FlagHopLimit|ipv6.FlagInterface|ipv6.FlagDst),
		func(m *ipv4.Message) bool {
			cm = ipv6.ControlMessage{}
			return cm.Parse(m.OOB[:m.NN]) == nil && r.pass(m.Buffers[0][:m.N], m.Addr, cm.HopLimit, cm.IfIndex, cm.Dst)
		})
}

func (r *reader) loop(read func([]ipv4.Message) (int, error), oob []byte, handle func(*ipv4.Message) bool) {
	ms := make([]ipv4.Message, batch)
	for i := range ms {
		// One byte more than may come, to see what is too long.
		ms[i] = ipv4.Message{Buffers: [][]byte{make([]byte, wire.MaxDatagram+1)}, OOB: make([]byte, len(oob))}
	}
	pause, waited := junkPause, 0
	for {
		n, err := read(ms)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		// Other errors are ICMP answers to what was sent, or the kernel is out of
		// memory; the socket lives on. A lasting one must not take a processor.
		if err != nil && n <= 0 {
			time.Sleep(errorPause)
			continue
		}
		r.at = r.now()
		junk := false
		for i := range n {
			junk = !handle(&ms[i]) || junk
		}
		if waited += n; !junk || n == batch {
			continue
		}
		time.Sleep(pause) // more of it is on its way
		pause, waited = nextPause(pause, waited), 0
	}
}

// nextPause follows a flood: waited is what the last pause had gathered.
func nextPause(pause time.Duration, waited int) time.Duration {
	switch {
	case waited > junkWaits:
		return max(pause/2, junkPause/8)
	case waited < junkWaits/2:
		return min(2*pause, junkPause)
	}
	return pause
}
