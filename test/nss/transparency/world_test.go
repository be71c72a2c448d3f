package transparency

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"mcdns/test/lab"
	"mcdns/test/nss/fake"
)

func TestMain(m *testing.M) { lab.Main(m) }

// world is a host that knows probe.example and slow.example: from its hosts
// file, or from the daemon behind its module.
type world struct {
	name   string
	host   *lab.Host
	daemon *fake.Daemon // nil without a module
}

const hosts = "192.0.2.7 probe.example\n2001:db8::7 probe.example\n192.0.2.8 slow.example\n"

// newWorld makes a host with this module; none if it is empty.
func newWorld(t *testing.T, name, module string, number byte) *world {
	t.Helper()
	w := quietWorld(t, name, module, number)
	if module != "" {
		w.daemon = w.serve(t, answer)
	}
	return w
}

// quietWorld makes a host whose daemon is not there.
func quietWorld(t *testing.T, name, module string, number byte) *world {
	t.Helper()
	cfg := lab.Config{Hosts: 1, NSS: "files", Number: number, Stopped: true}
	if module != "" {
		// In the end files knows the names as well: where the module steps
		// back, as it does when no descriptor is free, nothing is lost.
		cfg.NSS = "mcdns [!UNAVAIL=return] files"
		cfg.Binaries = &lab.Binaries{Mcdnsd: "/bin/true", Mcdns: "/bin/true", Module: module}
	}
	w := &world{name: name, host: lab.Start(t, cfg).Hosts[0]}
	err := w.host.Do(func() error { return os.WriteFile("/etc/hosts", []byte(hosts), 0o644) })
	if err != nil {
		t.Fatal(err)
	}
	return w
}

const socket = "/run/mcdns/nss.sock"

func (w *world) serve(t *testing.T, act fake.Behaviour) *fake.Daemon {
	t.Helper()
	l, err := w.host.Listen("unix", socket)
	if err == nil {
		err = os.Chmod(w.host.Path(socket), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	d := fake.Serve(l.(*net.UnixListener), act)
	t.Cleanup(func() {
		d.Close()
		os.Remove(w.host.Path(socket)) // net would look for it outside the host
	})
	return d
}

// answer is a daemon that knows what the hosts files know.
func answer(c *net.UnixConn, q fake.Request) {
	reply := fake.Reply{Status: fake.Found, Names: []string{q.Name}, TTL: 60}
	delay := 0
	switch {
	case q.Kind == 1 && q.Name == "probe.example":
		if q.Families&1 != 0 {
			reply.Addresses = append(reply.Addresses, "192.0.2.7")
		}
		if q.Families&2 != 0 {
			reply.Addresses = append(reply.Addresses, "2001:db8::7")
		}
	case q.Kind == 1 && q.Name == "slow.example" && q.Families&1 != 0:
		reply.Addresses = []string{"192.0.2.8"}
		delay = 1
	default:
		reply = fake.Reply{Status: fake.NoName}
	}
	fake.Busy(delay, 500*time.Millisecond, reply.Frame())(c, q)
}

// outcome is what a program did.
type outcome struct {
	end     string   // how it ended
	lines   []string // what it printed, to be compared
	figures []string // what it measured, to be shown
	took    time.Duration
	cpu     time.Duration
}

// command is a program to run in a world.
type command struct {
	args  []string
	env   []string
	uid   uint32
	limit time.Duration
}

// run runs the program; after the limit it is killed, and hangs.
func (w *world) run(t *testing.T, c command) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := w.host.Command(c.args[0], c.args[1:]...)
	cmd.Env = append(cmd.Env, c.env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr.Setpgid = true
	if c.uid != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: c.uid, Gid: c.uid}
	}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatalf("%s: %v", c.args[0], err)
	}
	if c.limit == 0 {
		c.limit = 60 * time.Second
	}
	var hung atomic.Bool
	killer := time.AfterFunc(c.limit, func() {
		hung.Store(true)
		unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
	})
	err := cmd.Wait()
	o := outcome{took: time.Since(began), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if !killer.Stop() && hung.Load() {
		o.end = "HANGS"
	} else {
		o.end = ending(err)
	}
	o.split(stdout.String())
	if o.end != "exit 0" {
		if first, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n"); first != "" {
			o.figures = append(o.figures, first[:min(len(first), 60)])
		}
	}
	return o
}

func ending(err error) string {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		if err != nil {
			return err.Error()
		}
		return "exit 0"
	}
	if status := exit.Sys().(syscall.WaitStatus); status.Signaled() {
		return "killed by " + unix.SignalName(status.Signal())
	}
	return fmt.Sprintf("exit %d", exit.ExitCode())
}

func (o *outcome) split(text string) {
	for line := range strings.Lines(text) {
		line = strings.Join(strings.Fields(line), " ")
		if figure, ok := strings.CutPrefix(line, "#"); ok {
			o.figures = append(o.figures, figure)
		} else {
			o.lines = append(o.lines, line)
		}
	}
}

// difference says in a few words how an outcome differs from the baseline's;
// empty: not at all.
func (o outcome) difference(base outcome) string {
	if o.end != base.end {
		return o.end
	}
	if slices.Equal(o.lines, base.lines) {
		return ""
	}
	for i, line := range o.lines {
		if i >= len(base.lines) || line != base.lines[i] {
			return line
		}
	}
	return "prints less"
}

// programs are the C programs of testdata, built once.
type programs struct {
	hazard, static, asan, tsan, plugin string
	tls                                []string
	setuid                             string // empty where there is only one user
}

func build(t *testing.T) programs {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "mcdns-hazard-") // not in /run, which is nosuid
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	compile := func(name string, args ...string) string {
		path := filepath.Join(dir, name)
		flags := []string{"-O1", "-g", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", path}
		out, err := exec.Command(tool(t, "cc"), append(flags, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("cc %v: %v\n%s", args, err, out)
		}
		return path
	}
	var hazard []string
	for _, file := range []string{"hazard", "fork", "signal", "limit", "thread"} {
		hazard = append(hazard, "testdata/"+file+".c")
	}
	p := programs{
		hazard: compile("hazard", append(hazard, "-ldl")...),
		static: compile("hazard-static", append(hazard, "-static", "-Wl,--no-warnings")...),
		asan:   compile("hazard-asan", append(hazard, "-fsanitize=address,undefined", "-fno-sanitize-recover=all")...),
		tsan:   compile("hazard-tsan", append(hazard, "-fsanitize=thread")...),
		plugin: compile("plugin.so", "-shared", "-fPIC", "testdata/plugin.c"),
	}
	for i := range 26 {
		p.tls = append(p.tls, compile(fmt.Sprintf("tls%d.so", i), "-shared", "-fPIC", "testdata/tls.c"))
	}
	if manyUsers() {
		p.setuid = compile("hazard-setuid", append(hazard, "-ldl")...)
		if err := os.Chmod(p.setuid, 0o755|os.ModeSetuid); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// manyUsers reports whether there are users besides root: an ordinary user's lab
// has but one.
func manyUsers() bool {
	text, _ := os.ReadFile("/proc/self/uid_map")
	fields := strings.Fields(string(text))
	return len(fields) == 3 && fields[2] != "1"
}

func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		lab.Skip(t, name+" is not installed")
	}
	return path
}
