package main

import (
	"os"
	"strings"
	"testing"
)

func TestManualAndUsageHaveEveryOption(t *testing.T) {
	page, err := os.ReadFile("../../../packaging/man/mcdnsd.8")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"config", "run", "version"} {
		if !strings.Contains(string(page), "\n.It Fl -"+name) || !strings.Contains(usage, "--"+name) {
			t.Errorf("--%s is not in mcdnsd(8) and mcdnsd --help", name)
		}
	}
}

func TestWhatIsNoOptionStartsNothing(t *testing.T) {
	for _, c := range []struct {
		args      string
		code      int
		out, errs string
	}{
		{"", -1, "", ""},
		{"--config c --run r", -1, "", ""},
		{"-config c", -1, "", ""},
		{"--version", 0, "mcdnsd ", ""},
		{"--help", 0, "mcdnsd [flags]", ""},
		{"version", exitUsage, "", `"version" is one argument too many`},
		{"stop please", exitUsage, "", `"stop" is one argument too many`},
		{"--loud", exitUsage, "", "-loud"},
		{"--config", exitUsage, "", "-config"},
	} {
		var out, errs strings.Builder
		o, code := options(strings.Fields(c.args), &out, &errs)
		if code != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(errs.String(), c.errs) {
			t.Errorf("%q: got %d, %q, %q", c.args, code, out.String(), errs.String())
		}
		if hint := strings.Contains(errs.String(), "mcdnsd: hint: mcdnsd --help"); hint != (code == exitUsage) {
			t.Errorf("%q: said %q", c.args, errs.String())
		}
		if c.args == "--config c --run r" && (o.ConfigPath != "c" || o.RunDir != "r") {
			t.Errorf("got %q and %q", o.ConfigPath, o.RunDir)
		}
	}
}
