package metrics

import (
	"fmt"
	"maps"
	"strconv"
	"strings"
	"testing"
	"time"

	"mcdns/daemon/control"
	"mcdns/test/lab"
)

// patience is far longer than anything here takes on a loaded machine.
const patience = 30 * time.Second

func wait(t *testing.T, what string, is func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for limit := time.Now().Add(patience); !is(); <-tick.C {
		if time.Now().After(limit) {
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}

// watched is a host whose counters are watched: none may fall.
type watched struct {
	*lab.Host
	t    *testing.T
	last map[string]float64
}

// look returns what `mcdns stats --prometheus` says.
func (w *watched) look() map[string]float64 {
	w.t.Helper()
	out, err := w.Command(lab.FindBinaries().Mcdns, "stats", "--prometheus").Output()
	if err != nil {
		w.t.Fatalf("%s: mcdns stats: %v", w.Name, err)
	}
	now := map[string]float64{}
	for line := range strings.Lines(string(out)) {
		at := strings.LastIndexByte(line, ' ')
		v, err := strconv.ParseFloat(strings.TrimSpace(line[at:]), 64)
		if strings.HasPrefix(line, "#") {
			continue
		}
		if err != nil {
			w.t.Fatalf("%s: %q: %v", w.Name, line, err)
		}
		now[line[:at]] = v
	}
	for name, before := range w.last {
		family, _, _ := strings.Cut(name, "{")
		for _, suffix := range []string{"_total", "_sum", "_count", "_bucket"} {
			if strings.HasSuffix(family, suffix) && now[name] < before {
				w.t.Errorf("%s: %s fell from %v to %v", w.Name, name, before, now[name])
			}
		}
	}
	w.last = maps.Clone(now)
	return now
}

// until waits for metrics to be at least so much.
func (w *watched) until(what string, least map[string]float64) {
	w.t.Helper()
	wait(w.t, w.Name+": "+what, func() bool {
		now := w.look()
		for name, v := range least {
			if now["mcdns_"+name] < v {
				return false
			}
		}
		return true
	})
}

func (w *watched) query(name string, want control.Outcome) {
	w.t.Helper()
	a, err := w.Query(name)
	if err != nil || a.Status != want {
		w.t.Fatalf("%s: %s: got %q, %v; want %q", w.Name, name, a.Status, err, want)
	}
}

func TestMetricsFollowALANThroughAnOutage(t *testing.T) {
	zone := lab.NewZone(time.Second)
	zone.Name("www.example", "192.0.2.80")
	l := lab.Start(t, lab.Config{Hosts: 3, Zone: zone, Program: lab.BuiltIn})
	if err := l.WaitPeers(); err != nil {
		t.Fatal(err)
	}
	one, two := &watched{Host: l.Hosts[0], t: t}, &watched{Host: l.Hosts[1], t: t}
	server := fmt.Sprintf(`server_state{server="%v:53",kind="all",state=`, l.Server.Host.Addr)
	one.query("www.example", "found")
	up := map[string]float64{
		`upstream_state{state="up"}`: 1, `group_state{state="peers"}`: 1, `peers{state="proven"}`: 2,
	}
	one.until("normal times", up)
	one.until("the server is asked, the group told", map[string]float64{
		server + `"up"}`: 1, `lookups_total{source="server",result="found"}`: 1, `lookup_duration_seconds_count{source="server"}`: 1,
		`upstream_queries_total{result="answered"}`: 1, `upstream_duration_seconds_bucket{le="+Inf"}`: 1,
		`answers_announced_total`: 1, `peer_packets_total{direction="sent",transport="multicast",type="announce"}`: 1,
		`peer_bytes_total{direction="received",transport="multicast",type="hello"}`: 1,
		`cpu_seconds_total`: 0.000001, `resident_memory_bytes`: 1 << 20,
	})
	two.until("another host has heard it", map[string]float64{
		`answers_taken_total`: 1, `peer_packets_total{direction="received",transport="multicast",type="announce"}`: 1,
	})

	if err := l.Server.PowerOff(); err != nil {
		t.Fatal(err)
	}
	two.until("TTLs are over", map[string]float64{`cache_entries{state="stale"}`: 1})
	two.query("www.example", "found")
	two.query("unknown.example", "no answer")
	down := map[string]float64{
		`upstream_state{state="down"}`: 1, server + `"down"}`: 1,
		`lookups_total{source="stale",result="found"}`: 1, `lookups_total{source="none",result="failed"}`: 1,
		`peer_packets_total{direction="sent",transport="multicast",type="query"}`: 1, `peers{state="proven"}`: 2,
	}
	two.until("the outage", down)
	if now := two.look(); now[`mcdns_upstream_state{state="up"}`] != 0 {
		t.Errorf("in the outage: %v", now)
	}
	wait(t, two.Name+": what was asked had no reply", func() bool { // seconds later, as each question has its patience
		now := two.look()
		return now[`mcdns_upstream_queries_total{result="silent"}`]+now[`mcdns_upstream_queries_total{result="unreachable"}`] > 0
	})

	if err := l.Server.On(); err != nil {
		t.Fatal(err)
	}
	two.until("the outage is over", up)
}
