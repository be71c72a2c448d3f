package lab

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// insideEnv marks the second start of the program, inside the namespaces. Its
// value is the descriptor on which the second start says why it cannot go on.
const insideEnv = "MCDNS_LAB_REPORT_FD"

// root is where the lab keeps every host's files. It is on a tmpfs over /run
// that only the lab's mount namespace has, so it ends with the lab.
const root = "/run/lab"

var inside bool

// neighboursEnv brings the kernel's limit inside, where no namespace shows it.
const neighboursEnv = "MCDNS_LAB_NEIGHBOURS"

// The main goroutine stays on the main thread. Children get SIGKILL when the
// thread that started them ends, and a host's thread must never be the main
// one, whose namespaces /proc/PID/ns shows for the whole process.
func init() { runtime.LockOSThread() }

// Enter starts the program anew in namespaces of its own and exits with its
// exit code; in that second start it returns nil, and a LAN can be made. Call
// it from the main goroutine before anything else. An error says in one line
// why this machine allows no lab, and what to do about it.
func Enter() error {
	if inside {
		return nil
	}
	if fd := os.Getenv(insideEnv); fd != "" {
		os.Unsetenv(insideEnv)
		return arrive(fd)
	}
	code, err := respawn(unix.CLONE_NEWPID)
	if errors.Is(err, errNoProc) {
		// A container may hide parts of /proc, and then no new one can be
		// mounted. Pdeathsig alone still ends everything.
		code, err = respawn(0)
	}
	if err != nil {
		return err
	}
	os.Exit(code)
	return nil
}

// Run is the main function of a program of the lab: it enters, and runs it there.
func Run(run func(args []string) error) {
	err := Enter()
	if err == nil {
		err = run(os.Args[1:])
	}
	Exit(err)
}

// Exit ends the program, with a line about what went wrong.
func Exit(err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "mcdns: error: %v\n", err)
		os.Exit(1)
	}
	os.Exit(0)
}

var errNoProc = errors.New("lab: cannot mount /proc")

// respawn runs this program again in new namespaces and returns its exit code,
// or an error if it could not set them up.
func respawn(extra uintptr) (int, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return 0, fmt.Errorf("lab: %w", err)
	}
	defer r.Close()
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Env = append(os.Environ(), insideEnv+"=3")
	if limit, err := os.ReadFile("/proc/sys/net/ipv4/neigh/default/gc_thresh3"); err == nil {
		cmd.Env = append(cmd.Env, neighboursEnv+"="+strings.TrimSpace(string(limit)))
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.ExtraFiles = []*os.File{w}
	cmd.SysProcAttr = namespaces(extra)
	err = cmd.Start()
	w.Close()
	if err != nil {
		return 0, forbidden(err)
	}
	defer passSignals(cmd.Process)()
	complaint, _ := io.ReadAll(r)
	err = cmd.Wait()
	switch {
	case string(complaint) == errNoProc.Error():
		return 0, errNoProc
	case len(complaint) > 0:
		return 0, forbidden(errors.New(string(complaint)))
	case cmd.ProcessState == nil:
		return 0, fmt.Errorf("lab: %w", err)
	}
	return exitCode(cmd.ProcessState), nil
}

// namespaces asks for a user namespace only where it is needed: as root, setuid
// programs, other users and real daemons work better without one.
func namespaces(extra uintptr) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS | extra,
		Pdeathsig:  unix.SIGKILL,
	}
	if os.Geteuid() != 0 {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	return attr
}

// Neighbours is how many neighbours the kernel keeps for all network namespaces together:
// net.ipv4.neigh.default.gc_thresh3, or the kernel's default of 1024 where it is not shown.
func Neighbours() int {
	limit, err := strconv.Atoi(os.Getenv(neighboursEnv))
	if err != nil || limit < 1 {
		return 1024
	}
	return limit
}

// passSignals hands on what would end the program. A terminal's ^C reaches the
// child by itself: here it is only kept from ending the parent first.
func passSignals(child *os.Process) (stop func()) {
	c := make(chan os.Signal, 8)
	signal.Notify(c, unix.SIGTERM, unix.SIGHUP, unix.SIGINT)
	go func() {
		for s := range c {
			if s != unix.SIGINT {
				child.Signal(s)
			}
		}
	}()
	return func() { signal.Stop(c); close(c) }
}

func exitCode(s *os.ProcessState) int {
	if ws, ok := s.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		return 128 + int(ws.Signal())
	}
	return s.ExitCode()
}

// arrive prepares the namespaces from within. What goes wrong is said on the
// pipe, because only the first start can try another way.
func arrive(fd string) error {
	report := os.NewFile(3, "report")
	if fd != "3" || report == nil {
		return fmt.Errorf("lab: %s=%q is set from outside: unset it", insideEnv, fd)
	}
	if err := furnish(); err != nil {
		io.WriteString(report, err.Error())
		os.Exit(1)
	}
	report.Close()
	inside = true
	return nil
}

func furnish() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if os.Getpid() == 1 {
		if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
			return errNoProc
		}
	}
	if err := unix.Mount("tmpfs", "/run", "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0755"); err != nil {
		return fmt.Errorf("mount a tmpfs: %w", err)
	}
	if err := os.Mkdir(root, 0o755); err != nil {
		return err
	}
	// The lab's ends of the cables are no hosts: without this each of them
	// would join groups and send neighbour discovery into the LAN.
	if err := sysctl("net/ipv6/conf/default/disable_ipv6", "1"); err != nil {
		return err
	}
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return fmt.Errorf("find lo: %w", err)
	}
	return netlink.LinkSetUp(lo)
}

func sysctl(key, value string) error {
	return os.WriteFile("/proc/sys/"+key, []byte(value), 0)
}

// forbidden turns a refusal into one line that names the way out.
func forbidden(err error) error {
	if errno := syscall.Errno(0); errors.As(err, &errno) {
		err = errno
	}
	if os.Geteuid() == 0 {
		return fmt.Errorf("lab: root may not make namespaces here (%v): in a container, start it with `docker run --privileged`", err)
	}
	return fmt.Errorf("lab: an ordinary user may not make namespaces here (%v): %s", err, remedy())
}

// remedy looks for the switch that forbids user namespaces.
func remedy() string {
	switch {
	case read("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == "1":
		return "AppArmor forbids it; run it as root (`sudo make demo`), or `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`"
	case read("/proc/sys/kernel/unprivileged_userns_clone") == "0":
		return "run it as root (`sudo make demo`), or `sudo sysctl kernel.unprivileged_userns_clone=1`"
	case read("/proc/sys/user/max_user_namespaces") == "0":
		return "run it as root (`sudo make demo`), or `sudo sysctl user.max_user_namespaces=10000`"
	}
	return "run it as root (`sudo make demo`); in a container, start that with `docker run --privileged`"
}

func read(path string) string {
	b, _ := os.ReadFile(path)
	return strings.TrimSpace(string(b))
}
