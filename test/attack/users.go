package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"mcdns/test/lab"
)

// A local user: processes that use mcdnsd as badly as they can, each over many
// connections, as fast as it lets them.

const (
	nssSocket   = "/run/mcdns/nss.sock"
	dummySocket = "/run/dummy.sock" // where nobody looks anything up
	connections = 256               // of each process
	someUser    = 60001
)

// misuseKinds are what a connection may be used for, given a name that is new each time.
var misuseKinds = map[string]func(socket, name string) error{
	"names":  func(socket, name string) error { return exchange(socket, request(byName, name)) },
	"silent": func(socket, _ string) error { return exchange(socket, nil) },
	"halves": func(socket, name string) error { return exchange(socket, request(byName, name)[:10]) },
	"knocks": func(socket, _ string) error {
		c, err := net.Dial("unix", socket)
		if err == nil {
			err = c.Close()
		}
		return err
	},
}

// misuse is what a process of the user does, for as long as it lives.
func misuse(args []string) error {
	if len(args) != 3 || misuseKinds[args[1]] == nil {
		return errors.New("attack user: want a socket, a kind and a word of one's own")
	}
	ended := make(chan error)
	for i := range connections {
		go func() {
			for n := 0; ; n++ {
				// An error is no end: a daemon that hangs up on this user does right.
				if misuseKinds[args[1]](args[0], fmt.Sprintf("%s-%d-%d.example", args[2], i, n)) != nil {
					time.Sleep(time.Millisecond)
				}
			}
		}()
	}
	return <-ended
}

const (
	byName    = 1
	byAddress = 2
)

// request asks for a name's addresses, or for an address's name, as nss/protocol.h
// has it.
func request(kind byte, what string) []byte {
	const magic, header, both = 0x316e636d, 20, 3
	b := binary.NativeEndian.AppendUint32(nil, magic)
	b = binary.NativeEndian.AppendUint32(b, uint32(header+len(what)))
	b = append(b, kind, both, 0, 0)
	b = binary.NativeEndian.AppendUint16(b, uint16(len(what)))
	return append(append(b, make([]byte, header-len(b))...), what...)
}

// exchange sends something and waits for the end of the answer.
func exchange(socket string, b []byte) error {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Write(b); err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, c)
	return err
}

// users are the processes of one user on a host.
type users []*lab.Cmd

// misuses starts the processes of a user, against a socket.
func (s *stage) misuses(h *lab.Host, socket string, kinds []string) (u users, err error) {
	for i, kind := range kinds {
		c := h.Command("/proc/self/exe", "user", socket, kind, fmt.Sprintf("new%d", i))
		c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL, Credential: &syscall.Credential{Uid: someUser, Gid: someUser}}
		c.Stderr = os.Stderr
		if err := c.Start(); err != nil {
			u.stop()
			return nil, err
		}
		u = append(u, c)
	}
	time.Sleep(2 * second) // all connections are there
	return u, nil
}

func (u users) stop() {
	for _, c := range u {
		c.Process.Kill()
		c.Wait()
	}
}

// dummy listens where nobody looks anything up, and hangs up on whoever asked.
func (s *stage) dummy(h *lab.Host) error {
	l, err := h.Listen("unix", dummySocket)
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
				c.SetReadDeadline(time.Now().Add(second)) // as mcdnsd does
				c.Read(make([]byte, 512))
				time.Sleep(5 * time.Millisecond) // as long as a DNS server takes
				c.Close()
			}()
		}
	}()
	return os.Chmod(h.Path(dummySocket), 0o666)
}

// loneUser says whether this user may make no others.
func loneUser() bool {
	ids, _ := os.ReadFile("/proc/self/uid_map")
	f := strings.Fields(string(ids))
	if len(f) < 3 {
		return false
	}
	n, err := strconv.Atoi(f[2])
	return err == nil && n == 1
}

// Four processes of a user.
var (
	newNames  = []string{"names", "names", "names", "names"}
	allSorts  = []string{"names", "silent", "halves", "knocks"}
	allKnocks = []string{"knocks", "knocks", "knocks", "knocks"}
)

// starved times lookups of held names by root beside a user that misuses mcdnsd, and
// beside one that does the same at a dummy socket. lose makes the server as it is to
// be.
func starved(lose func(*stage) error, processes []string) func(*stage) (outcome, error) {
	return func(s *stage) (outcome, error) {
		if loneUser() {
			return outcome{}, errors.New("another user needs root: sudo env \"PATH=$PATH\" make attack")
		}
		z, names := zone(time.Hour, 100)
		if err := s.open(lab.Config{Hosts: 2, Zone: z}); err != nil {
			return outcome{}, err
		}
		host := s.lan.Hosts[0]
		if err := errors.Join(s.learn(host, names), s.dummy(host), lose(s)); err != nil {
			return outcome{}, err
		}
		t := timing{host: host, names: names, dummy: "beside a dummy socket", enough: func(rounds int, since time.Duration) bool {
			return rounds >= 10 || rounds >= 2 && since >= 3*second
		}}
		o, err := t.paired(func(real bool) (func() string, error) {
			socket := dummySocket
			if real && s.attacked {
				socket = nssSocket
			}
			u, err := s.misuses(host, socket, processes)
			return func() string { u.stop(); return "" }, err
		})
		if t.lost > 0 {
			o.Harm += 100
		}
		return o, err
	}
}

func asItIs(*stage) error { return nil }

func slowServer(s *stage) error { return s.lan.Server.Slow(400 * time.Millisecond) }

func deadServer(s *stage) error { return s.lose(s.lan.Hosts...) }
