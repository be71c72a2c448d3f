package metrics

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"mcdns/daemon/control"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// value is that of one sample of a page, "" if the page lacks it.
func value(page []byte, sample string) string {
	for line := range strings.Lines(string(page)) {
		if v, is := strings.CutPrefix(line, "mcdns_"+sample+" "); is {
			return strings.TrimSuffix(v, "\n")
		}
	}
	return ""
}

func check(t *testing.T, page []byte, want map[string]string) {
	t.Helper()
	for sample, v := range want {
		if got := value(page, sample); got != v {
			t.Errorf("%s: got %q; want %q", sample, got, v)
		}
	}
}

func TestLookupsAreCountedBySourceAndResult(t *testing.T) {
	var c Counts
	answer := func(k dns.Kind) *dns.Answer { return &dns.Answer{Kind: k} }
	for _, r := range []node.Result{
		{}, {}, {Answer: answer(dns.Positive), Source: node.FromCache}, {Answer: answer(dns.NXDomain), Source: node.FromServer},
		{Answer: answer(dns.NoData), Source: node.FromPeer}, {Answer: answer(dns.Positive), Source: node.FromPeer, Stale: true},
		{Answer: answer(dns.Positive), Source: node.FromCache, Stale: true}, {Answer: answer(dns.Positive), Source: node.FromHere},
	} {
		c.Lookups.Note(r, 200*time.Millisecond)
	}
	page := c.Page(&control.Status{})
	check(t, page, map[string]string{
		`lookups_total{source="none",result="failed"}`: "2", `lookups_total{source="cache",result="found"}`: "1",
		`lookups_total{source="server",result="no_name"}`: "1", `lookups_total{source="peer",result="no_record"}`: "1",
		`lookups_total{source="stale",result="found"}`: "2", `lookups_total{source="here",result="found"}`: "1",
		`lookups_total{source="cache",result="failed"}`: "", `lookups_total{source="none",result="found"}`: "",
		`lookup_duration_seconds_count{source="stale"}`: "2", `lookup_duration_seconds_sum{source="stale"}`: "0.4",
	})
	if n := strings.Count(string(page), "\nmcdns_lookups_total{"); n != 16 {
		t.Errorf("%d series of lookups; want 16", n)
	}
}

func TestBucketsHoldAllThatTookNoLonger(t *testing.T) {
	var c Counts
	for _, d := range []time.Duration{-1, 0, time.Millisecond, time.Millisecond + 1, 3 * time.Second, time.Hour} {
		c.Upstream.Note(0, d)
	}
	c.Upstream.Note(node.Refused, 0)
	c.Upstream.Note(node.Silent, time.Hour)
	check(t, c.Page(&control.Status{}), map[string]string{
		`upstream_duration_seconds_bucket{le="0.0001"}`: "3", `upstream_duration_seconds_bucket{le="0.001"}`: "4",
		`upstream_duration_seconds_bucket{le="0.005"}`: "5", `upstream_duration_seconds_bucket{le="3"}`: "6",
		`upstream_duration_seconds_bucket{le="10"}`: "6", `upstream_duration_seconds_bucket{le="+Inf"}`: "7",
		`upstream_duration_seconds_count`: "7", `upstream_queries_total{result="answered"}`: "6",
		`upstream_queries_total{result="refused"}`: "1", `upstream_queries_total{result="silent"}`: "1",
	})
}

func TestDatagramsAreCountedByDirectionTransportAndType(t *testing.T) {
	var c Counts
	// The manual names the labels.
	labels := []string{"hello", "prove", "proof", "announce", "query", "answer", "ask", "bye"}
	for i, b := range []wire.Body{
		&wire.Hello{}, &wire.Prove{}, &wire.Proof{}, &wire.Announce{}, &wire.Query{}, &wire.Answer{}, &wire.Ask{}, &wire.Bye{},
	} {
		for range i + 1 {
			c.Datagrams.Sent(b, true, 100)
			c.Datagrams.Received(b, false, 10)
		}
	}
	page := c.Page(&control.Status{})
	if len(labels) != int(wire.Kinds)-1 {
		t.Errorf("%d labels for %d kinds of messages", len(labels), wire.Kinds-1)
	}
	for i, kind := range labels {
		check(t, page, map[string]string{
			fmt.Sprintf(`peer_packets_total{direction="sent",transport="multicast",type=%q}`, kind):   fmt.Sprint(i + 1),
			fmt.Sprintf(`peer_bytes_total{direction="sent",transport="multicast",type=%q}`, kind):     fmt.Sprint(100 * (i + 1)),
			fmt.Sprintf(`peer_bytes_total{direction="received",transport="unicast",type=%q}`, kind):   fmt.Sprint(10 * (i + 1)),
			fmt.Sprintf(`peer_packets_total{direction="sent",transport="unicast",type=%q}`, kind):     "0",
			fmt.Sprintf(`peer_bytes_total{direction="received",transport="multicast",type=%q}`, kind): "0",
		})
	}
}

func TestEachStateIsOneSeries(t *testing.T) {
	s := &control.Status{Upstream: "suspect", Group: control.Group{State: control.WithPeers, Peers: 3, Proven: 2, Deaf: 1}, Servers: []control.Server{
		{Addr: "192.0.2.53:53", State: "up"},
		{Addr: "192.0.2.54:53", State: "suspect", CutOff: true},
		{Addr: "192.0.2.54:53", State: "up", Domain: "corp.example."},
		{Addr: "192.0.2.54:53", State: "down", Domain: "lab.example."},
		{Addr: "192.0.2.54:53", State: "suspect", Domain: "test.example."},
		{Addr: "[fe80::1%\"\xff]:53", State: "up", Fallback: true},
	}}
	page := new(Counts).Page(s)
	check(t, page, map[string]string{
		`upstream_state{state="up"}`: "0", `upstream_state{state="suspect"}`: "1", `upstream_state{state="down"}`: "0",
		`server_state{server="192.0.2.53:53",kind="all",state="up"}`:           "1",
		`server_cut_off{server="192.0.2.54:53",kind="all"}`:                    "1",
		`server_state{server="192.0.2.54:53",kind="domain",state="up"}`:        "0",
		`server_state{server="192.0.2.54:53",kind="domain",state="down"}`:      "1", // the worst of them
		`server_state{server="[fe80::1%\"?]:53",kind="fallback",state="up"}`:   "1",
		`server_state{server="[fe80::1%\"?]:53",kind="fallback",state="down"}`: "0",
		`group_state{state="peers"}`:                                           "1", `group_state{state="isolated"}`: "0",
		`peers{state="proven"}`: "3", `peers_deaf`: "1",
	})
	seen := map[string]bool{}
	for line := range strings.Lines(string(page)) {
		series, _, _ := strings.Cut(line, "} ")
		if seen[series] && !strings.HasPrefix(line, "#") {
			t.Errorf("twice: %s", series)
		}
		seen[series] = true
	}
	for _, private := range []string{"corp", "example"} {
		if strings.Contains(string(page), private) {
			t.Errorf("a name is in the metrics: %s", private)
		}
	}
	for _, state := range groupStates[1:] {
		check(t, new(Counts).Page(&control.Status{Group: control.Group{State: state}}), map[string]string{
			`group_state{state="` + string(state) + `"}`: "1", `group_state{state="peers"}`: "0",
		})
	}
}

// What a lookup came to is counted here, with more of it; queries and replies are
// among the datagrams.
var otherwise = []node.Counter{
	node.LookupCache, node.LookupPeer, node.LookupServer, node.LookupStale, node.LookupFailed, node.LookupHere,
	node.QueriesSent, node.AnswersSent,
}

func TestNoCounterOfTheNodeIsLeftOut(t *testing.T) {
	s, known := &control.Status{Counters: map[string]uint64{}}, 0
	for c := node.Counter(0); c.String() != "unknown"; c++ {
		s.Counters[c.String()] = 1000 + uint64(c)
		known++
	}
	page := string(new(Counts).Page(s))
	for c := range node.Counter(known) {
		is := strings.Contains(page, fmt.Sprintf(" %d\n", 1000+uint64(c)))
		if is == slices.Contains(otherwise, c) {
			t.Errorf("%v is on the page: %v", c, is)
		}
	}
}

func TestEndpointFollowsTheConfiguration(t *testing.T) {
	source := Source(func(context.Context) ([]byte, error) { return []byte("mcdns_x 1\n"), nil })
	e := NewEndpoint(source, Health{}, slog.New(slog.DiscardHandler), nil)
	defer e.Close()
	loopback := netip.MustParseAddrPort("127.0.0.1:0")
	if err := e.Set([]netip.AddrPort{loopback}); err != nil {
		t.Fatal(err)
	}
	addr := e.Addrs()[0].String()
	get := func(path string) (int, string, string) {
		client := http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
		r, err := client.Get("http://" + addr + path)
		if err != nil {
			return 0, "", ""
		}
		defer r.Body.Close()
		b, _ := io.ReadAll(r.Body)
		return r.StatusCode, string(b), r.Header.Get("Content-Type")
	}
	if code, body, kind := get("/metrics"); code != 200 || body != "mcdns_x 1\n" || kind != ContentType {
		t.Errorf("got %d %q as %s", code, body, kind)
	}
	if code, _, _ := get("/status"); code != 404 {
		t.Errorf("/status: got %d; want 404: it is for the control socket", code)
	}
	taken := netip.MustParseAddrPort(addr)
	if err := NewEndpoint(source, Health{}, slog.New(slog.DiscardHandler), nil).Set([]netip.AddrPort{taken}); err == nil {
		t.Error("an address that is taken was opened")
	}
	if err := e.Set(nil); err != nil || len(e.Addrs()) != 0 {
		t.Errorf("got %v, %v", e.Addrs(), err)
	}
	if code, _, _ := get("/metrics"); code != 0 {
		t.Errorf("got %d from an address that is closed", code)
	}
}
