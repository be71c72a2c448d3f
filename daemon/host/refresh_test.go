package host

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"mcdns/daemon/hosts"
	"mcdns/daemon/links"
	"mcdns/daemon/listener"
	"mcdns/daemon/logs"
	"mcdns/daemon/resolvconf"
)

func TestHostsFileThatCannotBeReadIsSaidOnce(t *testing.T) {
	log := &lines{}
	h := &Host{log: slog.New(log)}
	dir, none := t.TempDir(), t.TempDir()+"/hosts" // a directory is no file; none is an empty one
	for i, step := range []struct {
		path string
		said int
	}{{none, 0}, {dir, 1}, {dir, 1}, {none, 1}, {dir, 2}} {
		h.readHosts(true, step.path)
		if len(log.text) != step.said || h.known.hosts.Load() == nil {
			t.Errorf("step %d: said %q; want %d lines, and what was read before", i, log.text, step.said)
		}
	}
}

// A block list of megabytes is read when it changes, not whenever anything does.
func TestHostsFileIsNotReadForWhatHappensBesideIt(t *testing.T) {
	path := filepath.Join(t.TempDir(), "hosts")
	h := &Host{log: logs.Discard()}
	h.hostsFile.Now = func() time.Time { return time.Now().Add(time.Minute) }
	read := func(text string) *hosts.Table {
		if text != "" {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		h.readHosts(true, path)
		return h.known.hosts.Load()
	}
	first := read("192.0.2.1 a\n")
	if read("") != first {
		t.Error("the file was read anew though it is the same")
	}
	if _, known := read("192.0.2.2 bb\n").Name("bb", true, true); !known {
		t.Error("a change was missed")
	}
	h.readHosts(false, path)
	if h.known.hosts.Load() != nil || read("") == nil {
		t.Error("the setting is not obeyed")
	}
}

// TestInterfacesStandWhileTheKernelDoesNotListThem: without any the host would
// leave its group and forget where it is.
func TestInterfacesStandWhileTheKernelDoesNotListThem(t *testing.T) {
	log := &lines{}
	h := &Host{log: slog.New(log)}
	known := []links.Interface{{Index: 2, Name: "eth0"}}
	fails := func() ([]links.Interface, error) { return nil, errors.New("a test") }
	works := func() ([]links.Interface, error) { return known, nil }
	for i, step := range []struct {
		list  func() ([]links.Interface, error)
		blind bool
		said  int
	}{{works, false, 0}, {fails, true, 1}, {fails, true, 1}, {works, false, 1}, {fails, true, 2}} {
		all, blind := h.ifaces(step.list)
		h.current.all, h.current.blind = all, blind
		if len(all) != 1 || all[0].Name != "eth0" || blind != step.blind || len(log.text) != step.said {
			t.Errorf("step %d: got %v, blind %v, said %q; want eth0, %v, %d lines", i, all, blind, log.text, step.blind, step.said)
		}
	}
}

// TestSettingsStandWhileTheMachineCannotReadThem: out of descriptors for a moment,
// the host would ask 127.0.0.1, which nobody is, until something changes.
func TestSettingsStandWhileTheMachineCannotReadThem(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "mcdnsd.conf")
	if err := os.WriteFile(path, []byte("[group]\nport = 1000\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := &Host{
		log: slog.New(&lines{}), options: Options{ConfigPath: path},
		dns: listener.New(listener.Config{Log: slog.New(&lines{})}),
	}
	defer h.dns.Close()
	machine := linked("nameserver 192.168.1.1\n", "DNS=10.0.0.1\nDOMAINS=corp.example")
	said := func(v view) string { return fmt.Sprint(v.config.Port, v.conf.Servers, v.conf.Problem, v.routes) }
	good := h.read(machine)
	h.known.shown.Store(&good)
	for _, failing := range []string{resolvconf.Path, "/run/systemd/netif/links/2"} {
		once := machine
		once.ReadFile = func(path string) ([]byte, error) {
			if path == failing {
				failing = ""
				return nil, &fs.PathError{Op: "open", Path: path, Err: syscall.EMFILE}
			}
			return machine.ReadFile(path)
		}
		if v := h.read(once); said(v) != said(good) || v.unread == nil || len(v.warnings) != 1 {
			t.Errorf("got %s, %v; want %s and to be told", said(v), v.warnings, said(good))
		}
		if v := h.read(once); said(v) != said(good) || v.unread != nil || len(v.warnings) != 0 {
			t.Errorf("then got %s, %v; want %s", said(v), v.warnings, said(good))
		}
	}
	if err := errors.Join(os.Remove(path), os.Symlink("/proc/self/mem", path)); err != nil { // EIO
		t.Fatal(err)
	}
	if v := h.read(machine); said(v) != said(good) || v.unread == nil {
		t.Errorf("got %s; want %s", said(v), said(good))
	}
}

// TestKeysStandWhileTheMachineCannotReadThem: without them the host would forget
// its group. A key that was taken away is gone.
func TestKeysStandWhileTheMachineCannotReadThem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "group.key")
	if err := os.WriteFile(path, []byte("0123456789abcdefghijklmnopqrstuv"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := &Host{}
	good, _ := h.readKeys(path)
	h.known.ring.Store(good)
	if err := errors.Join(os.Remove(path), os.Symlink("/proc/self/mem", path)); err != nil { // EIO
		t.Fatal(err)
	}
	if ring, problems := h.readKeys(path); ring == nil || ring != good || len(problems) == 0 {
		t.Errorf("got %v, %v; want the keys of before, and to be told", ring, problems)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if ring, _ := h.readKeys(path); ring != nil {
		t.Error("a key that is gone is still used")
	}
}
