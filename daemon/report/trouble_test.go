package report

import (
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"mcdns/daemon/config"
	"mcdns/daemon/control"
	"mcdns/daemon/logs"
	"mcdns/daemon/nsswitch"
)

// calm is a reporter of a machine on which all is well.
func calm() *Reporter {
	return New(Config{
		Group:  Group{Refused: func() bool { return false }, Blocked: func(int) netip.Addr { return netip.Addr{} }},
		Wiring: func(bool) nsswitch.Wiring { return nsswitch.Wiring{} }, Log: logs.Discard(),
	})
}

// TestEachTroubleIsNamedWithItsRemedy, and none on a host that is well.
func TestEachTroubleIsNamedWithItsRemedy(t *testing.T) {
	key := filepath.Join(t.TempDir(), "group.key")
	if err := os.WriteFile(key, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	well := control.Status{
		Group: control.Group{State: control.WithPeers, Peers: 4, Port: 7353, KeyFile: key, KeyIDs: []string{"7f3a0011"}},
		Saved: control.Saved{State: control.Saving},
	}
	for name, c := range map[string]struct {
		plant        func(*Reporter, *control.Status)
		kind         control.TroubleKind
		what, remedy string
	}{
		"well": {func(*Reporter, *control.Status) {}, "", "", ""},
		"a foreign key on the link": {func(_ *Reporter, s *control.Status) {
			s.Counters = map[string]uint64{"datagrams_foreign": 99, "datagrams_version": 99, "datagrams_forged": 99}
		}, "", "", ""},
		"key refused": {func(_ *Reporter, s *control.Status) {
			s.Group.State, s.Group.Problem = control.Solo, "group.key: others can read it"
		}, control.KeyRefused, "others can read it", "KEYS"},
		"solo, with a key": {func(_ *Reporter, s *control.Status) { s.Group.State = control.Solo }, control.KeyUnused, key, "reload"},
		"solo, without": {func(_ *Reporter, s *control.Status) {
			s.Group.State, s.Group.KeyFile = control.Solo, key+"x"
		}, "", "", ""},
		"just isolated": {func(_ *Reporter, s *control.Status) { s.Group.State, s.Group.StateS = control.Isolated, 59 }, "", "", ""},
		"isolated": {func(_ *Reporter, s *control.Status) {
			s.Group.State, s.Group.StateS = control.Isolated, 125
		}, control.LongIsolated, "for 2 min", "let UDP and TCP port 7353 pass in and out: mcdnsd(8), FIREWALL; all hosts need the key 7f3a0011"},
		"nothing leaves": {func(r *Reporter, _ *control.Status) {
			r.config.Group.Refused = func() bool { return true }
		}, control.Unsent, "lets nothing out to the group (UDP port 7353)", "FIREWALL"},
		"no stream": {func(r *Reporter, _ *control.Status) {
			r.config.Group.Blocked = func(int) netip.Addr { return netip.MustParseAddr("10.77.0.12") }
		}, control.TCPBlocked, "TCP port 7353 does not get through (tried 10.77.0.12 last)", "on both hosts"},
		"no stream, and nobody is left": {func(r *Reporter, s *control.Status) {
			s.Group.State = control.Isolated
			r.config.Group.Blocked = func(int) netip.Addr { return netip.MustParseAddr("10.77.0.12") }
		}, "", "", ""},
		"nothing saved": {func(_ *Reporter, s *control.Status) {
			s.Saved = control.Saved{State: control.Failing, Problem: "no space left on device"}
		}, control.Unsaved, "no space left on device", "cache.save"},
		"saving is off": {func(_ *Reporter, s *control.Status) { s.Saved.State = control.SavingOff }, "", "", ""},
		"hosts line lost": {func(r *Reporter, _ *control.Status) {
			r.config.Wiring = func(bool) nsswitch.Wiring {
				return nsswitch.Wiring{OfLine: nsswitch.FaultOf("hosts: files dns", true)}
			}
		}, control.Unwired, "does not name mcdns", "mcdns nss enable"},
	} {
		t.Run(name, func(t *testing.T) {
			r, s := calm(), well
			c.plant(r, &s)
			got := r.troubles(&s, r.readDisk(Seen{Group: config.Group{KeyFile: s.Group.KeyFile}}))
			if c.kind == "" && len(got) == 0 {
				return
			}
			if len(got) != 1 || got[0].Kind != c.kind || !strings.Contains(got[0].What, c.what) || !strings.Contains(got[0].Remedy, c.remedy) {
				t.Errorf("got %+v; want %s, %q, %q alone", got, c.kind, c.what, c.remedy)
			}
			if c.kind != "" && !slices.Contains(control.TroubleKinds, c.kind) {
				t.Error("metrics do not know it")
			}
		})
	}
}

// TestTroubleIsLoggedOnceAndSoIsItsEnd, and one that passes at once is not.
func TestTroubleIsLoggedOnceAndSoIsItsEnd(t *testing.T) {
	var log strings.Builder
	r := calm()
	r.config.Log = slog.New(slog.NewTextHandler(&log, nil))
	begin := time.Now()
	isolated := []control.Trouble{{Kind: control.LongIsolated, What: "nobody for 1 minutes", Remedy: "let 7353 pass"}}
	later := []control.Trouble{{Kind: control.LongIsolated, What: "nobody for 2 minutes", Remedy: "let 7353 pass"}}
	unsaved := []control.Trouble{{Kind: control.Unsaved, What: "disk full"}}
	for _, c := range []struct {
		at   time.Duration
		is   []control.Trouble
		want int // lines
	}{
		{0, isolated, 0}, {5 * time.Second, nil, 0}, {10 * time.Second, isolated, 0}, {39 * time.Second, isolated, 0},
		{40 * time.Second, later, 1}, {45 * time.Second, later, 1}, {50 * time.Second, nil, 2}, {55 * time.Second, nil, 2},
		{time.Minute, unsaved, 2}, {2 * time.Minute, unsaved, 2}, {3 * time.Minute, nil, 2},
	} {
		if r.say(c.is, begin.Add(c.at)); strings.Count(log.String(), "\n") != c.want {
			t.Fatalf("after %v: want %d lines of\n%s", c.at, c.want, log.String())
		}
	}
	if text := log.String(); !strings.Contains(text, `hint="let 7353 pass"`) || !strings.Contains(text, "over: nobody") {
		t.Errorf("the log: %s", text)
	}
}

// TestDiskThatHangsFreezesNoReport: check said that mcdnsd is frozen. What was read
// before stands, with its age, and the disk is named.
func TestDiskThatHangsFreezesNoReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, hang := calm(), make(chan struct{})
		var hangs atomic.Bool // a read that hung looks at it when it is over
		r.config.Wiring = func(bool) nsswitch.Wiring {
			if hangs.Load() {
				<-hang
			}
			return nsswitch.Wiring{Line: "hosts: files mcdns"}
		}
		s := control.Status{Group: control.Group{State: control.WithPeers, Peers: 1}, Saved: control.Saved{State: control.Saving}}
		if d := r.readDisk(Seen{}); d.ageS == nil || *d.ageS != 0 || len(r.troubles(&s, d)) != 0 {
			t.Errorf("a disk that is well: %+v", d)
		}
		hangs.Store(true)
		for range 3 {
			begin := time.Now()
			d := r.readDisk(Seen{})
			if took := time.Since(begin); took > readWithin || d.wiring.Line != "hosts: files mcdns" || d.ageS == nil {
				t.Errorf("after %v: %+v", took, d)
			}
			time.Sleep(10 * time.Second)
		}
		got := r.troubles(&s, r.readDisk(Seen{}))
		if len(got) != 1 || got[0].Kind != control.Unread || !strings.Contains(got[0].What, "have not been read for 30 s: the disk hangs") || got[0].Remedy == "" {
			t.Errorf("got %+v", got)
		}
		hangs.Store(false)
		close(hang)
		synctest.Wait()
		if got := r.troubles(&s, r.readDisk(Seen{})); len(got) != 0 {
			t.Errorf("when it is back: %+v", got)
		}
	})
}

func TestDiskThatHungFromTheStartIsNamed(t *testing.T) {
	if (&onDisk{}).unread(unreadAfter-1) != nil || (&onDisk{}).unread(unreadAfter) == nil {
		t.Error("want it named after a while")
	}
}
