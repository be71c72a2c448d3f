package nsswitch

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// machine is a root with files; authselect on it is the stand-in of
// test/packages, which does what mcdns uses of the real one.
func machine(t *testing.T, files map[string]string) System {
	t.Helper()
	root := t.TempDir()
	fake, err := filepath.Abs("../../test/packages/testdata/authselect")
	if err != nil {
		t.Fatal(err)
	}
	s := System{Root: root, Run: func(name string, args ...string) (string, error) {
		if name != "authselect" {
			t.Errorf("%s is run", name)
		}
		cmd := exec.Command(fake, args...)
		cmd.Env = append(os.Environ(), "AUTHSELECT_ROOT="+root)
		out, err := cmd.Output()
		return string(out), err
	}}
	for name, text := range files {
		put(t, s, name, text)
	}
	return s
}

func put(t *testing.T, s System, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(s.at(name)), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.at(name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func hosts(t *testing.T, s System) string {
	t.Helper()
	text, err := s.read(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "hosts:") {
			return strings.Join(strings.Fields(line), " ")
		}
	}
	return ""
}

const (
	profiles = "/usr/share/authselect/default/"
	template = "passwd: files\nhosts: files {if \"with-mdns4\":mdns4_minimal [NOTFOUND=return] }resolve [!UNAVAIL=return] dns\n"
)

// fedora is a machine whose profile owns the hosts line.
func fedora(t *testing.T, selected ...string) System {
	s := machine(t, map[string]string{
		profiles + "local/nsswitch.conf": template, profiles + "local/README": "Local", profiles + "local/system-auth": "auth",
		"/etc/authselect/.keep": "",
	})
	if _, err := s.Run("authselect", append([]string{"select"}, selected...)...); err != nil {
		t.Fatal(err)
	}
	return s
}

func want(t *testing.T, s System, line string) {
	t.Helper()
	if got := hosts(t, s); got != line {
		t.Errorf("got %q; want %q", got, line)
	}
}

func do(t *testing.T, err error) {
	t.Helper()
	var refused *Refused
	if errors.As(err, &refused) {
		t.Fatalf("%v; hint: %s", err, refused.Hint)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestPlainFileIsEditedInPlaceAndKeepsItsMode(t *testing.T) {
	s := machine(t, map[string]string{path: "hosts: files dns\n"})
	if err := os.Chmod(s.at(path), 0o640); err != nil {
		t.Fatal(err)
	}
	do(t, s.Enable())
	want(t, s, "hosts: files mcdns [!UNAVAIL=return] dns")
	do(t, s.Enable())
	do(t, s.Disable())
	want(t, s, "hosts: files dns")
	st, err := os.Stat(s.at(path))
	if err != nil || st.Mode().Perm() != 0o640 {
		t.Errorf("mode %v, %v", st.Mode(), err)
	}
	if left, _ := filepath.Glob(s.at("/etc/.mcdns-*")); left != nil {
		t.Errorf("left behind: %v", left)
	}
}

func TestEnableMendsALineThatAsksOthersFirst(t *testing.T) {
	s := machine(t, map[string]string{path: "hosts: files resolve [!UNAVAIL=return] mcdns dns\n"})
	do(t, s.Enable())
	want(t, s, "hosts: files mcdns [!UNAVAIL=return] resolve [!UNAVAIL=return] dns")
}

func TestRefusalToHideTheHostsFileSaysWhatToWrite(t *testing.T) {
	const line = "hosts: resolve [!UNAVAIL=return] files myhostname dns"
	s := machine(t, map[string]string{path: line + "\n"})
	var refused *Refused
	if err := s.Enable(); !errors.As(err, &refused) || !strings.Contains(refused.Hint, "files "+beforeOthers) {
		t.Errorf("got %v; want a refusal that says what to do", err)
	}
	want(t, s, line)
}

func TestForeignLinkIsNeverWrittenThrough(t *testing.T) {
	s := machine(t, map[string]string{"/etc/static/nsswitch.conf": "hosts: files dns\n"})
	if err := os.Symlink("static/nsswitch.conf", s.at(path)); err != nil {
		t.Fatal(err)
	}
	var refused *Refused
	if err := s.Enable(); !errors.As(err, &refused) || !strings.Contains(refused.Hint, Service) {
		t.Errorf("got %v; want a refusal that says what to do", err)
	}
	want(t, s, "hosts: files dns")
}

func TestProfileOfTheVendorIsReplacedByOneOfOurs(t *testing.T) {
	s := fedora(t, "local", "with-mdns4")
	want(t, s, "hosts: files mdns4_minimal [NOTFOUND=return] resolve [!UNAVAIL=return] dns")
	do(t, s.Enable())
	want(t, s, "hosts: files mdns4_minimal [NOTFOUND=return] mcdns [!UNAVAIL=return] resolve [!UNAVAIL=return] dns")
	if out, _ := s.Run("authselect", "current", "--raw"); strings.TrimSpace(out) != "custom/mcdns with-mdns4" {
		t.Errorf("selected: %s", out)
	}
	do(t, s.Disable())
	want(t, s, "hosts: files mdns4_minimal [NOTFOUND=return] resolve [!UNAVAIL=return] dns")
	if out, _ := s.Run("authselect", "current", "--raw"); strings.TrimSpace(out) != "local with-mdns4" {
		t.Errorf("selected: %s", out)
	}
	if s.exists(ours) {
		t.Error("our profile is left behind")
	}
}

func TestProfileOfTheAdministratorIsEdited(t *testing.T) {
	s := fedora(t, "local")
	put(t, s, "/etc/authselect/custom/site/nsswitch.conf", template)
	if _, err := s.Run("authselect", "select", "custom/site"); err != nil {
		t.Fatal(err)
	}
	do(t, s.Enable())
	want(t, s, "hosts: files mcdns [!UNAVAIL=return] resolve [!UNAVAIL=return] dns")
	do(t, s.Disable())
	if text, _ := s.read("/etc/authselect/custom/site/nsswitch.conf"); text != template {
		t.Errorf("the template is %q", text)
	}
}

func TestUsersLinesAreEditedWhereTheyCount(t *testing.T) {
	s := machine(t, map[string]string{
		profiles + "sssd/nsswitch.conf": "passwd: sss files\n", userFile: "hosts: files dns\n",
	})
	if _, err := s.Run("authselect", "select", "sssd"); err != nil {
		t.Fatal(err)
	}
	do(t, s.Enable())
	want(t, s, "hosts: files mcdns [!UNAVAIL=return] dns")
	if text, _ := s.read(userFile); !Enabled(text) {
		t.Errorf("the user's lines are %q", text)
	}
	do(t, s.Disable())
	want(t, s, "hosts: files dns")
}

// Where the profile has a hosts line of its own, the user's does not count, and
// has to come out of the attempt as it went in.
func TestUsersLinesThatDoNotCountAreLeftAlone(t *testing.T) {
	s := fedora(t, "local")
	put(t, s, userFile, "hosts: files dns\n")
	do(t, s.Enable())
	want(t, s, "hosts: files mcdns [!UNAVAIL=return] resolve [!UNAVAIL=return] dns")
	if text, _ := s.read(userFile); text != "hosts: files dns\n" {
		t.Errorf("the user's lines are %q", text)
	}
}

func TestWhatAuthselectRefusesChangesNothing(t *testing.T) {
	for name, spoil := range map[string]func(s System){
		"edited by hand": func(s System) { put(t, s, "/etc/authselect/nsswitch.conf", "hosts: files dns # mine\n") },
		"no authselect":  func(s System) { os.Remove(s.at("/etc/authselect/authselect.conf")) },
		"our name taken": func(s System) { put(t, s, ours+"/nsswitch.conf", template) },
	} {
		t.Run(name, func(t *testing.T) {
			s := fedora(t, "local")
			spoil(s)
			before := hosts(t, s)
			var refused *Refused
			if err := s.Enable(); !errors.As(err, &refused) || !strings.Contains(refused.Hint, "authselect") {
				t.Errorf("got %v; want a refusal that says what to do", err)
			}
			want(t, s, before)
			if name != "our name taken" && s.exists(ours) {
				t.Error("our profile is left behind")
			}
		})
	}
}
