package nss

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// The protocol, written down a second time: a copy of nss/protocol.h that was
// made from its text, and not by including it.
const (
	magic = 0x316e636d

	alive    = 0
	found    = 1
	noName   = 2
	noData   = 3
	tryAgain = 4
	badName  = 5

	atLength    = 4
	atStatus    = 8
	atAddresses = 10
	atNames     = 12
	headerSize  = 20
	addressSize = 24
)

// request is what the module sent.
type request struct {
	Kind, Families, Flags         byte
	Name, LocalDomain, ResOptions string
}

// reply is what a well-behaved daemon answers; its frame can be spoilt after.
type reply struct {
	status    byte
	addresses []string // with a zone: the scope, as a number
	names     []string
	ttl       uint32
}

func (r reply) frame() []byte {
	var body []byte
	for _, text := range r.addresses {
		body = append(body, address(text)...)
	}
	for _, name := range r.names {
		body = append(append(body, name...), 0)
	}
	order := binary.NativeEndian
	head := order.AppendUint32(nil, magic)
	head = order.AppendUint32(head, uint32(headerSize+len(body)))
	head = append(head, r.status, 0)
	head = order.AppendUint16(head, uint16(len(r.addresses)))
	head = order.AppendUint16(head, uint16(len(r.names)))
	head = append(head, 0, 0)
	head = order.AppendUint32(head, r.ttl)
	return append(head, body...)
}

func address(text string) []byte {
	a := netip.MustParseAddr(text)
	out := make([]byte, addressSize)
	out[0] = 2
	if a.Is4() {
		out[0] = 1
	}
	scope, _ := strconv.Atoi(a.Zone())
	binary.NativeEndian.PutUint32(out[4:], uint32(scope))
	copy(out[8:], a.AsSlice())
	return out
}

// put16 and put32 return a copy of the frame with one field replaced.
func put16(frame []byte, at int, value uint16) []byte {
	out := bytes.Clone(frame)
	binary.NativeEndian.PutUint16(out[at:], value)
	return out
}

func put32(frame []byte, at int, value uint32) []byte {
	out := bytes.Clone(frame)
	binary.NativeEndian.PutUint32(out[at:], value)
	return out
}

// behaviour is what the daemon does with one connection after it has read the
// request; the connection is closed when it returns.
type behaviour func(c *net.UnixConn)

// say writes the bytes and closes.
func say(frames ...[]byte) behaviour {
	return func(c *net.UnixConn) {
		for _, frame := range frames {
			c.Write(frame)
		}
	}
}

// freeze writes the bytes, if any, and holds the connection until the module
// gives up.
func freeze(frames ...[]byte) behaviour {
	return func(c *net.UnixConn) {
		say(frames...)(c)
		io.Copy(io.Discard, c)
	}
}

// busy works for so many signs of life, one each interval, then says the frame.
func busy(signs int, every time.Duration, frame []byte) behaviour {
	return func(c *net.UnixConn) {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for ; signs > 0; signs-- {
			if _, err := c.Write(reply{status: alive}.frame()); err != nil {
				return
			}
			<-tick.C
		}
		c.Write(frame)
	}
}

func hangUp(*net.UnixConn) {}

// daemon is a fake mcdnsd on the test's socket.
type daemon struct {
	mu       sync.Mutex
	requests []request
	broken   []error
}

func (d *daemon) asked() []request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.requests
}

// listen starts a daemon that gives its n-th connection the n-th behaviour, and
// all later ones the last. It is gone when the test ends.
func listen(t testing.TB, behaviours ...behaviour) *daemon {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socket, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(socket, 0o666); err != nil {
		t.Fatal(err)
	}
	d := &daemon{}
	var running sync.WaitGroup
	running.Go(func() { d.serve(l, behaviours, &running) })
	t.Cleanup(func() {
		l.Close()
		running.Wait()
		for _, err := range d.broken {
			t.Errorf("the module sent what it must not: %v", err)
		}
	})
	return d
}

func (d *daemon) serve(l *net.UnixListener, behaviours []behaviour, running *sync.WaitGroup) {
	for n := 0; ; n++ {
		c, err := l.AcceptUnix()
		if err != nil {
			return
		}
		act := behaviours[min(n, len(behaviours)-1)]
		running.Go(func() {
			defer c.Close()
			if d.read(c) {
				act(c)
			}
		})
	}
}

// read takes the request; false if there was none.
func (d *daemon) read(c *net.UnixConn) bool {
	q, err := readRequest(c)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		d.broken = append(d.broken, err)
		return false
	}
	d.requests = append(d.requests, q)
	return true
}

func readRequest(c io.Reader) (request, error) {
	head := make([]byte, headerSize)
	if _, err := io.ReadFull(c, head); err != nil {
		return request{}, err
	}
	order := binary.NativeEndian
	lengths := [3]int{int(order.Uint16(head[12:])), int(order.Uint16(head[14:])), int(order.Uint16(head[16:]))}
	total := headerSize + lengths[0] + lengths[1] + lengths[2]
	if order.Uint32(head) != magic || int(order.Uint32(head[4:])) != total || head[11] != 0 || order.Uint16(head[18:]) != 0 {
		return request{}, &os.PathError{Op: "request", Path: socket, Err: os.ErrInvalid}
	}
	q := request{Kind: head[8], Families: head[9], Flags: head[10]}
	for i, field := range []*string{&q.Name, &q.LocalDomain, &q.ResOptions} {
		text := make([]byte, lengths[i])
		if _, err := io.ReadFull(c, text); err != nil {
			return request{}, err
		}
		*field = string(text)
	}
	return q, nil
}
