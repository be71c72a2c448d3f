package sim

import (
	"net/netip"
	"time"

	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// port is the group's (PROTOCOL 3.1).
const port = 7353

// firstLink is the kernel's index of a host's first interface.
const firstLink = 2

// An iface is a host's place on a segment.
type iface struct {
	host    *Host
	segment int
	link    node.Link
	addr4   netip.AddrPort
	addr6   [maxLinks]netip.AddrPort // as seen with the zone of the receiver's link
}

// maxLinks is how many interfaces a host may have.
const maxLinks = 4

var zones = [maxLinks]string{"eth0", "eth1", "eth2", "eth3"}

func newIface(h *Host, segment int, opt Options) *iface {
	n := len(h.links)
	f := &iface{host: h, segment: segment}
	f.link = node.Link{Index: firstLink + n, Name: zones[n], IPv4: !opt.Single, IPv6: true, Wireless: opt.Wireless}
	f.addr4 = netip.AddrPortFrom(addrOf(segment, h.Index, false), port)
	for z := range f.addr6 {
		f.addr6[z] = netip.AddrPortFrom(addrOf(segment, h.Index, true).WithZone(zones[z]), port)
	}
	return f
}

// AddLink gives a host one more interface, on the given segment.
func (w *World) AddLink(h *Host, segment int) {
	f := newIface(h, segment, w.opt)
	h.links = append(h.links, f)
	w.lan.know(f)
	w.configure(h)
}

// Move unplugs a host and plugs it in on another segment: another network.
func (w *World) Move(h *Host, segment int) {
	for _, f := range h.links {
		delete(w.lan.byAddr, f.addr4.Addr())
		delete(w.lan.byAddr, f.addr6[0].Addr().WithZone(""))
	}
	w.breakFlows(h)
	h.links, h.settings.Place = nil, uint64(segment)+1
	w.AddLink(h, segment)
}

// A datagram is on its way to a host or to the group.
type datagram struct {
	num    uint64
	from   *iface
	v6     bool
	to     *Host // nil: the group
	toRun  int32
	key    int // it is sealed with
	ring   int // of the sender
	msg    *wire.Message
	sealed []byte                // with Options.Sealed
	opened map[int]*wire.Message // by key of the receiver, with Options.Sealed
	size   int                   // bytes on the wire, IP and UDP headers included
	again  bool                  // replayed or duplicated: not counted as sent
	common node.Received         // what most receivers are handed, made once,
	in     node.Input            // and the same as an interface
}

// lan is the links between hosts and what is wrong with them.
type lan struct {
	loss, dup     float64
	delay, jitter time.Duration
	island        []int           // by host: only those of one island hear each other
	unheard       map[[2]int]bool // sender, receiver: no multicast gets through
	byAddr        map[netip.Addr]*iface
}

func (l *lan) init(opt Options) {
	l.loss, l.delay, l.jitter = opt.Loss, opt.Delay, opt.Jitter
	l.island = make([]int, opt.Hosts)
	l.unheard = map[[2]int]bool{}
	l.byAddr = map[netip.Addr]*iface{}
}

func (l *lan) know(f *iface) {
	l.byAddr[f.addr4.Addr()] = f
	l.byAddr[f.addr6[0].Addr().WithZone("")] = f
}

// slots is into how many steps jitter is cut: a datagram to the group is one
// event for each of them.
const slots = 16

// send puts a datagram on the LAN.
func (w *World) send(d *datagram) {
	d.num = w.number()
	w.tapeIt(d)
	w.transmit(d)
	if w.lan.dup > 0 && chance(w.opt.Seed, 4, d.num) < w.lan.dup {
		twice := *d
		twice.num = w.number() // with delays and losses of its own
		w.transmit(&twice)
	}
}

// release lets a datagram come to all hosts at a time.
func (w *World) release(at time.Duration, d *datagram) {
	w.queue.Push(at, event{kind: evDatagram, what: d, n: allSlots})
}

func (w *World) transmit(d *datagram) {
	at := w.now + w.lan.delay
	if w.lan.jitter == 0 {
		w.release(at, d)
		return
	}
	for s := range slots {
		if d.to != nil && w.slot(d, d.to) != uint64(s) {
			continue
		}
		late := w.lan.jitter * time.Duration(s) / slots
		w.queue.Push(at+late, event{kind: evDatagram, what: d, n: uint64(s)})
	}
}

const allSlots = ^uint64(0)

func (w *World) slot(d *datagram, h *Host) uint64 {
	return uint64(chance(w.opt.Seed, 5, d.num, uint64(h.Index)) * slots)
}

// deliver hands a datagram to those it reaches now.
func (w *World) deliver(d *datagram, slot uint64) {
	if d.to != nil {
		if in, ok := w.arrives(d, d.to); ok {
			w.handle(d.to, in)
		}
		return
	}
	w.fanOut(d, slot)
}

// arrives says whether a host receives a datagram, and as what.
func (w *World) arrives(d *datagram, h *Host) (node.Input, bool) {
	from := d.from.host
	if !h.up || h.asleep || w.lan.island[h.Index] != w.lan.island[from.Index] {
		return nil, false
	}
	f := h.on(d.from.segment)
	if f == nil || !f.takes(d.v6) || d.to == nil && h == from && !d.again {
		return nil, false
	}
	if d.to == nil && len(w.lan.unheard) > 0 && w.lan.unheard[[2]int{from.Index, h.Index}] {
		return nil, false
	}
	if w.lan.loss > 0 && chance(w.opt.Seed, 6, d.num, uint64(h.Index), uint64(w.now)) < w.lan.loss {
		return nil, false
	}
	m := w.open(d, h)
	if m == nil {
		h.Counts[countForeign]++
		return nil, false
	}
	h.Counts[countReceived]++
	h.Counts[countBytesIn] += uint64(d.size)
	if d.in != nil && d.common.Message == m && d.common.Link == f.link.Index {
		return d.in, true
	}
	return d.received(m, f), true
}

// received is what a host is handed that hears a datagram by one of its links.
func (d *datagram) received(m *wire.Message, f *iface) node.Received {
	in := node.Received{Message: m, From: d.from.addr4, Link: f.link.Index, Group: d.to == nil}
	if d.v6 {
		in.From = d.from.addr6[f.link.Index-firstLink]
	}
	return in
}

func (h *Host) on(segment int) *iface {
	for _, f := range h.links {
		if f.segment == segment {
			return f
		}
	}
	return nil
}

func (f *iface) takes(v6 bool) bool {
	if v6 {
		return f.link.IPv6
	}
	return f.link.IPv4
}

// Loss sets the share of datagrams lost between hosts.
func (w *World) Loss(share float64) { w.lan.loss = share }

// Duplicate sets the share of datagrams that arrive twice.
func (w *World) Duplicate(share float64) { w.lan.dup = share }

// Jitter sets how much later than others a datagram may arrive.
func (w *World) Jitter(d time.Duration) { w.lan.jitter = d; w.latest() }

// Delay sets how long a datagram takes between hosts.
func (w *World) Delay(d time.Duration) { w.lan.delay = d; w.latest() }

func (w *World) latest() { w.Checks.late = max(w.Checks.late, w.lan.delay+w.lan.jitter) }

// Partition cuts the LAN into islands; hosts not named stay on the first.
func (w *World) Partition(islands ...[]*Host) {
	clear(w.lan.island)
	for n, hosts := range islands {
		for _, h := range hosts {
			w.lan.island[h.Index] = n
		}
	}
	w.Checks.disturbed(w)
}

// Heal ends Partition.
func (w *World) Heal() { w.Partition() }

// Unheard keeps b from hearing a's multicast, or lets it again.
func (w *World) Unheard(a, b *Host, on bool) {
	if w.lan.unheard[[2]int{a.Index, b.Index}] = on; !on {
		delete(w.lan.unheard, [2]int{a.Index, b.Index})
	}
	w.Checks.disturbed(w)
}

// Cut keeps a host's packets from a DNS server, or lets them through again.
func (w *World) Cut(h *Host, server int, on bool) {
	h.cut[server] = on
	w.Checks.disturbed(w)
}
