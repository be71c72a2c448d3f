package host

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"mcdns/daemon/config"
	"mcdns/daemon/loop"
)

func TestMetricsStayOnLoopbackUnlessToldOtherwise(t *testing.T) {
	c := config.Config{Metrics: addrPorts("127.0.0.1:9753", "[::1]:9753", "192.0.2.1:9753", "0.0.0.0:9753", "[::ffff:127.0.0.1]:1")}
	if got, want := scrapes(c), addrPorts("127.0.0.1:9753", "[::1]:9753", "[::ffff:127.0.0.1]:1"); !slices.Equal(got, want) {
		t.Errorf("got %v; want %v", got, want)
	}
	c.MetricsBeyond = true
	if got := scrapes(c); !slices.Equal(got, c.Metrics) {
		t.Errorf("beyond: got %v; want %v", got, c.Metrics)
	}
}

// freeAddr is one that nobody has now, nor soon: the kernel picks ports for
// programs on 127.0.0.1.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.97.53.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func scrape(addr string) string {
	_, page := fetch(addr, "/metrics")
	return page
}

func fetch(addr, path string) (code int, page string) {
	client := http.Client{Timeout: patience, Transport: &http.Transport{DisableKeepAlives: true}}
	r, err := client.Get("http://" + addr + path)
	if err != nil {
		return 0, ""
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	return r.StatusCode, string(b)
}

// TestHealthIsAnsweredBesideTheMetrics: well in an outage too, and not while the node hangs.
func TestHealthIsAnsweredBesideTheMetrics(t *testing.T) {
	server := startDNS(t)
	addr := freeAddr(t)
	d := &instance{dir: t.TempDir()}
	d.configure(t, server, "[metrics]\nlisten = "+addr)
	d.run(t)
	control := http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			return net.Dial("unix", d.path("run/control.sock"))
		},
	}}
	says := func(when string, code int, text string) {
		t.Helper()
		for _, path := range []string{"/healthz", "/readyz"} {
			wait(t, when+path, func() bool { got, body := fetch(addr, path); return got == code && strings.Contains(body, text) })
			r, err := control.Get("http://mcdnsd" + path)
			if err != nil || r.StatusCode != code {
				t.Errorf("%s, %s by the control socket: %v, %v; want %d", when, path, r, err, code)
				continue
			}
			r.Body.Close()
		}
	}
	says("at work", 200, "ok\n")
	server.conn.Close()
	wait(t, "the server is down", func() bool {
		d.lookup(t, "www.example.")
		_, code := d.mcdns(t, "status")
		return code == 4
	})
	says("in an outage", 200, "ok\n")
	hang := make(chan bool)
	go loop.See(context.Background(), d.host.loop, func(loop.View) bool { return <-hang })
	wait(t, "the node hangs", func() bool { return d.host.isAlive(short(t)) != nil })
	says("while the node hangs", 503, "mcdnsd is frozen")
	close(hang)
	says("after it", 200, "ok\n")
}

func short(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	t.Cleanup(cancel)
	return ctx
}

// TestNotReadyBeforeWhatWasSavedIsRead, and alive.
func TestNotReadyBeforeWhatWasSavedIsRead(t *testing.T) {
	d := &instance{dir: t.TempDir()}
	d.configure(t, startDNS(t), "")
	d.build()
	if err := d.host.isReady(t.Context()); err == nil || !strings.Contains(err.Error(), "is being read") {
		t.Errorf("before it: %v", err)
	}
	d.start(t)
	if err := d.host.isReady(t.Context()); err != nil {
		t.Errorf("after it: %v", err)
	}
}

func TestMetricsFollowTheLookupsAndTheConfiguration(t *testing.T) {
	server := startDNS(t)
	d := newDaemon(t, server)
	addr := freeAddr(t)
	if got := scrape(addr); got != "" {
		t.Errorf("metrics are served unasked: %s", got)
	}
	d.configure(t, server, "[metrics]\nlisten = "+addr+" 192.0.2.1:9753")
	wait(t, "metrics are served", func() bool { return strings.Contains(scrape(addr), "mcdns_uptime_seconds") })
	wait(t, "an address beyond loopback is said", func() bool { return d.log.has("metrics.listen: not all addresses are loopback") })
	for range 3 {
		d.lookup(t, "www.example.")
	}
	d.lookup(t, "www.elsewhere.")
	page := scrape(addr)
	for _, want := range []string{
		`lookups_total{source="server",result="found"} 1`, `lookups_total{source="server",result="no_name"} 1`,
		`lookups_total{source="cache",result="found"} 2`, `upstream_state{state="up"} 1`,
		`lookup_duration_seconds_count{source="cache"} 2`, `group_state{state="solo"} 1`,
		fmt.Sprintf(`server_state{server="%v",kind="all",state="up"} 1`, server.conn.LocalAddr()),
	} {
		if !strings.Contains(page, "\nmcdns_"+want+"\n") {
			t.Errorf("%s is not in\n%s", want, page)
		}
	}
	out, code := d.mcdns(t, "stats")
	if code != 0 || !strings.Contains(out, "\nlookups_total{source=cache,result=found}=2\n") {
		t.Errorf("mcdns stats (%d):\n%s", code, out)
	}
	for _, private := range []string{"www", "elsewhere"} {
		if strings.Contains(page, private) || strings.Contains(out, private) {
			t.Errorf("%s was looked up, and the metrics say so", private)
		}
	}
	d.configure(t, server, "")
	wait(t, "metrics are served no more", func() bool { return scrape(addr) == "" })
}
