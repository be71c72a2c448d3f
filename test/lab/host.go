package lab

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Host is one machine of the LAN: a thread that lives in namespaces of its own
// for as long as the LAN, and the processes started from it.
type Host struct {
	Name string
	Addr netip.Addr // IPv4 on the first interface
	Six  netip.Addr // IPv6 on the first interface
	// Mcdnsd is the host's daemon; nil where nsswitch.conf does not name mcdns.
	Mcdnsd *Unit

	nss   string // the hosts: line of nsswitch.conf
	dir   string // the host's files, as the lab sees them
	lan   *LAN
	calls chan func()
	netns *os.File
	nsid  string // "net:[4026532281]", as /proc/PID/ns/net shows it
	ports []*port
	units []*Unit
	off   bool // without power
}

// newHost starts the host's thread and gives it its files; cables come later.
func (l *LAN) newHost(name, nss string, addr, six netip.Addr) (*Host, error) {
	h := &Host{
		Name: name, Addr: addr, Six: six, nss: nss,
		dir: filepath.Join(l.dir, name), lan: l, calls: make(chan func()),
	}
	if err := h.layFiles(); err != nil {
		return nil, fmt.Errorf("lab: %s: %w", name, err)
	}
	ready := make(chan error)
	go h.live(ready)
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("lab: %s: %w", name, err)
	}
	return h, nil
}

// live is the host's thread. It is never unlocked: the runtime ends a thread
// whose namespaces differ, and with it (Pdeathsig) all it has started.
func (h *Host) live(ready chan<- error) {
	runtime.LockOSThread()
	ready <- h.isolate()
	for f := range h.calls {
		f()
	}
}

func (h *Host) isolate() error {
	const flags = unix.CLONE_FS | unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWUTS
	if err := unix.Unshare(flags); err != nil {
		return fmt.Errorf("unshare: %w", err)
	}
	if err := unix.Sethostname([]byte(h.Name)); err != nil {
		return fmt.Errorf("set host name: %w", err)
	}
	var err error
	if h.netns, err = os.Open("/proc/thread-self/ns/net"); err != nil {
		return err
	}
	if h.nsid, err = os.Readlink("/proc/thread-self/ns/net"); err != nil {
		return err
	}
	if err := h.mountFiles(); err != nil {
		return err
	}
	return h.plainIPv6()
}

// Do runs f on the host: sockets it opens and files it reads are the host's.
// Calls on one host run one after another, so f must not wait for long. f must
// not start goroutines that open sockets: those would run elsewhere.
func (h *Host) Do(f func() error) error {
	done := make(chan error)
	h.calls <- func() { done <- f() }
	return <-done
}

// Listen opens a listener on the host, as net.Listen does.
func (h *Host) Listen(network, address string) (l net.Listener, err error) {
	err = h.Do(func() error { l, err = net.Listen(network, address); return err })
	return l, err
}

// ListenPacket opens a socket on the host, as net.ListenPacket does.
func (h *Host) ListenPacket(network, address string) (c net.PacketConn, err error) {
	err = h.Do(func() error { c, err = net.ListenPacket(network, address); return err })
	return c, err
}

// listens reports whether a port of the host is open. A child that is being made has
// copies of all sockets until it executes its program: for so long a closed one swallows
// questions, and who opens the port is told that it is in use.
func (h *Host) listens(port uint16) (open bool) {
	local := fmt.Sprintf(":%04X", port)
	h.Do(func() error {
		for _, table := range []string{"udp", "udp6", "tcp", "tcp6"} {
			for line := range strings.Lines(read("/proc/thread-self/net/" + table)) {
				f := strings.Fields(line) // number, local, remote, state
				const listening = "0A"
				open = open || len(f) > 3 && strings.HasSuffix(f[1], local) && (table[0] == 'u' || f[3] == listening)
			}
		}
		return nil
	})
	return open
}

// Path is where the lab finds a file that the host sees at path, which must be
// below /run, /etc/mcdns or /var/lib/mcdns.
func (h *Host) Path(path string) string {
	for _, p := range privateDirs {
		if rest, ok := within(path, p.at); ok {
			return filepath.Join(h.dir, p.dir, rest)
		}
	}
	panic("lab: " + path + " is not a private path of a host")
}

// Cmd is an exec.Cmd that runs on a host.
type Cmd struct {
	*exec.Cmd
	host *Host
}

// Command prepares a program for running on the host, as root of the lab, with
// an environment of its own. It ends when the host does.
func (h *Host) Command(name string, args ...string) *Cmd {
	c := exec.Command(name, args...)
	c.Env = []string{
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		"HOME=/run/home", "LANG=C.UTF-8", "USER=root",
	}
	c.Dir = "/"
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}
	return &Cmd{Cmd: c, host: h}
}

// Start starts the program on the host.
func (c *Cmd) Start() error { return c.host.Do(c.Cmd.Start) }

// Run starts the program on the host and waits for it.
func (c *Cmd) Run() error {
	if err := c.Start(); err != nil {
		return err
	}
	return c.Wait()
}

// Output is Run that returns standard output; standard error is in the error.
func (c *Cmd) Output() ([]byte, error) {
	var out, complaint bytes.Buffer
	c.Stdout = &out
	if c.Stderr == nil {
		c.Stderr = &complaint
	}
	err := c.Run()
	if exit, ok := err.(*exec.ExitError); ok {
		exit.Stderr = complaint.Bytes()
	}
	return out.Bytes(), err
}

// CombinedOutput is Run that returns standard output and standard error.
func (c *Cmd) CombinedOutput() ([]byte, error) {
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	err := c.Run()
	return out.Bytes(), err
}
