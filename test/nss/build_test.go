package nss

import (
	"fmt"
	"mcdns/test/need"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// work is where this run compiles and listens; socket is the path that the
// module under test is compiled with, in place of /run/mcdns/nss.sock.
var work, socket string

func TestMain(m *testing.M) {
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("/tmp", "mcdns-nss-") // short: a socket's path has 107 bytes
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	work, socket = dir, filepath.Join(dir, "nss.sock")
	for _, name := range []string{"LOCALDOMAIN", "RES_OPTIONS", "HOSTALIASES", "MCDNS_NSS_DISABLE"} {
		os.Unsetenv(name)
	}
	return m.Run()
}

// root is the top of the source tree.
func root(t testing.TB) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		need.Missing(t, name+" is not installed")
	}
	return path
}

var built struct {
	sync.Mutex
	paths map[string]string
}

// compile builds test/nss/testdata's and the module's files into a program, once
// per name and run. Arguments are relative to the top of the tree.
func compile(t testing.TB, name, compiler string, args ...string) string {
	t.Helper()
	cc := tool(t, compiler)
	built.Lock()
	defer built.Unlock()
	if path, ok := built.paths[name]; ok {
		return path
	}
	path := filepath.Join(work, name)
	cmd := exec.Command(cc, append(args, "-o", path)...)
	cmd.Dir = root(t)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", compiler, strings.Join(args, " "), err, out)
	}
	if built.paths == nil {
		built.paths = map[string]string{}
	}
	built.paths[name] = path
	return path
}

// sources lists the module's C files, relative to the top of the tree.
func sources(t testing.TB) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root(t), "nss", "*.c"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no C files in nss: %v", err)
	}
	for i, path := range found {
		found[i] = filepath.Join("nss", filepath.Base(path))
	}
	return found
}

var warnings = []string{"-std=c11", "-g", "-fexceptions", "-O1", "-Wall", "-Wextra", "-Werror"}

var sanitizers = append([]string{
	"-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=all",
}, warnings...)

// probe is the program that calls the functions one by one, sanitized, with the
// system calls of the module wrapped.
func probe(t testing.TB) string {
	return probeWith(t, "probe", sanitizers)
}

// plainProbe is the same without sanitizers: gcc's ASan takes the end of a
// cancelled thread for a stack overflow.
func plainProbe(t testing.TB) string {
	return probeWith(t, "probe-plain", warnings)
}

func probeWith(t testing.TB, name string, flags []string) string {
	args := append([]string{`-DMCDNS_SOCKET="` + socket + `"`, `-DMCDNS_RESOLV_CONF="` + resolvConf() + `"`, "-Inss", "-pthread"}, flags...)
	for _, call := range []string{"socket", "sendmsg", "recv", "poll", "clock_gettime"} {
		args = append(args, "-Wl,--wrap="+call)
	}
	for _, file := range []string{"probe", "call", "sweep", "wrap"} {
		args = append(args, "test/nss/testdata/"+file+".c")
	}
	return compile(t, name, "cc", append(args, sources(t)...)...)
}

// resolvConf is the probe's resolv.conf, which is only there where a test writes it.
func resolvConf() string { return filepath.Join(work, "resolv.conf") }

// module is the file that is shipped, built by the Makefile's own rule.
func module(t testing.TB) string {
	t.Helper()
	make := tool(t, "make")
	tool(t, "cc")
	path := filepath.Join(work, "default", "libnss_mcdns.so.2")
	cmd := exec.Command(make, "--silent", "B="+filepath.Dir(path), path)
	cmd.Dir = root(t)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("make %s: %v\n%s", path, err, out)
	}
	return path
}
