package clients

import (
	"errors"
	"net"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Acceptor accepts clients as fast as can be: whoever floods a socket fills the
// queue of its listener, which all users share and the kernel serves in the order
// of coming. A client costs two system calls until its turn comes, and whoever is
// not let in no more than a third.
//
// The Go runtime looks for what sockets have every 10 ms alone while it has work, so
// whoever works for clients looks here between two of them (Take). Those who have
// sent nothing yet wait here as well (Await), each for a few bytes and no goroutine.
type Acceptor struct {
	listener *net.UnixListener
	file     *os.File // of events: who came, and who has sent something
	raw      syscall.RawConn
	mu       sync.Mutex
	fd       int // the listener's, -1 when closed
	events   int // file's
	ready    []*Client
	silent   map[int32]*Client // by descriptor
	oldest   []*Client         // the same, and some that are silent no more
	broken   error
	more     bool // whom the last look did not come to
}

const (
	// silence: a program sends its request as it connects; who is silent for longer
	// holds a descriptor for nothing.
	silence = time.Second
	// atOnce is how many are accepted before somebody looks who has sent something.
	atOnce = 64
)

// NewAcceptor makes one of a listener, which is the acceptor's from then on.
func NewAcceptor(l *net.UnixListener) (*Acceptor, error) {
	a := &Acceptor{listener: l, fd: -1, silent: map[int32]*Client{}}
	if err := a.open(); err != nil {
		a.Close()
		return nil, err
	}
	return a, nil
}

func (a *Acceptor) open() (err error) {
	if a.events, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	unix.SetNonblock(a.events, true) // it tells package os that it can be waited for
	a.file = os.NewFile(uintptr(a.events), "clients")
	if a.raw, err = a.file.SyscallConn(); err != nil {
		return err
	}
	onSocket(a.listener, func(fd uintptr) {
		if a.fd, err = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0); err == nil {
			err = a.watch(a.fd, unix.EPOLLIN)
		}
	})
	return err
}

func (a *Acceptor) watch(fd int, events uint32) error {
	e := unix.EpollEvent{Events: events, Fd: int32(fd)}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(a.events, unix.EPOLL_CTL_ADD, fd, &e))
}

// Close ends Accept, once it has returned those that waited here.
func (a *Acceptor) Close() error {
	a.mu.Lock()
	if a.fd >= 0 {
		unix.Close(a.fd)
		a.fd = -1
	}
	for _, c := range a.oldest {
		a.move(c)
	}
	a.oldest = nil
	a.mu.Unlock() // file.Close waits for whoever looks at the file
	return errors.Join(a.file.Close(), a.listener.Close())
}

// Accept waits for the next client, which is not open yet: one that is new, or one that
// was awaited. The error of a listener that is closed is net.ErrClosed.
func (a *Acceptor) Accept() (*Client, error) {
	var c *Client
	var failed error
	for {
		more := false
		err := a.raw.Read(func(uintptr) bool {
			c, more, failed = a.next()
			return c != nil || more || failed != nil
		})
		late := errors.Is(err, os.ErrDeadlineExceeded)
		if late {
			a.giveUp(time.Now())
		}
		if err != nil {
			c, _, failed = a.next()
		}
		switch {
		case c != nil || failed != nil:
			return c, failed
		case err != nil && !late:
			return nil, net.ErrClosed
		}
	}
}

// Take is Accept that does not wait: nil if nobody is there.
func (a *Acceptor) Take() *Client {
	c, _, _ := a.next()
	return c
}

// next is whose turn it is, nil if nobody's. more: it is to be called again, for the
// kernel says only once that somebody is there.
func (a *Acceptor) next() (c *Client, more bool, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.ready) == 0 && a.fd >= 0 {
		a.look()
	}
	if len(a.ready) > 0 {
		c = a.ready[0]
		a.ready = a.ready[1:]
		return c, false, nil
	}
	err, a.broken = a.broken, nil
	return nil, a.more, err
}

// look finds out who has come, and who has sent something or hung up. Under mu.
func (a *Acceptor) look() {
	var all [64]unix.EpollEvent
	a.more = false
	n, err := unix.EpollWait(a.events, all[:], 0)
	if err != nil {
		a.more = true // EINTR
		return
	}
	for _, e := range all[:n] {
		if int(e.Fd) == a.fd {
			a.accept()
		} else if c := a.silent[e.Fd]; c != nil {
			a.move(c)
		}
	}
}

// accept accepts some, and closes those of them that have hung up: they wait for no
// answer. One look finds all of these, for the longest queue is theirs. Under mu.
func (a *Acceptor) accept() {
	var all [atOnce]unix.PollFd
	came := all[:a.take(all[:])]
	unix.Poll(came, 0)
	for _, p := range came {
		if p.Revents&unix.POLLHUP != 0 {
			unix.Close(int(p.Fd))
			continue
		}
		c := &Client{UID: nobody, gid: nobody, shut: &shut{fd: int(p.Fd)}}
		c.identify(uintptr(p.Fd))
		a.ready = append(a.ready, c)
	}
}

// take takes as many as there are and room has places for. Under mu.
func (a *Acceptor) take(room []unix.PollFd) (n int) {
	a.more = true
	for range room {
		fd, _, errno := unix.RawSyscall6(unix.SYS_ACCEPT4, uintptr(a.fd), 0, 0, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0, 0)
		switch errno {
		case 0:
			room[n] = unix.PollFd{Fd: int32(fd), Events: unix.POLLIN}
			n++
		case unix.EINTR:
		case unix.EAGAIN:
			a.more = false
			return n
		default:
			a.more = false
			a.broken = os.NewSyscallError("accept4", errno)
			return n
		}
	}
	return n
}

// Await lets a client wait here until it has sent something, hangs up or was silent for
// too long; then Accept returns it again. It reports false if that is so already.
func (a *Acceptor) Await(c *Client) bool {
	s := c.shut
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.home != nil || look(s.fd) != 0 {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fd < 0 || a.watch(s.fd, unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLONESHOT) != nil {
		return false
	}
	s.home, s.until = a, time.Now().Add(silence)
	a.silent[int32(s.fd)] = c
	if a.oldest = append(a.oldest, c); len(a.oldest) == 1 {
		a.file.SetReadDeadline(s.until)
	}
	return true
}

// move makes a client that is silent one that is ready. Under mu.
func (a *Acceptor) move(c *Client) {
	if a.silent[int32(c.shut.fd)] == c {
		a.forget(c)
		a.ready = append(a.ready, c)
	}
}

// forget lets a client be silent no more. Under mu.
func (a *Acceptor) forget(c *Client) {
	if fd := int32(c.shut.fd); a.silent[fd] == c {
		delete(a.silent, fd)
	}
}

// giveUp hands those on that were silent for too long.
func (a *Acceptor) giveUp(now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	patient := slices.IndexFunc(a.oldest, func(c *Client) bool { return c.shut.until.After(now) })
	if patient < 0 {
		patient = len(a.oldest)
	}
	for _, c := range a.oldest[:patient] {
		a.move(c)
	}
	a.oldest = slices.Delete(a.oldest, 0, patient)
	var next time.Time
	if len(a.oldest) > 0 {
		next = a.oldest[0].shut.until
	}
	a.file.SetReadDeadline(next)
}

// shut is a socket that is no net.Conn yet: it may be closed meanwhile.
type shut struct {
	mu     sync.Mutex
	fd     int
	opened net.Conn
	closed bool
	home   *Acceptor // where it is awaited,
	until  time.Time // and how long
}

// Awaited reports whether the client has been awaited before.
func (c *Client) Awaited() bool {
	c.shut.mu.Lock()
	defer c.shut.mu.Unlock()
	return c.shut.home != nil
}

// Open makes the client one that can be read from and written to, and reports
// whether it is worth it: it has not hung up, been closed or been silent for too long.
// sent says whether it has sent something.
func (c *Client) Open() (sent, ok bool) {
	s := c.shut
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false, false
	}
	seen := look(s.fd)
	sent = seen&unix.POLLIN != 0
	if seen&unix.POLLHUP != 0 || !sent && s.home != nil && !time.Now().Before(s.until) {
		return false, false // it waits for no answer
	}
	s.opened = file{os.NewFile(uintptr(s.fd), "client")}
	c.Conn = s.opened
	return sent, true
}

// look says what can be done with a socket, as poll(2) does.
func look(fd int) int16 {
	look := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}
	unix.Poll(look, 0)
	return look[0].Revents
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
		if s.home != nil {
			s.home.mu.Lock()
			s.home.forget(c)
			s.home.mu.Unlock()
		}
		return unix.Close(s.fd)
	}
	return net.ErrClosed
}

// file is a socket of which package net knows nothing: it would make another
// descriptor of it.
type file struct{ *os.File }

func (file) LocalAddr() net.Addr  { return &net.UnixAddr{Net: "unix"} }
func (file) RemoteAddr() net.Addr { return &net.UnixAddr{Net: "unix"} }
