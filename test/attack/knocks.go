package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"mcdns/test/lab"
)

// An outsider that connects where the group's streams are, as often as it can, and
// says what is no handshake.

// knockers connect at one time.
const knockers = 64

// knock is that outsider's process: it goes on until its standard input ends, and then
// prints how often it got through.
func knock(addresses []string) error {
	if len(addresses) == 0 {
		return errors.New("attack knock: want addresses with ports")
	}
	var count atomic.Int64
	for i := range knockers {
		go func() {
			for n := i; ; n++ {
				if babble(addresses[n%len(addresses)], n%2 == 0) == nil {
					count.Add(1)
				}
			}
		}()
	}
	io.Copy(io.Discard, os.Stdin)
	fmt.Println(count.Load())
	return nil
}

// babble says random bytes, and waits for what comes of it or hangs up.
func babble(address string, patient bool) error {
	dialer := net.Dialer{Timeout: 2 * second, Control: onLink}
	c, err := dialer.Dial("tcp", address)
	if err != nil {
		time.Sleep(time.Millisecond)
		return err
	}
	defer c.Close()
	if _, err := c.Write(scribble(make([]byte, 200), 0)); err != nil || !patient {
		return err
	}
	c.SetReadDeadline(time.Now().Add(2 * second))
	io.Copy(io.Discard, c)
	return nil
}

// onLink lets a socket send as somebody of the link does: nobody else is heard.
func onLink(_, _ string, raw syscall.RawConn) (err error) {
	failed := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_TTL, 255) })
	return errors.Join(failed, err)
}

// knocks starts it beside the router, against a port of all hosts.
func (s *stage) knocks(port uint16) (*generator, error) {
	args := []string{"knock"}
	for _, h := range s.lan.Hosts {
		if port == dummyPort {
			if err := s.hangUp(h); err != nil {
				return nil, err
			}
		}
		args = append(args, fmt.Sprintf("%v:%d", h.Addr, port))
	}
	c := s.lan.Router.Command("/proc/self/exe", args...)
	c.Stderr = os.Stderr
	var out strings.Builder
	c.Stdout = &out
	in, err := c.StdinPipe()
	if err == nil {
		err = c.Start()
	}
	return &generator{time.Now(), func() (n int64) {
		in.Close() // it prints its count
		c.Wait()
		fmt.Sscan(out.String(), &n)
		return n
	}}, err
}

// hangUp listens where nobody streams: it reads what comes, and hangs up.
func (s *stage) hangUp(h *lab.Host) error {
	l, err := h.Listen("tcp4", fmt.Sprintf("0.0.0.0:%d", dummyPort))
	if errors.Is(err, unix.EADDRINUSE) {
		return nil // without an attack both ports are the dummy's
	}
	if err != nil {
		return err
	}
	s.ends = append(s.ends, l.Close)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				c.SetReadDeadline(time.Now().Add(second))
				c.Read(make([]byte, 512))
				c.Close()
			}()
		}
	}()
	return nil
}
