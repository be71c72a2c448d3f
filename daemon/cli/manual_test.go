package cli

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"mcdns/daemon/control"
	"mcdns/daemon/doctor"
	"mcdns/daemon/stats"
	"mcdns/test/need"
)

func manual(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile("../../packaging/man/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// every calls f with each verb, cobra's own too.
func every(f func(*cobra.Command)) {
	root := (&env{}).root()
	strict(root)
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		c.InitDefaultHelpFlag()
		f(c)
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(root)
}

var (
	option = regexp.MustCompile(`Fl -([a-z-]+)`)
	item   = regexp.MustCompile(`(?m)^\.It Ic ([a-z -]+[a-z])(?: O[po] | Ar | \||$)`)
)

// TestManualNamesNoVerbOrFlagThatThereIsNot, as the code has them and --help.
func TestManualNamesNoVerbOrFlagThatThereIsNot(t *testing.T) {
	flags, verbs := map[string]bool{"version": true}, map[string]bool{} // which cobra makes when it runs
	every(func(c *cobra.Command) {
		verbs[strings.TrimPrefix(c.CommandPath(), "mcdns ")] = true
		for _, m := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(c.Flags().FlagUsages()+c.PersistentFlags().FlagUsages(), -1) {
			flags[m[1]] = true
		}
	})
	page := manual(t, "mcdns.1")
	for _, m := range option.FindAllStringSubmatch(page, -1) {
		if !flags[m[1]] {
			t.Errorf("mcdns(1) has --%s, which no verb has", m[1])
		}
	}
	_, text, _ := strings.Cut(page, "\n.Sh DESCRIPTION\n")
	text, _, _ = strings.Cut(text, "\n.Sh ENVIRONMENT\n")
	seen := 0
	for _, m := range item.FindAllStringSubmatch(text, -1) {
		seen++
		if verb, _, _ := strings.Cut(m[1], " bash"); !verbs[verb] {
			t.Errorf("mcdns(1) has the verb %q, which there is not", m[1])
		}
	}
	if seen < 15 {
		t.Errorf("this test sees %d verbs of the page", seen)
	}
}

// members are the names of the members of a schema.
func members(t reflect.Type, into map[string]bool) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		members(t.Elem(), into)
	case reflect.Struct:
		for f := range t.Fields() {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if name != "" {
				into[name] = true
			}
			members(f.Type, into)
		}
	}
}

// TestManualHasEveryMemberOfEverySchema that the control socket speaks.
func TestManualHasEveryMemberOfEverySchema(t *testing.T) {
	page := manual(t, "mcdns.1")
	_, json, _ := strings.Cut(page, "\n.Sh JSON\n")
	json, _, _ = strings.Cut(json, "\n.Sh ")
	for schema, v := range map[string]any{
		control.StatusSchema: control.Status{}, control.PeersSchema: control.Peers{}, control.AnswerSchema: control.Answer{},
		control.CacheSchema: control.CacheList{}, control.DrillSchema: control.Drill{}, control.ReachSchema: control.Reach{},
		CheckSchema: finding{}, StatsSchema: stats.Stat{}, DoctorSchema: doctor.Result{}, heldSchema: control.Held{}, configSchema: struct{}{},
	} {
		if !strings.Contains(json, schema) {
			t.Errorf("%s is not in mcdns(1), JSON", schema)
		}
		all := map[string]bool{}
		members(reflect.TypeOf(v), all)
		for name := range all {
			if !regexp.MustCompile(`\b` + name + `\b`).MatchString(json) {
				t.Errorf("%s of %s is not in mcdns(1), JSON", name, schema)
			}
		}
	}
	for _, kind := range control.TroubleKinds {
		if !strings.Contains(page, "\n.Pq Ql "+string(kind)+" ") && !strings.Contains(page, ".Pq Ql "+string(kind)) {
			t.Errorf("the trouble %q is not in mcdns(1)", kind)
		}
	}
}

// TestManualHasEveryExitCode, and no other.
func TestManualHasEveryExitCode(t *testing.T) {
	_, text, _ := strings.Cut(manual(t, "mcdns.1"), "\n.Sh EXIT STATUS\n")
	text, _, _ = strings.Cut(text, "\n.Sh ")
	var got []string
	for _, m := range regexp.MustCompile(`(?m)^\.It (\d+)$`).FindAllStringSubmatch(text, -1) {
		got = append(got, m[1])
	}
	var want []string
	for _, code := range []int{
		exitOK, exitNoName, exitNoAnswer, exitNoDaemon, exitDegraded, exitFailed, exitUsage, exitOutput, exitPermission, exitTimeout, exitInterrupted,
	} {
		want = append(want, fmt.Sprint(code))
	}
	if !slices.Equal(got, want) {
		t.Errorf("mcdns(1) has the exit codes %v; the code has %v", got, want)
	}
}

// TestManualsAreWellFormed by the judgement of man itself, which Debian's lintian asks too.
func TestManualsAreWellFormed(t *testing.T) {
	if _, err := exec.LookPath("man"); err != nil {
		need.Missing(t, "man is missing: apt-get install man-db groff")
	}
	if _, err := exec.LookPath("groff"); err != nil {
		need.Missing(t, "groff is missing: apt-get install groff")
	}
	lint := func(path string) string {
		cmd := exec.Command("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", path)
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "MANROFFSEQ=", "MANWIDTH=80")
		var said strings.Builder
		cmd.Stderr = &said
		if err := cmd.Run(); err != nil {
			return err.Error() + ": " + said.String()
		}
		return said.String()
	}
	pages, err := filepath.Glob("../../packaging/man/*.[1-8]")
	if err != nil || len(pages) < 5 {
		t.Fatalf("%v: %d pages", err, len(pages))
	}
	for _, page := range pages {
		if said := lint(page); said != "" {
			t.Errorf("%s: %s", page, said)
		}
	}
	bad := filepath.Join(t.TempDir(), "bad.1")
	if err := os.WriteFile(bad, []byte(".Dd November 22, 2026\n.Dt BAD 1\n.Os\n.Sh NAME\n.Nosuch\n\\(zz\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if lint(bad) == "" {
		t.Error("a bad page is well")
	}
}
