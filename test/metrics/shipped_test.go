package metrics

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mcdns/daemon/control"
	"mcdns/daemon/metrics"
	"mcdns/test/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

// page is one that has every series.
func page() string {
	return string(new(metrics.Counts).Page(&control.Status{
		Version: "1.2.3", Upstream: "up", Group: control.Group{State: "solo"},
		Servers: []control.Server{
			{Addr: "192.0.2.53:53", State: "up"}, {Addr: "[fe80::1%eth0]:53", State: "down", Fallback: true},
			{Addr: "192.0.2.55:53", State: "suspect", Domain: "corp.example."},
		},
	}))
}

// promtool runs Prometheus' own tool, in Debian's package prometheus.
func promtool(t *testing.T, stdin string, args ...string) {
	t.Helper()
	path, err := exec.LookPath("promtool")
	if err != nil {
		lab.Skip(t, "promtool is missing: apt-get install prometheus")
	}
	cmd := exec.Command(path, args...)
	cmd.Stdin = strings.NewReader(stdin)
	if out, err := cmd.CombinedOutput(); err != nil || strings.Contains(string(out), "FAILED") {
		t.Errorf("promtool %v: %v\n%s", args, err, out)
	}
}

func shipped(name string) string { return filepath.Join(lab.Top(), "packaging", name) }

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// dashboardExpressions are all that the dashboard asks for, with Grafana's variables
// filled in.
func dashboardExpressions(t *testing.T) (exprs []string) {
	t.Helper()
	var d struct {
		Title  string
		Panels []struct {
			ID          int
			Title, Type string
			Targets     []struct{ Expr string }
			GridPos     struct{ X, Y, W, H int }
		}
	}
	if err := json.Unmarshal([]byte(read(t, shipped("grafana/mcdns.json"))), &d); err != nil {
		t.Fatal(err)
	}
	ids := map[int]bool{}
	for _, p := range d.Panels {
		if ids[p.ID] || p.GridPos.X+p.GridPos.W > 24 || (p.Type == "row") != (len(p.Targets) == 0) {
			t.Errorf("panel %d, %q: its id, place or targets are wrong", p.ID, p.Title)
		}
		ids[p.ID] = true
		for _, target := range p.Targets {
			exprs = append(exprs, strings.NewReplacer("$instance", ".*", "$__rate_interval", "5m").Replace(target.Expr))
		}
	}
	if d.Title == "" || len(exprs) < 10 {
		t.Fatalf("%q has %d expressions", d.Title, len(exprs))
	}
	return exprs
}

func TestPrometheusReadsThePage(t *testing.T) { promtool(t, page(), "check", "metrics") }

var (
	typed    = regexp.MustCompile(`(?m)^# TYPE (mcdns_\w+) (\w+)$`)
	selector = regexp.MustCompile(`(mcdns_[a-z_]+)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`(\w+)(=~|!=|=)"([^"]*)"`)
)

// lacks says what of an expression the page does not have.
func lacks(page, expr string) (all []string) {
	known := map[string]bool{}
	for _, m := range typed.FindAllStringSubmatch(page, -1) {
		known[m[1]] = m[2] != "histogram"
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			known[m[1]+suffix] = m[2] == "histogram"
		}
	}
	for _, m := range selector.FindAllStringSubmatch(expr, -1) {
		if !known[m[1]] {
			all = append(all, m[1])
		}
		for _, l := range matcher.FindAllStringSubmatch(m[2], -1) {
			if l[1] == "instance" || l[1] == "job" || l[1] == "server" {
				continue // the site's own
			}
			for _, value := range strings.Split(l[3], "|") {
				is := regexp.MustCompile(`(?m)^` + m[1] + `\{[^}]*\b` + l[1] + `="` + value + `"`)
				if !is.MatchString(page) {
					all = append(all, fmt.Sprintf("%s{%s=%q}", m[1], l[1], value))
				}
			}
		}
	}
	return all
}

func TestRulesAndDashboardNameMetricsThatExist(t *testing.T) {
	exprs := append(dashboardExpressions(t), read(t, shipped("prometheus/mcdns.rules.yml")), read(t, shipped("grafana/mcdns.json")))
	page := page()
	for _, expr := range exprs {
		// In JSON quotes are escaped; a uid is no metric.
		for _, missing := range lacks(page, strings.ReplaceAll(expr, `\"`, `"`)) {
			t.Errorf("there is no %s", missing)
		}
	}
	if got := lacks(page, `rate(mcdns_frobs_total[5m]) + mcdns_peers{state="lost"} + mcdns_lookup_duration_seconds`); len(got) != 3 {
		t.Errorf("this test finds %q alone", got)
	}
}

func TestEveryExpressionOfTheDashboardIsPromQL(t *testing.T) {
	var rules strings.Builder
	rules.WriteString("groups:\n- name: dashboard\n  rules:\n")
	for i, expr := range dashboardExpressions(t) {
		fmt.Fprintf(&rules, "  - record: panel:%d\n    expr: %q\n", i, expr)
	}
	path := filepath.Join(t.TempDir(), "dashboard.yml")
	if err := os.WriteFile(path, []byte(rules.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	promtool(t, "", "check", "rules", path)
}

var alert = regexp.MustCompile(`(?m)^ +- alert: (\w+)$`)

func TestRulesRaiseTheAlarmsTheyPromise(t *testing.T) {
	scenario := read(t, "testdata/alerts.yml")
	var alerts []string
	for _, m := range alert.FindAllStringSubmatch(read(t, shipped("prometheus/mcdns.rules.yml")), -1) {
		alerts = append(alerts, m[1])
		if !strings.Contains(scenario, `alertname="`+m[1]+`"`) {
			t.Errorf("no scenario raises %s", m[1])
		}
	}
	if slices.Sort(alerts); len(alerts) == 0 || len(slices.Compact(alerts)) != len(alerts) {
		t.Errorf("alerts are none or named twice: %q", alerts)
	}
	for _, missing := range lacks(page(), strings.ReplaceAll(scenario, "'", "")) {
		t.Errorf("a scenario has %s, which there is not", missing)
	}
	promtool(t, "", "check", "rules", shipped("prometheus/mcdns.rules.yml"))
	promtool(t, "", "test", "rules", "testdata/alerts.yml")
}

func TestOutageIsAnAlarmWithinAMinuteAndItsEndToo(t *testing.T) {
	promtool(t, "", "test", "rules", "testdata/minute.yml")
}

// outsiders are the counters of what comes before the key is asked, or is heard
// again: whoever can send to the link raises them.
var outsiders = regexp.MustCompile(`mcdns_peer_(?:rejected|packets|bytes)_total`)

// never is an alert's condition that something is not counted at all: an outsider
// can hide it, and cannot raise it.
var never = regexp.MustCompile(`\(rate\([^()]*\)\) == 0`)

// parted is a rules file's alerts, each from its name to the next one's.
func parted(rules string) []string { return strings.Split(rules, "- alert: ")[1:] }

func TestNoAlertCountsWhatAnOutsiderCanRaise(t *testing.T) {
	files, err := filepath.Glob(shipped("prometheus/*.yml"))
	if err != nil {
		t.Fatal(err)
	}
	alerts := 0
	for _, file := range files {
		for _, rule := range parted(read(t, file)) {
			alerts++
			name, _, _ := strings.Cut(rule, "\n")
			if got := outsiders.FindString(never.ReplaceAllString(rule, "")); got != "" {
				t.Errorf("%s fires on %s, which anybody on the link can raise", name, got)
			}
		}
	}
	if alerts == 0 {
		t.Error("there are no alerts")
	}
	for name := range strings.FieldsSeq("mcdns_peer_rejected_total mcdns_peer_packets_total mcdns_peer_bytes_total") {
		if len(lacks(page(), name)) != 0 {
			t.Errorf("there is no %s", name)
		}
	}
}

func TestScrapeExampleIsRead(t *testing.T) {
	text := strings.ReplaceAll(read(t, shipped("prometheus/scrape.yml")), "/usr/share/mcdns", shipped(""))
	path := filepath.Join(t.TempDir(), "prometheus.yml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	promtool(t, "", "check", "config", path)
}
