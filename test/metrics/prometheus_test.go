package metrics

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mcdns/test/lab"
)

// watcher is a real Prometheus on a host, with the shipped rules.
type watcher struct {
	*lab.Host
	t *testing.T
}

// startPrometheus scrapes mcdnsd of the host it runs on, as scrape.yml says, but for the
// address; the shipped 15 s are every.
func startPrometheus(t *testing.T, h *lab.Host, every string) *watcher {
	t.Helper()
	path, err := exec.LookPath("prometheus")
	if err != nil {
		lab.Skip(t, "prometheus is missing: apt-get install prometheus")
	}
	dir := t.TempDir()
	for to, from := range map[string]string{"rules.yml": "prometheus/mcdns.rules.yml", "prometheus.yml": "prometheus/scrape.yml"} {
		text := strings.NewReplacer("15s", every, "/usr/share/mcdns/prometheus/mcdns.rules.yml", filepath.Join(dir, "rules.yml"),
			"192.0.2.7:9753", "127.0.0.1:9753").Replace(read(t, shipped(from)))
		if err := os.WriteFile(filepath.Join(dir, to), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	conf := h.Path("/etc/mcdns/mcdnsd.conf")
	before, _ := os.ReadFile(conf)
	if err := h.Configure(string(before) + "\n[metrics]\nlisten = 127.0.0.1:9753\n"); err != nil {
		t.Fatal(err)
	}
	cmd := h.Command(path, "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address=127.0.0.1:9090")
	var log strings.Builder
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	w := &watcher{h, t}
	wait(t, "prometheus scrapes mcdnsd", func() bool { return strings.Contains(w.ask(`up{job="mcdns"} == 1`), "=> 1") })
	return w
}

func (w *watcher) ask(query string) string {
	out, _ := w.Command("promtool", "query", "instant", "http://127.0.0.1:9090", query).CombinedOutput()
	return string(out)
}

// firing are the alerts that fire now, but for those of a lab that is no real machine.
func (w *watcher) firing() string {
	return strings.TrimSpace(w.ask(`ALERTS{alertstate="firing", alertname!="McdnsNSSLost"}`))
}

// TestRealPrometheusHasTheAlarmWithinAMinute, and its end, and none in a restart. Scrapes and
// rules are 15 times as fast as shipped, with MCDNS_TEST_PROMETHEUS=full as shipped.
func TestRealPrometheusHasTheAlarmWithinAMinute(t *testing.T) {
	every, most := "1s", 20*time.Second // detection takes what it takes
	if os.Getenv("MCDNS_TEST_PROMETHEUS") == "full" {
		every, most = "15s", time.Minute
	}
	zone := lab.NewZone(time.Second)
	zone.Name("www.example", "192.0.2.80")
	l := lab.Start(t, lab.Config{Hosts: 2, Zone: zone, Program: lab.BuiltIn})
	if err := l.WaitPeers(); err != nil {
		t.Fatal(err)
	}
	w := startPrometheus(t, l.Hosts[0], every)
	within := func(what string, is func() bool) {
		t.Helper()
		begun := time.Now()
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		for ; !is(); <-tick.C {
			w.Query("www.example") // programs go on looking names up
			if time.Since(begun) > most {
				t.Fatalf("%s: not within %v: %s", what, most, w.ask("ALERTS"))
			}
		}
		t.Logf("%s after %v", what, time.Since(begun).Round(time.Second/10))
	}
	if got := w.firing(); got != "" {
		t.Errorf("before the outage: %s", got)
	}
	if err := l.Server.PowerOff(); err != nil {
		t.Fatal(err)
	}
	within("the alarm", func() bool { return strings.Contains(w.firing(), `alertname="McdnsUpstreamDown"`) })
	if err := l.Server.On(); err != nil {
		t.Fatal(err)
	}
	within("its end", func() bool { return w.firing() == "" })
	if err := w.Mcdnsd.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := w.Mcdnsd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 3 { // scrapes, or more
		wait(t, "another scrape after the restart", scraped(w))
	}
	if got := w.firing(); got != "" {
		t.Errorf("after a restart: %s", got)
	}
}

// scraped waits for one more scrape.
func scraped(w *watcher) func() bool {
	count := func() string { return w.ask(`timestamp(mcdns_uptime_seconds)`) }
	before := count()
	return func() bool { return count() != before }
}
