package cli

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestManualHasEveryVerbAndFlag(t *testing.T) {
	b, err := os.ReadFile("../../packaging/man/mcdns.1")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	verbs := strings.NewReplacer("nss enable , Ic nss disable", "nss enable\n.It Ic nss disable").Replace(page)
	check := func(c *cobra.Command) {
		name := strings.TrimPrefix(c.CommandPath(), "mcdns ")
		if c.HasParent() && !c.HasSubCommands() && !strings.Contains(verbs, "\n.It Ic "+name) {
			t.Errorf("mcdns %s is not in mcdns(1)", name)
		}
		for line := range strings.Lines(c.LocalFlags().FlagUsages()) {
			short, long, both := strings.Cut(strings.TrimSpace(line), ", ")
			if !both {
				short, long = "-none", short
			}
			long, _, _ = strings.Cut(long[1:], " ")
			if !strings.Contains(page, "Fl "+long) && !strings.Contains(page, "Fl "+short[1:]) {
				t.Errorf("mcdns %s -%s is not in mcdns(1)", name, long)
			}
		}
	}
	root := (&env{}).root()
	root.InitDefaultVersionFlag()
	check(root)
	for _, c := range root.Commands() {
		check(c)
		for _, sub := range c.Commands() {
			check(sub)
		}
	}
}

var inProse = regexp.MustCompile("(?:`|sudo |\"|\\.Ql )mcdns ([a-z][a-z -]*)")

// TestDocumentsNameOnlyVerbsThatThereAre, as commands to type.
func TestDocumentsNameOnlyVerbsThatThereAre(t *testing.T) {
	for _, path := range []string{
		"../../README.md", "../../packaging/man/mcdns.1", "../../packaging/man/mcdnsd.8", "../../packaging/man/mcdnsd.conf.5",
		"../../packaging/man/libnss_mcdns.8", "../../packaging/etc/mcdnsd.conf", "../../packaging/prometheus/mcdns.rules.yml",
	} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range inProse.FindAllStringSubmatch(string(b), -1) {
			root := (&env{}).root()
			strict(root)
			verb, rest, err := root.Find(strings.Fields(m[1]))
			if err != nil || verb == root || verb.HasSubCommands() && len(rest) > 0 {
				t.Errorf("%s names mcdns %s: %v", path, m[1], err)
			}
		}
	}
	if n := len(inProse.FindAllString("say `mcdns status` and sudo mcdns key generate", -1)); n != 2 {
		t.Errorf("%d commands are seen; want 2", n)
	}
}
