package lab

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Faults is what a bad network does to each frame on its way to each host.
type Faults struct {
	Loss      float64       // share of frames lost, 0 to 1; a multicast is lost for each host by itself
	Duplicate float64       // share delivered twice
	Delay     time.Duration // one way
	Jitter    time.Duration // up to so much more: frames overtake each other
}

// wire is a switch in user space, in the bridge's place: it reads every frame
// from the LAN's end of a cable and writes it to the ends it is for.
type wire struct {
	mu     sync.Mutex
	dice   *rand.Rand
	faults Faults
	ports  []*switchedPort
	macs   map[[6]byte]*switchedPort
	cut    map[[2]*Host]bool // from, to
	deaf   map[*Host]bool    // no multicast reaches them
	mute   map[*Host]bool    // their multicast reaches nobody

	lost, delivered atomic.Int64
}

type switchedPort struct {
	wire *wire
	host *Host
	file *os.File // AF_PACKET on the LAN's end of the cable
}

// A frame comes with a virtio_net_hdr before it: with it, checksums and large
// segments that a real card would finish stay for the receiver to finish.
const (
	vnetHeader = 10
	maxFrame   = vnetHeader + 14 + 65536
)

func newWire(seed uint64, f Faults) *wire {
	return &wire{
		dice: rand.New(rand.NewPCG(seed, seed)), faults: f,
		macs: map[[6]byte]*switchedPort{}, cut: map[[2]*Host]bool{},
		deaf: map[*Host]bool{}, mute: map[*Host]bool{},
	}
}

func (w *wire) connect(p *port) error {
	fd, err := packetSocket(p.index)
	if err != nil {
		return fmt.Errorf("open a packet socket: %w", err)
	}
	p.conn = &switchedPort{wire: w, host: p.host, file: os.NewFile(uintptr(fd), p.name)}
	w.mu.Lock()
	w.ports = append(w.ports, p.conn)
	w.mu.Unlock()
	go p.conn.run()
	return nil
}

func packetSocket(index int) (int, error) {
	// Protocol 0 first: nothing is queued before the options are set.
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return -1, err
	}
	err = errors.Join(
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_IGNORE_OUTGOING, 1),
		unix.SetsockoptInt(fd, unix.SOL_PACKET, unix.PACKET_VNET_HDR, 1),
		unix.SetsockoptPacketMreq(fd, unix.SOL_PACKET, unix.PACKET_ADD_MEMBERSHIP,
			&unix.PacketMreq{Ifindex: int32(index), Type: unix.PACKET_MR_PROMISC}),
	)
	// A burst overflows the default queue. Only root of the machine may have
	// more than rmem_max; Overruns says if it was not enough.
	const queue = 8 << 20
	if unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, queue) != nil {
		_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_RCVBUF, queue)
	}
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: htons(unix.ETH_P_ALL), Ifindex: index})
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func htons(v uint16) uint16 { return v<<8 | v>>8 }

func (p *switchedPort) run() {
	buf := make([]byte, maxFrame)
	for {
		n, err := p.file.Read(buf)
		if errors.Is(err, os.ErrClosed) {
			return
		}
		// Other errors: the cable was pulled. It may come back.
		if n >= vnetHeader+14 {
			p.wire.forward(p, buf[:n])
		}
	}
}

// forward delivers a frame to those it is for: one host whose address is known,
// else everybody. frame is the caller's again afterwards.
func (w *wire) forward(from *switchedPort, frame []byte) {
	dst, src := [6]byte(frame[vnetHeader:]), [6]byte(frame[vnetHeader+6:])
	w.mu.Lock()
	w.macs[src] = from
	targets := w.ports
	if to, ok := w.macs[dst]; ok && dst[0]&1 == 0 {
		targets = []*switchedPort{to}
	}
	w.mu.Unlock()
	for _, to := range targets {
		if to != from {
			w.deliver(from, to, frame)
		}
	}
}

func (w *wire) deliver(from, to *switchedPort, frame []byte) {
	copies, delays := w.throw(from.host, to.host, isMulticast(frame))
	if copies == 0 {
		w.lost.Add(1)
	}
	for i := range copies {
		if delays[i] == 0 {
			to.send(frame)
			continue
		}
		late := append([]byte(nil), frame...)
		time.AfterFunc(delays[i], func() { to.send(late) })
	}
}

// isMulticast tells a group's frame, which a switch may fail to deliver, from a
// broadcast (ARP) and from IPv6 neighbour discovery, without which nothing is
// reached by unicast either. The latter goes to 33:33:ff and to ff02::1 and 2.
func isMulticast(frame []byte) bool {
	dst := frame[vnetHeader : vnetHeader+6]
	switch {
	case dst[0] == 0x01:
		return true
	case dst[0] == 0x33:
		low := binary.BigEndian.Uint32(dst[2:])
		return low>>24 != 0xff && low > 2
	}
	return false
}

// throw decides a frame's fate.
func (w *wire) throw(from, to *Host, multicast bool) (copies int, delays [2]time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f := w.faults
	if multicast && (w.mute[from] || w.deaf[to]) {
		return 0, delays
	}
	if w.cut[[2]*Host{from, to}] || w.dice.Float64() < f.Loss {
		return 0, delays
	}
	copies = 1
	if w.dice.Float64() < f.Duplicate {
		copies = 2
	}
	for i := range copies {
		delays[i] = f.Delay
		if f.Jitter > 0 {
			delays[i] += time.Duration(w.dice.Int64N(int64(f.Jitter)))
		}
	}
	return copies, delays
}

// send ignores errors: a host without power takes nothing.
func (p *switchedPort) send(frame []byte) {
	if _, err := p.file.Write(frame); err == nil {
		p.wire.delivered.Add(1)
	}
}

func (w *wire) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, p := range w.ports {
		p.file.Close()
	}
}

var errNoSwitch = errors.New("lab: faults need Config.Switch")

// SetFaults changes what the network does from now on. It needs the switch.
func (l *LAN) SetFaults(f Faults) error {
	return l.onWire(func(w *wire) { w.faults = f })
}

// Cut loses every frame between two hosts, both ways, until Heal. A server's
// host is Server.Host.
func (l *LAN) Cut(a, b *Host) error {
	return errors.Join(l.CutOneWay(a, b), l.CutOneWay(b, a))
}

// CutOneWay loses every frame on the way from one host to another.
func (l *LAN) CutOneWay(from, to *Host) error {
	return l.onWire(func(w *wire) { w.cut[[2]*Host{from, to}] = true })
}

// Partition splits the LAN: no frame passes between hosts of different groups.
// Hosts in no group reach everybody.
func (l *LAN) Partition(groups ...[]*Host) error {
	return l.onWire(func(w *wire) {
		for i, group := range groups {
			for j, other := range groups {
				if i != j {
					w.cutAll(group, other)
				}
			}
		}
	})
}

func (w *wire) cutAll(from, to []*Host) {
	for _, a := range from {
		for _, b := range to {
			w.cut[[2]*Host{a, b}] = true
		}
	}
}

// LoseMulticast keeps multicast from a host, or keeps its own from all others,
// or both, until Heal: what a switch does that snoops without a querier, or a
// link that works one way. Unicast and neighbour discovery go on.
func (l *LAN) LoseMulticast(h *Host, to, from bool) error {
	return l.onWire(func(w *wire) { w.deaf[h], w.mute[h] = to, from })
}

// Heal undoes Cut, Partition and LoseMulticast.
func (l *LAN) Heal() error {
	return l.onWire(func(w *wire) {
		clear(w.cut)
		clear(w.deaf)
		clear(w.mute)
	})
}

func (l *LAN) onWire(change func(*wire)) error {
	if l.wire == nil {
		return errNoSwitch
	}
	l.wire.mu.Lock()
	defer l.wire.mu.Unlock()
	change(l.wire)
	return nil
}

// Traffic counts frames, once for each host they were for: those that the
// switch delivered, those lost by the faults asked for, and those lost because
// the switch was too slow, which no run that measures loss may have. The last
// starts from zero at every call.
func (l *LAN) Traffic() (delivered, lost, overruns int64, err error) {
	err = l.onWire(func(w *wire) {
		for _, p := range w.ports {
			overruns += p.overruns()
		}
	})
	if err == nil {
		delivered, lost = l.wire.delivered.Load(), l.wire.lost.Load()
	}
	return delivered, lost, overruns, err
}

func (p *switchedPort) overruns() (n int64) {
	raw, err := p.file.SyscallConn()
	if err != nil {
		return 0
	}
	raw.Control(func(fd uintptr) {
		if s, err := unix.GetsockoptTpacketStats(int(fd), unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
			n = int64(s.Drops)
		}
	})
	return n
}
