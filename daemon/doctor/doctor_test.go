package doctor

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mcdns/daemon/control"
	"mcdns/daemon/nsswitch"
)

// healthy is a machine on which all is well.
func healthy(t *testing.T) *Facts {
	t.Helper()
	root := t.TempDir()
	if len(root) > 60 { // a socket's path has 107 bytes
		short, err := os.MkdirTemp("/tmp", "d")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(short) })
		root = short
	}
	f := &Facts{
		Root: root, Version: "1.2.3", Now: time.Now(), Built: time.Now().Add(-time.Hour), NSSSocket: filepath.Join(root, "/run/mcdns/nss.sock"),
		Wiring: nsswitch.Wiring{Line: "hosts: files mcdns [!UNAVAIL=return] dns", Module: filepath.Join(root, "/usr/lib/libnss_mcdns.so.2")},
		Status: &control.Status{
			Version: "1.2.3", UptimeS: 600, Upstream: control.Up, Servers: []control.Server{{Addr: "192.0.2.53:53", State: control.Up}},
			Group: control.Group{State: control.WithPeers, Peers: 2, Interfaces: []string{"eth0"}, Port: 7353},
			Cache: control.Cache{Bytes: 5, Limit: 100}, Saved: control.Saved{State: control.Saving}, Namespaces: control.OwnNamespace,
			Counters: map[string]uint64{"lookups_cache": 900, "lookups_failed": 3},
		},
		Peers: &control.Peers{Peers: []control.Peer{{Addr: "10.77.0.2:7353", Version: "1.2.3", Told: 50, Contradicted: 1}, {Addr: "10.77.0.3:7353", Version: "1.2.3"}, {Addr: "10.77.0.4:7353"}}}, // the last has just come
		Free:  func(string) (uint64, bool) { return 1 << 40, true },
		Run:   func(string, ...string) (string, error) { return "active\nactive\n", nil },
	}
	for path, text := range map[string]string{
		"/etc/resolv.conf": "nameserver 192.0.2.53\n", "/usr/lib/libnss_mcdns.so.2": "", "/proc/sys/net/ipv4/neigh/default/gc_thresh3": "1024\n", "/var/lib/mcdns/identity": "",
		"/sys/class/net/eth0/mtu": "1500\n", "/proc/sys/net/ipv4/conf/all/rp_filter": "1\n", "/proc/sys/net/ipv4/conf/eth0/rp_filter": "0\n",
		"/proc/net/netstat": "TcpExt: SyncookiesSent IPReversePathFilter Other\nTcpExt: 5 0 9\nIpExt: InNoRoutes\nIpExt: 7\n", "/sys/module/apparmor/parameters/enabled": "Y\n",
	} {
		f.write(t, path, text, 0o644)
	}
	f.listen(t)
	return f
}

func (f *Facts) write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	path = f.at(path)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
}

// listen is mcdnsd's end of the module's socket.
func (f *Facts) listen(t *testing.T) net.Listener {
	t.Helper()
	path := f.NSSSocket
	os.MkdirAll(filepath.Dir(path), 0o755)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	return l
}

func TestHealthyHostGivesNoFinding(t *testing.T) {
	for _, r := range Examine(healthy(t), nil) {
		if r.State != OK || r.What == "" || r.Why != "" || r.Next != "" {
			t.Errorf("%+v", r)
		}
	}
}

// TestEachFaultIsNamedByItsCheckAlone: each is planted by itself, and named with the reason
// and the next step, and nothing else is.
func TestEachFaultIsNamedByItsCheckAlone(t *testing.T) {
	has := func(kind control.TroubleKind) func(*testing.T, *Facts) {
		return func(_ *testing.T, f *Facts) {
			f.Status.Troubles = []control.Trouble{{Kind: kind, What: "planted", Remedy: "mend it"}}
		}
	}
	of := func(change func(*control.Status)) func(*testing.T, *Facts) {
		return func(_ *testing.T, f *Facts) { change(f.Status) }
	}
	counts := func(name string, n uint64) func(*testing.T, *Facts) {
		return of(func(s *control.Status) { s.Counters[name] = n })
	}
	logs := func(line string) func(*testing.T, *Facts) {
		return func(_ *testing.T, f *Facts) {
			f.Run = func(name string, _ ...string) (string, error) {
				return map[bool]string{true: "[ 1.0] apparmor=\"DENIED\" name=\"/run/other\"\n" + line + "\n", false: "active\nactive\n"}[name == "journalctl"], nil
			}
		}
	}
	planted := map[string]bool{}
	for _, c := range []struct {
		check string
		state State
		what  string
		plant func(*testing.T, *Facts)
	}{
		{"daemon", Fail, "is not running", func(_ *testing.T, f *Facts) {
			f.Status, f.Peers, f.Silence, f.Hint = nil, nil, "mcdnsd is not running", "systemctl start mcdnsd"
		}},
		{"version", Warn, "mcdnsd is 1.2.2", func(_ *testing.T, f *Facts) {
			f.Status.Version = "1.2.2"
			for i := range f.Peers.Peers {
				f.Peers.Peers[i].Version = "1.2.2"
			}
		}},
		{"unit", Fail, "gave mcdnsd up", func(_ *testing.T, f *Facts) {
			f.Run = func(string, ...string) (string, error) { return "failed\nactive\n", nil }
		}},
		{"unit", Warn, "is disabled", func(_ *testing.T, f *Facts) {
			f.Run = func(_ string, args ...string) (string, error) {
				return map[bool]string{true: "disabled\n", false: "active\n"}[args[0] == "is-enabled"], nil
			}
		}},
		{"socket", Fail, "is not there", func(t *testing.T, f *Facts) { os.Remove(f.NSSSocket) }},
		{"socket", Fail, "has mode 0600", func(t *testing.T, f *Facts) { os.Chmod(f.NSSSocket, 0o600) }},
		{"socket", Fail, "connection refused", func(t *testing.T, f *Facts) {
			os.Remove(f.NSSSocket)
			l := f.listen(t)
			l.(*net.UnixListener).SetUnlinkOnClose(false)
			l.Close()
		}},
		{"nsswitch", Fail, "does not name mcdns", func(_ *testing.T, f *Facts) { f.Wiring.OfLine = nsswitch.FaultOf("hosts: files dns", true) }},
		{"nsswitch", Fail, "must stand before dns", func(_ *testing.T, f *Facts) { f.Wiring.OfLine = nsswitch.FaultOf("hosts: files dns mcdns", true) }},
		{"module", Fail, "not there", func(t *testing.T, f *Facts) {
			f.Wiring.OfModule = &nsswitch.Fault{What: "the module is not there", Remedy: "install it"}
		}},
		{"module-mode", Fail, "has mode 0600", func(t *testing.T, f *Facts) { os.Chmod(f.Wiring.Module, 0o600) }},
		{"nscd", Warn, "nscd caches hosts", func(t *testing.T, f *Facts) {
			f.write(t, "/run/nscd/socket", "", 0o666)
			f.write(t, "/etc/nscd.conf", "enable-cache passwd no\nenable-cache hosts yes\n", 0o644)
		}},
		{"resolv.conf", Fail, "names no server", func(t *testing.T, f *Facts) { f.write(t, "/etc/resolv.conf", "search lan\n# nameserver x\n", 0o644) }},
		{"resolv.conf", Warn, "names 4 servers", func(t *testing.T, f *Facts) {
			f.write(t, "/etc/resolv.conf", strings.Repeat("nameserver 192.0.2.1\n", 4), 0o644)
		}},
		{"resolv.conf-mode", Fail, "has mode 0600", func(t *testing.T, f *Facts) { f.write(t, "/etc/resolv.conf", "nameserver 192.0.2.1\n", 0o600) }},
		{"upstream", Fail, "no DNS server has answered for 61 s", of(func(s *control.Status) { s.Upstream, s.UpstreamS = control.Down, 61 })},
		{"upstream", Warn, "no DNS server", of(func(s *control.Status) {
			ago := 1.5
			s.Upstream, s.Servers[0].LastFailureS = control.Suspect, &ago
		})},
		{"servers", Warn, "down: 192.0.2.54:53", of(func(s *control.Status) {
			s.Servers = append(s.Servers, control.Server{Addr: "192.0.2.54:53", State: control.Down})
		})},
		{"servers", Fail, "no DNS server to ask", of(func(s *control.Status) { s.Servers = nil })},
		{"cut-off", Warn, "peers reach 192.0.2.53:53", of(func(s *control.Status) { s.Servers[0].CutOff = true })},
		{"key", Fail, "planted", has(control.KeyRefused)},
		{"key-unused", Fail, "planted", has(control.KeyUnused)},
		{"solo", Warn, "there is no key", of(func(s *control.Status) { s.Group.State = control.Solo })},
		{"isolated", Fail, "planted", has(control.LongIsolated)},
		{"firewall-out", Fail, "planted", has(control.Unsent)},
		{"firewall-tcp", Fail, "planted", has(control.TCPBlocked)},
		{"multicast", Warn, "1 of 2 peers do not hear", of(func(s *control.Status) { s.Group.Deaf = 1 })},
		{"interfaces", Fail, "no interface", of(func(s *control.Status) { s.Group.Interfaces = nil })},
		{"other-key", Warn, "another group key", counts("datagrams_foreign", 1)},
		{"other-version", Warn, "another version", counts("datagrams_version", 1)},
		{"peers-versions", Warn, "10.77.0.2:7353 (1.2.2)", func(_ *testing.T, f *Facts) { f.Peers.Peers[0].Version = "1.2.2" }},
		{"contradicted", Warn, "contradicted 10 of 50", func(_ *testing.T, f *Facts) { f.Peers.Peers[0].Contradicted = 10 }},
		{"saved", Fail, "planted", has(control.Unsaved)},
		{"saving-off", Warn, "cache.save is no", of(func(s *control.Status) { s.Saved.State = control.SavingOff })},
		{"disk-room", Warn, "3 MiB are left", func(_ *testing.T, f *Facts) { f.Free = func(string) (uint64, bool) { return 3 << 20, true } }},
		{"disk-hangs", Fail, "planted", has(control.Unread)},
		{"configuration", Warn, "conf:2: bad", of(func(s *control.Status) { s.Warnings = []string{"conf:2: bad"} })},
		{"cache-room", Warn, "the cache is full", of(func(s *control.Status) { s.Cache.Bytes = 95 })},
		{"lookups", Warn, "100 of 1000 lookups failed", counts("lookups_failed", 100)},
		{"flood", Warn, "5000 forged datagrams", counts("datagrams_flood", 5000)},
		{"untold", Warn, "7 answers", counts("answers_untold", 7)},
		{"internal", Fail, "1 internal errors", counts("internal_errors", 1)},
		{"namespaces", Warn, "all network namespaces", of(func(s *control.Status) { s.Namespaces = control.UnknownNamespaces })},
		{"neighbours", Warn, "600 peers, and room for 1024", of(func(s *control.Status) { s.Group.Peers = 600 })},
		{"clock", Warn, "the clock says 1970-01-01", func(_ *testing.T, f *Facts) { f.Now = time.Unix(0, 0) }},
		{"mtu", Fail, "eth0 has an MTU of 1200", func(t *testing.T, f *Facts) { f.write(t, "/sys/class/net/eth0/mtu", "1200\n", 0o644) }},
		{"rp-filter", Warn, "strict on eth0, and has dropped packets since the boot: 12", func(t *testing.T, f *Facts) {
			f.write(t, "/proc/net/netstat", "TcpExt: SyncookiesSent IPReversePathFilter Other\nTcpExt: 5 12 9\n", 0o644)
		}},
		{"denied", Fail, "AppArmor denies /usr/bin/evince the use of /run/mcdns/nss.sock", logs(`[ 9.1] audit: type=1400 audit(1.2:3): apparmor="DENIED" operation="connect" profile="/usr/bin/evince" name="/run/mcdns/nss.sock" pid=7 comm="evince"`)},
		{"denied", Fail, "SELinux denies named the use of nss.sock", func(t *testing.T, f *Facts) {
			f.write(t, "/sys/module/apparmor/parameters/enabled", "N\n", 0o644)
			f.write(t, "/sys/fs/selinux/enforce", "1", 0o644)
			f.write(t, "/var/log/audit/audit.log", strings.Repeat("type=LOGIN msg=audit(1.2:3): pid=1\n", maxLog/16)+`type=AVC msg=audit(1.2:3): avc:  denied  { write } for  pid=7 comm="named" name="nss.sock" scontext=a tcontext=b:mcdns_run_t`+"\n", 0o600)
		}},
	} {
		t.Run(c.check+" "+c.what, func(t *testing.T) {
			f := healthy(t)
			c.plant(t, f)
			planted[c.check] = true
			for _, r := range Examine(f, nil) {
				switch {
				case r.Check == c.check && (r.State != c.state || !strings.Contains(r.What, c.what) || r.Why == "" || r.Next == ""):
					t.Errorf("got %+v; want %s, %q, why and next", r, c.state, c.what)
				case r.Check != c.check && (r.State == Warn || r.State == Fail):
					t.Errorf("it is named too: %+v", r)
				}
			}
		})
	}
	_, names := Checks()
	for _, name := range names {
		if !planted[name] {
			t.Errorf("no fault is planted for %s", name)
		}
	}
}

// TestWhatIsNotKnownIsNotTested: of a machine that shows nothing nothing is called well.
func TestWhatIsNotKnownIsNotTested(t *testing.T) {
	f := &Facts{Root: t.TempDir(), Silence: "frozen", Hint: "restart", NSSSocket: "/nowhere/nss.sock"}
	for _, r := range Examine(f, nil) {
		if r.State == OK && r.Check != "nscd" && r.Check != "nsswitch" && r.Check != "clock" {
			t.Errorf("%+v", r)
		}
	}
}

// TestStrictFilterThatDropsNothingIsNoFault, nor a loose one that drops.
func TestStrictFilterThatDropsNothingIsNoFault(t *testing.T) {
	f := healthy(t)
	f.write(t, "/proc/sys/net/ipv4/conf/all/rp_filter", "2\n", 0o644)
	f.write(t, "/proc/net/netstat", "TcpExt: IPReversePathFilter\nTcpExt: 12\n", 0o644)
	if r := Examine(f, []string{"rp-filter"}); len(r) != 1 || r[0].State != OK {
		t.Errorf("loose: %+v", r)
	}
}

// TestServersThatNobodyAskedAreNotTested: those of a host that was just installed.
func TestServersThatNobodyAskedAreNotTested(t *testing.T) {
	f := healthy(t)
	f.Status.Upstream = control.Suspect
	if r := Examine(f, []string{"upstream"}); len(r) != 1 || r[0].State != Untested {
		t.Errorf("got %+v", r)
	}
}

// TestDenialsOfAnUnprivilegedDoctorAreNotKnown: the kernel's log is root's.
func TestDenialsOfAnUnprivilegedDoctorAreNotKnown(t *testing.T) {
	f := healthy(t)
	f.Run = func(string, ...string) (string, error) { return "", errors.New("not permitted") }
	if r := Examine(f, []string{"denied"}); len(r) != 1 || r[0].State != Untested {
		t.Errorf("got %+v", r)
	}
}

func TestManualHasEveryCheck(t *testing.T) {
	b, err := os.ReadFile("../../packaging/man/mcdns.1")
	if err != nil {
		t.Fatal(err)
	}
	numbers, names := Checks()
	for i, n := range numbers {
		if i > 0 && n <= numbers[i-1] {
			t.Errorf("%d follows %d", n, numbers[i-1])
		}
		if want := fmt.Sprintf("\n.It %d Ic %s\n", n, names[i]); !strings.Contains(string(b), want) {
			t.Errorf("check %d, %s, is not in mcdns(1)", n, names[i])
		}
	}
}
