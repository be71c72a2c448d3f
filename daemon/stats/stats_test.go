package stats

import (
	"strings"
	"testing"
)

func TestStatsAreThePageWithoutItsPrefix(t *testing.T) {
	stats, err := Parse([]byte("# HELP mcdns_a b\n# TYPE mcdns_a counter\nmcdns_a 5\n" +
		"mcdns_b{x=\"1\",y=\"q\\\"\\\\\\n}, z\"} 0.25\nmcdns_c_bucket{le=\"+Inf\"} 7\n"))
	if err != nil || len(stats) != 3 {
		t.Fatalf("got %v, %v", stats, err)
	}
	if b := stats[1]; b.Labels["x"] != "1" || b.Labels["y"] != "q\"\\\n}, z" {
		t.Errorf("got labels %q", b.Labels)
	}
	var out strings.Builder
	Show(&out, stats)
	if want := "a=5\nb{x=1,y=q\"\\?}, z}=0.25\n"; out.String() != want {
		t.Errorf("got %q; want %q", out.String(), want)
	}
}

func TestWhatIsNoPageOfMetricsIsRefused(t *testing.T) {
	for _, page := range []string{
		"", "# only a comment\n", "{\"schema\":1}\n", "go_goroutines 5\n", "mcdns_\n", "mcdns_a\n", "mcdns_a x\n", "mcdns_a{\n", "mcdns_a{} 1\n",
		"mcdns_a{x} 1\n", "mcdns_a{x=1} 1\n", "mcdns_a{x=\"1} 1\n", "mcdns_a{x=\"1\"\n", "mcdns_a{x=\"1\",\n", "mcdns_a 5\n\nmcdns_b 5\n", "mcdns_a \x1b[2J\n",
	} {
		if stats, err := Parse([]byte(page)); err == nil {
			t.Errorf("%q: got %v", page, stats)
		}
	}
}
