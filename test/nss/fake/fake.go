// Package fake is an mcdnsd for tests: it speaks the protocol of nss/protocol.h
// and can be told to say anything. It is written from that file's text and does
// not include it, so that a change there is noticed here.
package fake

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"time"
)

// The statuses of a reply.
const (
	Alive byte = iota
	Found
	NoName
	NoData
	TryAgain
	BadName
	NotHere
)

// large is a flag of every request of today's module, and left out of Request.Flags.
const large = 16

// Magic begins every message; the others are where the fields of a reply are.
const (
	Magic       = 0x316e636d
	AtLength    = 4
	AtStatus    = 8
	AtAddresses = 10
	AtNames     = 12
	HeaderSize  = 20
	AddressSize = 24
)

// Request is what the module sent.
type Request struct {
	Kind, Families, Flags         byte
	Name, LocalDomain, ResOptions string
	Stamp                         uint32 // of resolv.conf, 0 without the flag
}

// Reply is what a well-behaved daemon answers; its frame can be spoilt after.
type Reply struct {
	Status    byte
	Addresses []string // with a zone: the scope, as a number
	Names     []string // the canonical one first
	TTL       uint32   // in seconds
}

// Frame is the reply as it goes over the socket.
func (r Reply) Frame() []byte {
	var body []byte
	for _, text := range r.Addresses {
		body = append(body, address(text)...)
	}
	for _, name := range r.Names {
		body = append(append(body, name...), 0)
	}
	order := binary.NativeEndian
	head := order.AppendUint32(nil, Magic)
	head = order.AppendUint32(head, uint32(HeaderSize+len(body)))
	head = append(head, r.Status, 0)
	head = order.AppendUint16(head, uint16(len(r.Addresses)))
	head = order.AppendUint16(head, uint16(len(r.Names)))
	head = append(head, 0, 0)
	head = order.AppendUint32(head, r.TTL)
	return append(head, body...)
}

func address(text string) []byte {
	a := netip.MustParseAddr(text)
	out := make([]byte, AddressSize)
	out[0] = 2
	if a.Is4() {
		out[0] = 1
	}
	scope, _ := strconv.Atoi(a.Zone())
	binary.NativeEndian.PutUint32(out[4:], uint32(scope))
	copy(out[8:], a.AsSlice())
	return out
}

// Put16 returns a copy of the frame with one field replaced.
func Put16(frame []byte, at int, value uint16) []byte {
	out := bytes.Clone(frame)
	binary.NativeEndian.PutUint16(out[at:], value)
	return out
}

// Put32 returns a copy of the frame with one field replaced.
func Put32(frame []byte, at int, value uint32) []byte {
	out := bytes.Clone(frame)
	binary.NativeEndian.PutUint32(out[at:], value)
	return out
}

// Behaviour is what the daemon does with one connection after it has read the
// request; the connection is closed when it returns.
type Behaviour func(c *net.UnixConn, q Request)

// Say writes the bytes and closes.
func Say(frames ...[]byte) Behaviour {
	return func(c *net.UnixConn, _ Request) {
		for _, frame := range frames {
			c.Write(frame)
		}
	}
}

// Freeze writes the bytes, if any, and holds the connection until the module
// gives up.
func Freeze(frames ...[]byte) Behaviour {
	return func(c *net.UnixConn, q Request) {
		Say(frames...)(c, q)
		io.Copy(io.Discard, c)
	}
}

// Busy gives so many signs of life, one each interval, then says the frame.
func Busy(signs int, every time.Duration, frame []byte) Behaviour {
	return func(c *net.UnixConn, _ Request) {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for range signs {
			if _, err := c.Write(Reply{Status: Alive}.Frame()); err != nil {
				return
			}
			<-tick.C
		}
		c.Write(frame)
	}
}

// HangUp says nothing.
func HangUp(*net.UnixConn, Request) {}

// Daemon is a fake mcdnsd behind one listener.
type Daemon struct {
	listener net.Listener
	running  sync.WaitGroup

	mu       sync.Mutex
	requests []Request
	broken   []error
}

// Serve starts a daemon that gives its n-th connection the n-th behaviour, and
// all later ones the last. Close ends it.
func Serve(l *net.UnixListener, behaviours ...Behaviour) *Daemon {
	d := &Daemon{listener: l}
	d.running.Go(func() { d.serve(l, behaviours) })
	return d
}

// Close ends the daemon, waits for its connections, and returns the requests
// that were none.
func (d *Daemon) Close() []error {
	d.listener.Close()
	d.running.Wait()
	return d.broken
}

// Asked is every request so far.
func (d *Daemon) Asked() []Request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.requests
}

func (d *Daemon) serve(l *net.UnixListener, behaviours []Behaviour) {
	for n := 0; ; n++ {
		c, err := l.AcceptUnix()
		if err != nil {
			return
		}
		act := behaviours[min(n, len(behaviours)-1)]
		d.running.Go(func() {
			defer c.Close()
			if q, err := read(c); d.note(q, err) {
				act(c, q)
			}
		})
	}
}

func (d *Daemon) note(q Request, err error) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		d.broken = append(d.broken, err)
		return false
	}
	d.requests = append(d.requests, q)
	return true
}

func read(c io.Reader) (Request, error) {
	head := make([]byte, HeaderSize)
	if _, err := io.ReadFull(c, head); err != nil {
		return Request{}, err
	}
	order := binary.NativeEndian
	lengths := [3]int{int(order.Uint16(head[12:])), int(order.Uint16(head[14:])), int(order.Uint16(head[16:]))}
	total := HeaderSize + lengths[0] + lengths[1] + lengths[2]
	stamp := uint32(head[11])<<16 | uint32(order.Uint16(head[18:]))
	if order.Uint32(head) != Magic || int(order.Uint32(head[4:])) != total || head[10]&large == 0 || stamp != 0 && head[10]&8 == 0 {
		return Request{}, os.ErrInvalid
	}
	q := Request{Kind: head[8], Families: head[9], Flags: head[10] &^ large, Stamp: stamp}
	for i, field := range []*string{&q.Name, &q.LocalDomain, &q.ResOptions} {
		text := make([]byte, lengths[i])
		if _, err := io.ReadFull(c, text); err != nil {
			return Request{}, err
		}
		*field = string(text)
	}
	return q, nil
}
