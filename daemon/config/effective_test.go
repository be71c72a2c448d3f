package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestWhatCountsIsShownWithWhereItIsFrom, and the defaults are those of the shipped file.
func TestWhatCountsIsShownWithWhereItIsFrom(t *testing.T) {
	dir := t.TempDir()
	shown := func(path string) (text []string) {
		sets, _, err := Effective(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range sets {
			if settings[s.Section][s.Key] == nil {
				t.Errorf("%s.%s is no setting", s.Section, s.Key)
			}
			from := ""
			if s.File != "" {
				from = " " + filepath.Base(s.File)
			}
			text = append(text, s.Section+"."+s.Key+"="+s.Value+from)
		}
		return text
	}
	none := shown(filepath.Join(dir, "none"))
	for i, line := range shown("../../packaging/etc/mcdnsd.conf") {
		if want := strings.TrimSuffix(none[i], " ") + " mcdnsd.conf"; line != want {
			t.Errorf("the shipped file has %q; the default is %q", line, none[i])
		}
	}
	all := 0
	for _, keys := range settings {
		all += len(keys)
	}
	if len(none) != all {
		t.Errorf("%d settings are shown; there are %d", len(none), all)
	}
	conf := filepath.Join(dir, "conf")
	if err := os.WriteFile(conf, []byte("[group]\nport = 7\nport = x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(shown(conf), "\n"); !strings.Contains(got, "\ngroup.port=7 conf\n") {
		t.Errorf("a line that is left out counts:\n%s", got)
	}
}
