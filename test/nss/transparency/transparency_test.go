package transparency

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mcdns/test/checks"
	"mcdns/test/lab"
)

// row is one line of the table: a program, run in every world.
type row struct {
	name string
	command
	slow  bool // not in the short part
	apart bool // cannot reach the daemon, and is not meant to
}

func hazards(p programs) []row {
	h := func(name string, args ...string) row {
		return row{name: name, command: command{args: append([]string{p.hazard}, args...)}}
	}
	slow := func(r row) row { r.slow = true; return r }
	apart := func(r row) row { r.apart = true; return r }
	as := func(program string, r row) row { r.args[0] = program; return r }
	with := func(r row, env ...string) row { r.env = env; return r }
	rows := []row{
		h("a lookup that works, one that does not", "plain"),
		h("fork after a lookup, one lookup in the child, 20 times", "fork-one", "20"),
		h("fork after a lookup, child: 8 threads x 100", "fork-threads", "100"),
		h("fork after a lookup, child: 8 threads, slow answers", "fork-threads", "0"),
		slow(h("fork after a lookup, child: 20,000 lookups", "fork-threads", "20000", "1")),
		h("vfork, posix_spawn, system, daemon", "spawns", p.hazard),
		h("signal state after a lookup", "signal-state"),
		h("ignored SIGPIPE and SIGURG, in exec'd children too", "signal-ignored"),
		h("flags of the program's own handlers", "signal-flags"),
		h("write to a broken pipe, default", "signal-pipe", "default"),
		h("write to a broken pipe, ignored", "signal-pipe", "ignore"),
		h("death by each signal after a lookup", "signal-deaths"),
		h("own SIGSEGV handler, installed before", "signal-segv", "before"),
		h("own SIGSEGV handler, installed after", "signal-segv", "after"),
		h("SIGALRM each 200 us, handler without SA_ONSTACK", "signal-timer", "real", "1"),
		h("SIGPROF each 200 us", "signal-timer", "prof", "1"),
		h("all signals blocked, one pending", "signal-mask"),
		h("RLIMIT_NPROC 1, ordinary user", "limit-nproc"),
		h("no descriptor free, then 1 to 4", "limit-nofile", "warm"),
		h("mlockall with 64 MB, ordinary user", "limit-memlock"),
		h("RLIMIT_STACK 256 KB", "limit-stack", p.hazard, "256"),
		h("seccomp: clone is EPERM", "seccomp-clone", "eperm"),
		h("seccomp: clone kills", "seccomp-clone", "kill"),
		apart(h("seccomp: socket is EPERM", "seccomp-socket", "eperm")),
		apart(h("seccomp: socket is EAFNOSUPPORT", "seccomp-socket", "eafnosupport")),
		h("unshare(CLONE_NEWUSER) after a lookup", "unshare-user"),
		h("setns(CLONE_NEWNS) after a lookup", "setns-mount"),
		h("chroot after a lookup", "chroot"),
		h("capset(0): capabilities of every thread", "capabilities"),
		h("PR_SET_SECCOMP: filter of every thread", "filters"),
		h("setuid: user of every thread", "uids"),
		h("64 threads x 200", "threads", "64", "200"),
		slow(h("1000 threads x 5", "threads", "1000", "5")),
		h("thread stacks of 16 to 128 KB", "small-stacks"),
		h("5 cancelled lookups: descriptors left", "cancelled"),
		h("static TLS used up first", append([]string{"static-tls"}, p.tls...)...),
		h("dlopen with a lookup in the constructor, dlclose, 20 times", "plugin", p.plugin),
		h("exit during lookups", "leave-early"),
		h("descriptors 0, 1, 2 closed one by one", "low-descriptors"),
		h("all descriptors closed", "all-closed"),
		h("left after one lookup", "left-behind"),
		h("left after 300 more", "settled"),
		h("idle after a lookup", "idle", "1"),
		h("locale and environment changed", "surroundings"),
		with(h("LD_BIND_NOW", "plain"), "LD_BIND_NOW=1"),
		as(p.static, h("statically linked, plain", "plain")),
		as(p.static, h("statically linked, 8 threads x 50", "threads", "8", "50")),
		as(p.asan, h("under ASan and UBSan, 8 threads x 50", "threads", "8", "50")),
		as(p.tsan, h("under TSan, 8 threads x 50", "threads", "8", "50")),
	}
	if p.setuid != "" {
		rows = append(rows, row{name: "setuid root, run by uid 54321 (AT_SECURE)", command: command{args: []string{p.setuid, "secure"}, uid: 54321}})
	}
	for _, mb := range []string{"16", "32", "64", "128", "256", "512", "1024", "2048"} {
		rows = append(rows, h("RLIMIT_AS "+mb+" MB", "limit-as", mb))
	}
	return rows
}

// others are programs that were not written for this.
func others(t *testing.T, p programs) []row {
	python, node := "/usr/bin/python3", "/usr/bin/node"
	script := func(name, program string, args ...string) row {
		return row{name: name, command: command{args: append([]string{program}, args...)}, slow: true}
	}
	rows := []row{
		script("python3: fork pool of 4, 500 lookups", python, "-c", pool),
		script("node: 200 dns.lookup at once", node, "-e", nodeLookups),
		script("valgrind memcheck", "/usr/bin/valgrind", "-q", "--error-exitcode=9", p.hazard, "plain"),
		script("ptrace: under strace -f", "/usr/bin/strace", "-f", "-qq", "-o", "/dev/null", p.hazard, "threads", "4", "20"),
	}
	if goProgram := buildGo(t); goProgram != "" {
		rows = append(rows, row{name: "Go, cgo resolver, 32 goroutines, GC", slow: true,
			command: command{args: []string{goProgram}, env: []string{"GODEBUG=netdns=cgo"}}})
	}
	if java := buildJava(t); java != "" {
		rows = append(rows, row{name: "Java: 16 threads x 200, GC, 100k NullPointerExceptions", slow: true,
			command: command{args: []string{"/usr/bin/java", "-Dsun.net.inetaddr.ttl=0", "-cp", java, "Look"}}})
	}
	return slices.DeleteFunc(rows, func(r row) bool {
		_, err := os.Stat(r.args[0])
		if err != nil && os.Getenv("MCDNS_TEST_REQUIRE") != "" {
			t.Errorf("%s: not installed", r.args[0])
		}
		return err != nil
	})
}

// report gathers the lines of the table.
type report struct {
	lines [][]string
}

// TestNoProgramNoticesTheModule is the table: what differs with the module from
// what is seen without it. Nothing may.
func TestNoProgramNoticesTheModule(t *testing.T) {
	lab.Need(t)
	p := build(t)
	worlds := makeWorlds(t)
	r := &report{lines: [][]string{{"what a program does"}}}
	for _, w := range worlds {
		r.lines[0] = append(r.lines[0], w.name)
	}
	rows := hazards(p)
	if checks.File != "" {
		rows = append(rows, others(t, p)...)
	}
	for _, row := range rows {
		if checks.File == "" && row.slow {
			continue
		}
		r.compare(t, row, worlds)
	}
	r.forksAtFirst(t, p, worlds)
	if checks.File != "" {
		r.measure(t, p, worlds)
	}
	r.publish(t)
}

// makeWorlds makes the host without a module, the one with the shipped module,
// and, where everything is wanted, the one with the c-shared build.
func makeWorlds(t *testing.T) []*world {
	t.Helper()
	module := lab.FindBinaries().Module
	if _, err := os.Stat(module); err != nil {
		lab.Skip(t, module+" is not built: run make build")
	}
	worlds := []*world{newWorld(t, "no module", "", 70), newWorld(t, "mcdns", module, 71)}
	cshared := filepath.Join(lab.Top(), "build", "cshared", "libnss_mcdns.so.2")
	if checks.File == "" {
		return worlds
	}
	if _, err := os.Stat(cshared); err != nil {
		t.Fatalf("%s is not built: run make nss-cshared", cshared)
	}
	return append(worlds, newWorld(t, "c-shared", cshared, 72))
}

// compare runs one row everywhere. A difference has to be there twice: programs
// that hang or race do so without any module, too.
func (r *report) compare(t *testing.T, row row, worlds []*world) {
	t.Helper()
	base := worlds[0].run(t, row.command)
	line := []string{row.name, cell("", base)}
	for i, w := range worlds[1:] {
		before := len(w.daemon.Asked())
		o := w.run(t, row.command)
		if asked := len(w.daemon.Asked()) > before; i == 0 && asked == row.apart {
			t.Errorf("%s, %s: daemon asked: %v; the row shows nothing", row.name, w.name, asked)
		}
		difference := o.difference(base)
		if difference != "" && i == 0 {
			base, o = worlds[0].run(t, row.command), w.run(t, row.command)
			difference = o.difference(base)
		}
		if i == 0 {
			checks.Add(t, row.name, "as without the module", orSame(difference), difference == "")
		}
		if difference == "" {
			difference = "same"
		}
		line = append(line, cell(difference, o))
	}
	r.lines = append(r.lines, line)
}

func orSame(difference string) string {
	if difference == "" {
		return "as without the module"
	}
	return difference
}

func cell(difference string, o outcome) string {
	if difference == "" {
		difference = o.end
		if o.end == "exit 0" {
			difference = "ok"
		}
	}
	if len(o.figures) > 0 {
		difference += " (" + strings.Join(o.figures, ", ") + ")"
	}
	return difference
}

// publish prints the table, and leaves it beside the checks.
func (r *report) publish(t *testing.T) {
	t.Helper()
	var text strings.Builder
	for i, line := range r.lines {
		fmt.Fprintf(&text, "| %s |\n", strings.Join(line, " | "))
		if i == 0 {
			fmt.Fprintf(&text, "|%s\n", strings.Repeat("---|", len(line)))
		}
	}
	t.Logf("%s, %s\n%s", time.Now().UTC().Format(time.DateOnly), kernel(), text.String())
	if checks.File == "" {
		return
	}
	if err := os.WriteFile(strings.TrimSuffix(checks.File, ".json")+".md", []byte(text.String()), 0o644); err != nil {
		t.Error(err)
	}
}

func kernel() string {
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return "Linux " + strings.TrimSpace(string(release))
}
