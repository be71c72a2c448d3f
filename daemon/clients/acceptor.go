package clients

import (
	"errors"
	"net"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Acceptor accepts clients as fast as can be: whoever floods a socket fills the
// queue of its listener, which all users share and the kernel serves in the order
// of coming. A client costs two system calls until its turn comes, and whoever is
// not let in no more than a third.
type Acceptor struct {
	listener *net.UnixListener
	file     *os.File // the same: package net lets nobody else accept
	raw      syscall.RawConn
}

// NewAcceptor makes one of a listener, which is the acceptor's from then on.
func NewAcceptor(l *net.UnixListener) (*Acceptor, error) {
	f, err := l.File()
	if err != nil {
		l.Close()
		return nil, err
	}
	raw, err := f.SyscallConn()
	return &Acceptor{l, f, raw}, err
}

// Close ends Accept.
func (a *Acceptor) Close() error { return errors.Join(a.file.Close(), a.listener.Close()) }

// Accept waits for the next client, which is not open yet. The error of a listener
// that is closed is net.ErrClosed.
func (a *Acceptor) Accept() (*Client, error) {
	var fd uintptr
	var errno unix.Errno
	err := a.raw.Read(func(listener uintptr) bool {
		for {
			fd, _, errno = unix.Syscall6(unix.SYS_ACCEPT4, listener, 0, 0, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0, 0)
			if errno != unix.EINTR {
				return errno != unix.EAGAIN
			}
		}
	})
	switch {
	case err != nil: // there is no deadline that could have passed
		return nil, net.ErrClosed
	case errno != 0:
		return nil, os.NewSyscallError("accept4", errno)
	}
	c := &Client{UID: nobody, gid: nobody, shut: &shut{fd: int(fd)}}
	c.identify(fd)
	return c, nil
}

// shut is a socket that is no net.Conn yet: it may be closed meanwhile.
type shut struct {
	mu     sync.Mutex
	fd     int
	opened net.Conn
	closed bool
}

// Open makes the client one that can be read from and written to, and reports
// whether it is worth it: it has not hung up nor been closed. sent says whether it
// has sent something.
func (c *Client) Open() (sent, ok bool) {
	s := c.shut
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false, false
	}
	look := []unix.PollFd{{Fd: int32(s.fd), Events: unix.POLLIN}}
	unix.Poll(look, 0)
	if look[0].Revents&unix.POLLHUP != 0 {
		return false, false // it waits for no answer
	}
	s.opened = file{os.NewFile(uintptr(s.fd), "client")}
	c.Conn = s.opened
	return look[0].Revents&unix.POLLIN != 0, true
}

// Close may be called at any time, and again.
func (c *Client) Close() error {
	s := c.shut
	if s == nil {
		return c.Conn.Close()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.opened != nil:
		return s.opened.Close()
	case !s.closed:
		s.closed = true
		return unix.Close(s.fd)
	}
	return net.ErrClosed
}

// file is a socket of which package net knows nothing: it would make another
// descriptor of it.
type file struct{ *os.File }

func (file) LocalAddr() net.Addr  { return &net.UnixAddr{Net: "unix"} }
func (file) RemoteAddr() net.Addr { return &net.UnixAddr{Net: "unix"} }
