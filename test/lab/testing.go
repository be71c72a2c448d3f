package lab

import (
	"os"
	"testing"
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
