package lab

import (
	"os"
	"testing"
	"time"
)

// forbids is why this machine allows no lab; nil where it does.
var forbids error

// Main is for TestMain: it runs the package's tests inside Enter, or, where that
// is forbidden, outside, and then tests that call Start or Need are skipped.
func Main(m *testing.M) {
	forbids = Enter()
	os.Exit(m.Run())
}

// Need skips a test on a machine that allows no lab, with the reason; where
// MCDNS_TEST_REQUIRE is set it fails instead.
func Need(t testing.TB) {
	t.Helper()
	if forbids != nil {
		Skip(t, forbids.Error())
	}
}

// Skip skips a test for a reason that lies in the machine; where
// MCDNS_TEST_REQUIRE is set it fails instead, so that nothing stays untested
// unseen.
func Skip(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv("MCDNS_TEST_REQUIRE") != "" {
		t.Fatalf("may not skip (MCDNS_TEST_REQUIRE is set): %s", reason)
	}
	t.Skip(reason)
}

// Start makes a LAN for a test and ends it with the test. Where the binaries
// that it needs are not built, the test is skipped.
func Start(t testing.TB, cfg Config) *LAN {
	t.Helper()
	Need(t)
	if cfg.fill() == nil && cfg.hasMcdns() {
		if cfg.Binaries == nil {
			cfg.Binaries = FindBinaries()
		}
		if err := cfg.Binaries.check(); err != nil {
			Skip(t, err.Error())
		}
	}
	l, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// silence is how long the module waits for a sign of life (FIRST_FRAME in
// nss/exchange.c).
const silence = 240 * time.Millisecond

// LookupsAwake looks names up where the DNS servers are dead. An mcdnsd that the
// machine gives no turn for as long as the module waits is absent to it, and the
// lookup goes on to those servers: such a one is made once more. What fails sooner,
// and what mcdnsd itself counts as failed, is lost.
func (h *Host) LookupsAwake(t testing.TB, names ...string) (all []Lookup) {
	t.Helper()
	before := h.failed(t)
	if err := h.Lookups(names, 1, func(l Lookup) { all = append(all, l) }); err != nil {
		t.Fatal(err)
	}
	for i, l := range all {
		if l.Result == "OK" || l.Took < silence || h.failed(t) != before {
			continue
		}
		t.Logf("%s did not hear mcdnsd, and asks again: %+v", h.Name, l)
		if err := h.Lookups([]string{l.Name}, 1, func(again Lookup) { all[i] = again }); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// failed is how many questions mcdnsd says it could not answer.
func (h *Host) failed(t testing.TB) uint64 {
	t.Helper()
	s, err := h.Status()
	if err != nil {
		t.Fatal(err)
	}
	return s.Counters["lookups_failed"]
}
