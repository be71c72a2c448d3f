package nsswitch

import (
	"errors"
	"strings"
	"testing"
)

func TestEnableStandsBeforeDNSAndDisableRestoresEveryByte(t *testing.T) {
	for _, c := range []struct{ name, before, after string }{
		{"Debian", "hosts:          files dns", "hosts:          files mcdns [!UNAVAIL=return] dns"},
		{"resolved first", "hosts: files resolve [!UNAVAIL=return] dns", "hosts: files mcdns [!UNAVAIL=return] resolve [!UNAVAIL=return] dns"},
		{"avahi", "hosts:\tfiles mdns4_minimal [NOTFOUND=return] dns\tmyhostname", "hosts:\tfiles mdns4_minimal [NOTFOUND=return] mcdns [!UNAVAIL=return] dns\tmyhostname"},
		{"indented", "  hosts: files dns", "  hosts: files mcdns [!UNAVAIL=return] dns"},
		{"comment", "hosts: files dns# dns resolve", "hosts: files mcdns [!UNAVAIL=return] dns# dns resolve"},
		{"dns only", "hosts:dns", "hosts:dns"},
		{"dns first", "hosts: dns files  ", "hosts: mcdns dns files  "},
		{"RHEL 9", "hosts: files dns myhostname", "hosts: files mcdns [!UNAVAIL=return] dns myhostname"},
		{"wins and others find what nobody can say", "hosts: files dns wins", "hosts: files mcdns dns wins"},
		{"myhostname between", "hosts: files myhostname dns", "hosts: files myhostname mcdns [!UNAVAIL=return] dns"},
		{"only dns and resolve behind", "hosts: files dns [!UNAVAIL=return] resolve", "hosts: files mcdns [!UNAVAIL=return] dns [!UNAVAIL=return] resolve"},
		{"a template with another behind", `hosts: files {if "x":resolve }dns {if "y":wins}`, `hosts: files {if "x":resolve }mcdns dns {if "y":wins}`},
		{
			"authselect's template",
			`hosts: files {if "with-mdns4":mdns4_minimal [NOTFOUND=return] }resolve [!UNAVAIL=return] dns`,
			`hosts: files {if "with-mdns4":mdns4_minimal [NOTFOUND=return] }mcdns [!UNAVAIL=return] resolve [!UNAVAIL=return] dns`,
		},
	} {
		for _, end := range []string{"", "\n", "\nnetworks: files dns\n"} {
			before, after := "passwd: files\n"+c.before+end, "passwd: files\n"+c.after+end
			got, err := Enable(before)
			if got != after {
				t.Errorf("%s: Enable: got %q; want %q (%v)", c.name, got, after, err)
			}
			if got := Disable(after); got != before {
				t.Errorf("%s: Disable: got %q; want %q", c.name, got, before)
			}
			if again, _ := Enable(after); again != after {
				t.Errorf("%s: Enable twice: got %q", c.name, again)
			}
			if Enabled(before) || Enabled(after) != (after != before) {
				t.Errorf("%s: Enabled before: %v, after: %v", c.name, Enabled(before), Enabled(after))
			}
		}
	}
}

func TestEnableLeavesFilesThatAskNoDNSAlone(t *testing.T) {
	for _, text := range []string{"", "passwd: files dns\n", "hosts: files\n", "#hosts: files dns\n", "hosts: mdns_minimal\n"} {
		if got, err := Enable(text); got != text || !errors.Is(err, ErrNoDNS) {
			t.Errorf("Enable(%q) = %q, %v; want it unchanged and ErrNoDNS", text, got, err)
		}
	}
}

func TestEnableRefusesToHideTheHostsFile(t *testing.T) {
	for _, text := range []string{
		"hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns\n", "hosts: resolve dns\n",
	} {
		if got, err := Enable(text); got != text || !errors.Is(err, ErrHidesFiles) {
			t.Errorf("Enable(%q) = %q, %v; want it unchanged and ErrHidesFiles", text, got, err)
		}
	}
}

func TestEnableMovesMcdnsBeforeWhatAnswersInItsPlace(t *testing.T) {
	for text, c := range map[string]struct{ behind, want string }{
		"hosts: files resolve [!UNAVAIL=return] mcdns dns\n": {"resolve", "hosts: files mcdns [!UNAVAIL=return] resolve [!UNAVAIL=return] dns\n"},
		"hosts: files dns mcdns\n":                           {"dns", "hosts: files mcdns [!UNAVAIL=return] dns\n"},
		"hosts: files mcdns dns\n":                           {"", "hosts: files mcdns dns\n"},
	} {
		if got := Behind(text); got != c.behind {
			t.Errorf("Behind(%q) = %q; want %q", text, got, c.behind)
		}
		if got, err := Enable(text); got != c.want {
			t.Errorf("Enable(%q) = %q, %v; want %q", text, got, err, c.want)
		}
	}
}

func TestDisableTakesEveryActionAlong(t *testing.T) {
	for text, want := range map[string]string{
		"hosts: files mcdns dns\n":                                       "hosts: files dns\n",
		"hosts: files mcdns [SUCCESS=return NOTFOUND=continue] dns\n":    "hosts: files dns\n",
		"hosts: files mcdns  [NOTFOUND=return] [TRYAGAIN=return]  dns\n": "hosts: files  dns\n",
		"hosts: files mcdns":                                             "hosts: files",
		"hosts: files mcdnsx dns\n":                                      "hosts: files mcdnsx dns\n",
	} {
		if got := Disable(text); got != want {
			t.Errorf("Disable(%q) = %q; want %q", text, got, want)
		}
	}
}

func TestServicesThatKnowOwnNamesAreSeenBehindMcdns(t *testing.T) {
	for text, want := range map[string]struct{ known, first bool }{
		"hosts: files dns myhostname\n":                                              {},
		"hosts: files mcdns [!UNAVAIL=return] dns myhostname\n":                      {true, false},
		"hosts: files mcdns dns [!UNAVAIL=return] myhostname # wins\n":               {true, false},
		"hosts: files mcdns dns resolve\n":                                           {true, false},
		"hosts: files mcdns resolve dns\n":                                           {true, true},
		"hosts: files myhostname mcdns [NOTFOUND=continue] [SUCCESS=return] resolve": {true, true},
		"hosts: resolve myhostname mcdns dns\n":                                      {},
		"hosts: mcdns":                                                               {},
	} {
		if known, first := OwnNames(text); known != want.known || first != want.first {
			t.Errorf("OwnNames(%q) = %v, %v; want %v", text, known, first, want)
		}
	}
}

func FuzzEnableThenDisable(f *testing.F) {
	f.Add("hosts: files dns\n")
	f.Add("hosts: {if \"x\":a }resolve\n#\nhosts: dns")
	f.Fuzz(func(t *testing.T, text string) {
		if Enabled(text) {
			return
		}
		on, err := Enable(text)
		if err != nil {
			return
		}
		if !Enabled(on) || Disable(on) != text || strings.Count(on, "\n") != strings.Count(text, "\n") {
			t.Errorf("%q became %q, then %q", text, on, Disable(on))
		}
	})
}
