package links

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// socket is a UDP socket that the Go runtime does not watch: a thread of its own waits
// for datagrams. The runtime asks the kernel to tell it of each datagram, also of those
// that nobody waits for yet; amid 20,000 forged ones a second, being told took half of
// this process's time.
type socket struct {
	*net.UDPConn // closed: golang.org/x/net asks its type and address, and SyscallConn for the rest
	raw          *descriptor
}

// unwatched takes a socket from the runtime. c is closed.
func unwatched(c *net.UDPConn) (*socket, error) {
	defer c.Close()
	raw, err := c.SyscallConn()
	if err != nil {
		return nil, err
	}
	d := &descriptor{}
	var failed error
	err = raw.Control(func(fd uintptr) { d.fd, failed = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0) })
	if err := errors.Join(err, failed); err != nil {
		return nil, err
	}
	return &socket{c, d}, nil
}

// SyscallConn is what golang.org/x/net reads and sets the socket by.
func (s *socket) SyscallConn() (syscall.RawConn, error) { return s.raw, nil }

// Close ends a Read that waits, and closes the socket.
func (s *socket) Close() error { return s.raw.close() }

// descriptor is a syscall.RawConn whose readers wait in the kernel.
type descriptor struct {
	closed atomic.Bool
	mu     sync.RWMutex // held for writing to close fd
	fd     int
}

// Control lets f have the descriptor, for as long as it runs.
func (d *descriptor) Control(f func(fd uintptr)) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.closed.Load() {
		return net.ErrClosed
	}
	f(uintptr(d.fd))
	return nil
}

// Read calls f whenever there is something, until f is content. The error is
// net.ErrClosed after close.
func (d *descriptor) Read(f func(fd uintptr) (done bool)) error { return d.until(unix.POLLIN, f) }

// Write is Read for what can be written.
func (d *descriptor) Write(f func(fd uintptr) (done bool)) error { return d.until(unix.POLLOUT, f) }

func (d *descriptor) until(event int16, f func(fd uintptr) (done bool)) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for !d.closed.Load() {
		if f(uintptr(d.fd)) {
			return nil
		}
		unix.Poll([]unix.PollFd{{Fd: int32(d.fd), Events: event}}, -1)
	}
	return net.ErrClosed
}

func (d *descriptor) close() error {
	if d.closed.Swap(true) {
		return net.ErrClosed
	}
	// It says that the socket has no peer, and wakes up who polls it all the same.
	unix.Shutdown(d.fd, unix.SHUT_RDWR)
	d.mu.Lock()
	defer d.mu.Unlock()
	return unix.Close(d.fd)
}
