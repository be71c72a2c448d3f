package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mcdns/daemon/control"
)

func TestStatusSaysWhatStandsBeforeMcdns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "nsswitch.conf")
	for line, want := range map[string]string{
		"hosts: files mcdns [!UNAVAIL=return NOTFOUND=continue] dns myhostname": "",
		"hosts: files resolve [!UNAVAIL=return] mcdns dns":                      "mcdns must stand before resolve: mcdns nss enable",
		"hosts: files dns mcdns":                                                "mcdns must stand before dns: mcdns nss enable",
		"hosts: files":                                                          "does not name mcdns",
	} {
		if err := os.WriteFile(path, []byte(line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := nssLine(path); want == "" && got != line || !strings.Contains(got, want) {
			t.Errorf("%q: got %q; want %q in it", line, got, want)
		}
	}
}

func TestSoloHostIsToldHowToMakeTheKeyItLooksFor(t *testing.T) {
	for path, want := range map[string]string{
		"/etc/mcdns/group.key": "(mcdns key generate makes one)",
		"/srv/lan.key":         "(mcdns key generate /srv/lan.key makes one)",
	} {
		if got := groupLine(&control.Group{State: "solo", KeyFile: path}); !strings.HasSuffix(got, want) {
			t.Errorf("%s: got %q; want %q", path, got, want)
		}
	}
}
