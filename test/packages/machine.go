package packages

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"mcdns/test/lab"
)

// bootTime bounds what a machine may take to boot or to halt, on a busy one.
const bootTime = 60 * time.Second

// Machine is a booted Debian on a host of the lab.
type Machine struct {
	host   *lab.Host
	dir    string // upper, work and root of the overlay, in the host's /run
	nspawn *lab.Cmd
	leader int // the machine's systemd

	clients []*Client
}

// Boot starts a machine from a root of build/roots and waits until systemd has
// started everything. prepare, if not nil, is run on its files before that.
func Boot(h *lab.Host, root string, prepare func(files string) error) (*Machine, error) {
	m := &Machine{host: h, dir: "/run/machine"}
	if err := h.Do(func() error { return m.mount(filepath.Join(lab.Top(), "build/roots", root)) }); err != nil {
		return nil, fmt.Errorf("%s: lay out the machine's files: %w", h.Name, err)
	}
	if err := m.Files(func(files string) error { return m.layFiles(files, prepare) }); err != nil {
		return nil, fmt.Errorf("%s: %w", h.Name, err)
	}
	return m, m.start()
}

func (m *Machine) mount(lower string) error {
	// The lab gives its hosts a /sys of their own, which hides the control
	// groups, and systemd-nspawn needs those of the machine below.
	if err := unix.Unmount("/sys", unix.MNT_DETACH); err != nil {
		return err
	}
	for _, name := range []string{"upper", "work", "root"} {
		if err := os.MkdirAll(filepath.Join(m.dir, name), 0o755); err != nil {
			return err
		}
	}
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work", lower, m.dir, m.dir)
	return unix.Mount("overlay", m.root(), "overlay", 0, options)
}

func (m *Machine) root() string { return filepath.Join(m.dir, "root") }

// layFiles gives the machine what an installer or DHCP would.
func (m *Machine) layFiles(files string, prepare func(string) error) error {
	resolv := filepath.Join(files, "etc/resolv.conf")
	os.Remove(resolv)
	if err := os.WriteFile(resolv, []byte("nameserver 10.77.0.2\n"), 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(files, "etc/hostname"), []byte(m.host.Name+"\n"), 0o644); err != nil {
		return err
	}
	if prepare == nil {
		return nil
	}
	return prepare(files)
}

// Files runs f where the machine's files are at the path it is given.
func (m *Machine) Files(f func(files string) error) error {
	return m.host.Do(func() error { return f(m.root()) })
}

// Every machine has control groups of its own: machines that shared one would see
// each other's processes in theirs.
const (
	groups   = `for d in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do [ -e $d/cgroup.procs ] || continue; `
	ownGroup = groups + `mkdir -p $d/$0 && echo $$ >$d/$0/cgroup.procs; done; `
	noGroup  = groups + `[ ! -d $d/$0 ] || find $d/$0 -depth -type d -exec rmdir {} +; done`
)

// group is a name that no other run of the tests has either.
func (m *Machine) group() string {
	return fmt.Sprintf("mcdns-test-%x-%s", started.UnixNano(), m.host.Name)
}

var started = time.Now()

func (m *Machine) start() error {
	m.nspawn = m.host.Command("sh", "-c", ownGroup+`exec "$@"`, m.group(), "systemd-nspawn", "--quiet", "--directory="+m.root(), "--machine="+m.host.Name,
		"--register=no", "--keep-unit", "--network-namespace-path=/proc/self/ns/net",
		"--resolv-conf=off", "--timezone=off", "--link-journal=no", "--console=pipe", "--boot")
	console, err := os.CreateTemp("", "mcdns-console-")
	if err != nil {
		return err
	}
	defer console.Close()
	os.Remove(console.Name())
	m.nspawn.Stdout, m.nspawn.Stderr = console, console
	if err := m.nspawn.Start(); err != nil {
		return err
	}
	if err := until(bootTime, m.booted); err != nil {
		text := make([]byte, 4096)
		n, _ := console.ReadAt(text, 0)
		return fmt.Errorf("%s: boot: %w\n%s", m.host.Name, err, text[:n])
	}
	return nil
}

// booted finds the machine's systemd and asks it whether all is started.
func (m *Machine) booted() error {
	if m.leader == 0 {
		m.leader = childNamed(m.nspawn.Process.Pid, "systemd")
		if m.leader == 0 {
			return errors.New("no systemd yet")
		}
	}
	out, err := m.Run("systemctl", "is-system-running")
	if state := strings.TrimSpace(out); state != "running" && state != "degraded" {
		return fmt.Errorf("systemd is %q: %v", state, err)
	}
	return nil
}

// childNamed is a child process by its name, or 0.
func childNamed(parent int, name string) int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, _ := os.ReadFile(path)
		var pid, ppid int
		var state string
		before, after, found := bytes.Cut(text, []byte(" ("+name+") "))
		if !found {
			continue
		}
		pid, _ = strconv.Atoi(string(before))
		fmt.Sscan(string(after), &state, &ppid)
		if ppid == parent {
			return pid
		}
	}
	return 0
}

// Command prepares a program of the machine.
func (m *Machine) Command(args ...string) *lab.Cmd {
	enter := []string{"-t", strconv.Itoa(m.leader), "-m", "-u", "-i", "-n", "-p", "-C", "--",
		"env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8",
		"DEBIAN_FRONTEND=noninteractive"}
	return m.host.Command("nsenter", append(enter, args...)...)
}

// Run runs a program on the machine; the error holds what it printed.
func (m *Machine) Run(args ...string) (string, error) {
	out, err := m.Command(args...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%s: %s: %w\n%s", m.host.Name, strings.Join(args, " "), err, out)
	}
	return string(out), err
}

// Halt ends the machine in order, and after a while in any way. Its clients end
// first: systemd stops every process before it kills them, nsenter stops itself
// with the one that it waits for, and nobody continues it.
func (m *Machine) Halt() error {
	for _, c := range m.clients {
		c.Close()
	}
	m.clients = nil
	m.Run("systemctl", "poweroff", "--no-wall")
	ended := make(chan error, 1)
	go func() { ended <- m.nspawn.Wait() }()
	select {
	case err := <-ended:
		m.leader = 0
		return errors.Join(err, m.host.Command("sh", "-c", noGroup, m.group()).Run())
	case <-time.After(bootTime):
		return fmt.Errorf("%s: does not halt: %w", m.host.Name, m.nspawn.Process.Kill())
	}
}

// Reboot halts the machine and boots it with the files it has.
func (m *Machine) Reboot() error {
	if err := m.Halt(); err != nil {
		return err
	}
	return m.start()
}

// until waits for a condition; the error is the condition's last.
func until(limit time.Duration, condition func() error) error {
	for begin := time.Now(); ; time.Sleep(20 * time.Millisecond) {
		err := condition()
		if err == nil || time.Since(begin) > limit {
			return err
		}
	}
}
