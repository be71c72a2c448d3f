package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
