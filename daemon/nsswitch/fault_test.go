package nsswitch

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestHostsLineThatKeepsMcdnsOutIsNamed has what an administrator may write, and what
// is wrong with it; "" is a line that is right.
func TestHostsLineThatKeepsMcdnsOutIsNamed(t *testing.T) {
	for line, want := range map[string]string{
		"files mcdns [!UNAVAIL=return] dns":                                      "",
		"files mdns4_minimal [NOTFOUND=return] mcdns [!UNAVAIL=return] dns":      "",
		"files mdns4 [NOTFOUND=return] mcdns [!UNAVAIL=return] dns":              "",
		"files mcdns [!UNAVAIL=return] resolve [!UNAVAIL=return] dns myhostname": "",
		"files mcdns dns wins": "",
		"files mcdns":          "",
		"files myhostname mcdns [!UNAVAIL=return NOTFOUND=continue] dns": "",
		"files dns":        "does not name mcdns, so programs do not ask it: mcdns nss enable",
		"files mcdnsx dns": "does not name mcdns",
		"files resolve [!UNAVAIL=return] mcdns dns": "mcdns must stand before resolve: mcdns nss enable",
		"files dns mcdns": "mcdns must stand before dns: mcdns nss enable",
		"files [NOTFOUND=return] mcdns [!UNAVAIL=return] dns":      "\"files [NOTFOUND=return]\" ends each lookup before mcdns is asked",
		"files [!SUCCESS=return] mcdns dns":                        "ends each lookup before mcdns",
		"myhostname [notfound=RETURN] mcdns [!UNAVAIL=return] dns": "ends each lookup before mcdns",
		"files mcdns [UNAVAIL=return] dns":                         "keeps programs from what stands behind it while mcdnsd does not run",
		"files mcdns [!SUCCESS=return] dns":                        "keeps programs from what stands behind it while mcdnsd does not run",
		"files mcdns [SUCCESS=continue] dns":                       "throws away what mcdns finds",
		"files mcdns dns":                                          "dns is asked again for what mcdnsd cannot say",
		"files mcdns [NOTFOUND=return] dns":                        "with \"mcdns [NOTFOUND=return]\" dns is asked again",
		"files mcdns[!UNAVAIL=return]dns":                          "",
	} {
		got := ""
		if f := FaultOf("passwd: files\nhosts: "+line+"\n", true); f != nil {
			got = f.String()
		}
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: got %q; want %q", line, got, want)
		}
	}
}

func TestMcdnsBeforeFilesIsAFaultWhereItDoesNotReadThem(t *testing.T) {
	const text = "hosts: mcdns [!UNAVAIL=return] files dns\n"
	if f := FaultOf(text, true); f != nil {
		t.Errorf("mcdnsd reads /etc/hosts itself: got %q", f)
	}
	if f := FaultOf(text, false); f == nil || !strings.Contains(f.String(), "put files before mcdns") {
		t.Errorf("with hosts = no: got %v", f)
	}
}

// TestLastHostsLineCounts: glibc takes the last one.
func TestLastHostsLineCounts(t *testing.T) {
	text := "hosts: files mcdns [!UNAVAIL=return] dns\nhosts:\tfiles  dns # mcdns\n"
	if got := Hosts(text); got != "hosts: files dns" {
		t.Errorf("got %q", got)
	}
	if f := FaultOf(text, true); f == nil {
		t.Error("the last line has no mcdns")
	}
	if f := FaultOf("", true); f == nil || !strings.Contains(f.What, "no hosts line") {
		t.Errorf("got %v", f)
	}
}

func FuzzFaultOf(f *testing.F) {
	for _, s := range []string{"hosts: files [", "hosts:]", "hosts: [!x=return] mcdns [UNAVAIL=", "hosts: mcdns[[]]"} {
		f.Add(s)
	}
	f.Fuzz(func(_ *testing.T, text string) { FaultOf(text, false) })
}

func TestModuleThatIsNotThereIsAFault(t *testing.T) {
	root := t.TempDir()
	machine := System{Root: root}
	write := func(name, text string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Join(root, filepath.Dir(name)), 0o755), os.WriteFile(filepath.Join(root, name), []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	write("/etc/nsswitch.conf", "hosts: files "+Service+" dns\n")
	if f := machine.Wiring(true).Faults(); len(f) != 1 || !strings.Contains(f[0].String(), "libnss_mcdns.so.2 is not there") {
		t.Errorf("got %v", f)
	}
	// ldconfig names what was there once.
	write("/etc/ld.so.cache", "x\x00libnss_mcdns.so.2\x00/opt/lib/libnss_mcdns.so.2\x00")
	if got := machine.Module(); got != "" {
		t.Errorf("a file that is gone is found: %s", got)
	}
	for _, path := range []string{"/opt/lib", "/usr/lib64", "/usr/lib/riscv64-linux-gnu"} {
		write(path+"/libnss_mcdns.so.2", "")
		if got := machine.Module(); got != root+path+"/libnss_mcdns.so.2" {
			t.Errorf("%s: found %q", path, got)
		}
		if f := machine.Wiring(true).Faults(); len(f) != 0 {
			t.Errorf("%s: got %v", path, f)
		}
		os.Remove(filepath.Join(root, path, "libnss_mcdns.so.2"))
	}
	// What is no file, or is endless, is not read.
	huge := filepath.Join(root, path)
	if err := os.Truncate(huge, maxFile+1); err != nil {
		t.Fatal(err)
	}
	if w := machine.Wiring(true); w.OfLine == nil || w.OfModule != nil || !strings.Contains(w.OfLine.What, "too large") || w.Line != "" {
		t.Errorf("a huge nsswitch.conf: got %+v", w)
	}
	if err := machine.Enable(); err == nil {
		t.Error("a huge nsswitch.conf is edited")
	}
	if err := errors.Join(os.Remove(huge), syscall.Mkfifo(huge, 0o600)); err != nil {
		t.Fatal(err)
	}
	if w := machine.Wiring(true); w.OfLine == nil || w.OfModule != nil || !strings.Contains(w.OfLine.What, "not a file") {
		t.Errorf("a fifo for nsswitch.conf: got %+v", w)
	}
	if f := (System{Root: t.TempDir()}).Wiring(true).Faults(); len(f) != 1 || !strings.Contains(f[0].What, "cannot read /etc/nsswitch.conf") {
		t.Errorf("got %v", f)
	}
}
