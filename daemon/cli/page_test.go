package cli

import (
	"os"
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
