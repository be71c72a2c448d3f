package gocore_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// sources calls f with each file of the repository whose name ends in one of the endings.
func sources(t *testing.T, f func(path, text string), endings ...string) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "build" || d.Name() == ".git"):
			return filepath.SkipDir
		}
		for _, ending := range endings {
			if d.Type().IsRegular() && strings.HasSuffix(path, ending) {
				text, err := os.ReadFile(path)
				f(path, string(text))
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// testNames are those of all tests and fuzz targets.
func testNames(t *testing.T) map[string]bool {
	t.Helper()
	exist := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)[A-Z]\w*)\(`)
	sources(t, func(_, text string) {
		for _, m := range declared.FindAllStringSubmatch(text, -1) {
			exist[m[1]] = true
		}
	}, "_test.go")
	return exist
}

// A decision whose test is gone is held by nothing.
func TestDesignNamesTestsThatExist(t *testing.T) {
	exist := testNames(t)
	for _, name := range regexp.MustCompile(`\b(?:Test|Fuzz)[A-Z]\w*`).FindAllString(document(t, "DESIGN.md"), -1) {
		if !exist[name] {
			t.Errorf("DESIGN.md names %s, which does not exist", name)
		}
	}
}

// A decision is one paragraph: its number, the rule as one bold sentence, why, what was
// rejected, and at its end what holds it.
func TestEachDecisionHasItsFormAndItsTest(t *testing.T) {
	decisions, chapter, number := 0, 0, 0
	begins := regexp.MustCompile(`^\*\*(\d+\.\d+) (.+?[.?!])\*\* ?`)
	for _, p := range strings.Split(document(t, "DESIGN.md"), "\n\n") {
		p = strings.TrimSpace(p)
		if strings.HasPrefix(p, "## ") {
			if chapter, number = chapter+1, 0; !strings.HasPrefix(p, fmt.Sprintf("## %d. ", chapter)) {
				chapter = -1000 // after the decisions: tables
			}
			continue
		}
		if chapter < 1 || number == 0 && !strings.HasPrefix(p, "**") || strings.HasPrefix(p, "<!--") {
			continue
		}
		flat := strings.ReplaceAll(p, "\n", " ")
		decisions, number = decisions+1, number+1
		m := begins.FindStringSubmatch(flat)
		if want := fmt.Sprintf("%d.%d", chapter, number); m == nil || m[1] != want {
			t.Errorf("%.60q: want decision %s, its rule in bold first", flat, want)
			continue
		}
		if rule := regexp.MustCompile("`[^`]*`").ReplaceAllString(m[2], ""); len(sentences(rule)) > 1 {
			t.Errorf("%s: the rule is more than one sentence", m[1])
		}
		before, held, _ := strings.Cut(flat, "*Held by* ")
		if !regexp.MustCompile("`(Test|Fuzz)\\w+`|`test/[\\w./]+`").MatchString(held) {
			t.Errorf("%s: held by nothing", m[1])
		}
		for _, path := range regexp.MustCompile("`(test/[\\w./]+)`").FindAllStringSubmatch(held, -1) {
			if _, err := os.Stat(filepath.Join("..", path[1])); err != nil {
				t.Errorf("%s: held by %s: %v", m[1], path[1], err)
			}
		}
		if why, rejected := strings.Index(before, "*Why:*"), strings.Index(before, "*Rejected:*"); rejected >= 0 && rejected < why {
			t.Errorf("%s: what was rejected stands before why", m[1])
		}
	}
	if decisions < 100 {
		t.Errorf("%d decisions seen: the test looks in the wrong place", decisions)
	}
}

// subsections are those of PROTOCOL.md, and its sections that have none.
func subsections(t *testing.T) map[string]bool {
	t.Helper()
	exist, section, number := map[string]bool{}, 0, 0
	for _, m := range regexp.MustCompile(`(?m)^###? (\d+)(?:\.(\d+))?`).FindAllStringSubmatch(document(t, "PROTOCOL.md"), -1) {
		whole := fmt.Sprint(section)
		if m[2] == "" {
			section, number = section+1, 0
		} else {
			number++
			delete(exist, whole)
		}
		name := strings.TrimPrefix(m[0][strings.Index(m[0], " "):], " ")
		want := fmt.Sprintf("%d.%d", section, number)
		if m[2] == "" {
			want = fmt.Sprint(section)
		}
		if name != want {
			t.Errorf("PROTOCOL.md: %s stands where %s should", name, want)
		}
		exist[name] = true
	}
	if len(exist) < 40 {
		t.Fatalf("%d subsections of PROTOCOL.md seen", len(exist))
	}
	return exist
}

// Each rule of the protocol has a row of DESIGN.md's table, with a test.
func TestEachRuleOfTheProtocolIsHeld(t *testing.T) {
	rules := subsections(t)
	held := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^\| ([\d.]+) \| .* \| (.*) \|$`).FindAllStringSubmatch(document(t, "DESIGN.md"), -1) {
		if !rules[m[1]] {
			t.Errorf("DESIGN.md's table says what holds %s, which PROTOCOL.md has not", m[1])
		}
		held[m[1]] = held[m[1]] || strings.Contains(m[2], "Test")
	}
	for rule := range rules {
		if strings.Contains(rule, ".") && !held[rule] {
			t.Errorf("PROTOCOL %s is held by no test of DESIGN.md's table", rule)
		}
	}
}

// A reader follows what a comment says to one short subsection.
func TestReferencesToTheProtocolExist(t *testing.T) {
	rules, seen := subsections(t), 0
	reference := regexp.MustCompile(`PROTOCOL (\d+(?:\.\d+)*(?:(?:, | to | and )\d+(?:\.\d+)*)*)`)
	sources(t, func(path, text string) {
		for _, m := range reference.FindAllStringSubmatch(text, -1) {
			for _, rule := range regexp.MustCompile(`[\d.]+`).FindAllString(m[1], -1) {
				if seen++; !rules[rule] {
					t.Errorf("%s names PROTOCOL %s, which is no subsection", path, rule)
				}
			}
		}
	}, ".go", ".c", ".h", ".sh", ".md")
	if seen < 80 {
		t.Errorf("%d references seen: the test looks in the wrong place", seen)
	}
}

// The map of doc.go has each room once, below all that it uses: read from its top, nothing
// is used before it was named. The picture names packages and inputs that there are.
func TestMapOfTheCoreIsWhatItImports(t *testing.T) {
	text := document(t, "doc.go")
	row := map[string]int{}
	for i, m := range regexp.MustCompile(`(?m)^//\t(\w+)/ +\S`).FindAllStringSubmatch(text, -1) {
		if row[m[1]] > 0 {
			t.Errorf("doc.go has %s twice", m[1])
		}
		row[m[1]] = i + 1
	}
	rooms, err := filepath.Glob("*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, path := range rooms {
		room := filepath.Dir(path)
		if seen[room] = true; row[room] == 0 {
			t.Errorf("doc.go has no row for %s", room)
		}
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range file.Imports {
			if used, ours := strings.CutPrefix(strings.Trim(i.Path.Value, `"`), "mcdns/gocore/"); ours && row[used] >= row[room] {
				t.Errorf("%s uses %s, which is not above it in the map of doc.go", path, used)
			}
		}
	}
	for room := range row {
		if !seen[room] {
			t.Errorf("doc.go has a row for %s, which does not exist", room)
		}
	}
}

// The picture of doc.go names packages that there are, and inputs and effects of a node.
func TestPictureOfTheCoreNamesWhatThereIs(t *testing.T) {
	text, seen := document(t, "doc.go"), 0
	for _, m := range regexp.MustCompile(`\b(?:daemon|gocore)/\w+|\b(?:node|lookup|fetch|order|held|sharing|upstream|renewal)/\w+\.go`).FindAllString(text, -1) {
		path := m
		if strings.HasPrefix(m, "daemon/") {
			path = filepath.Join("..", m)
		}
		if _, err := os.Stat(strings.TrimPrefix(path, "gocore/")); err != nil {
			t.Errorf("doc.go names %s: %v", m, err)
		}
	}
	var node strings.Builder
	for _, name := range []string{"node/input.go", "node/effect.go"} {
		node.WriteString(document(t, name))
	}
	for _, m := range regexp.MustCompile(`-([A-Z]\w+)-`).FindAllStringSubmatch(text, -1) {
		if seen++; !regexp.MustCompile(`(?m)^type ` + m[1] + ` |^\t` + m[1] + ` +(struct|\w+\.\w+)`).MatchString(node.String()) {
			t.Errorf("doc.go's picture has %s, which is no input or effect of a node", m[1])
		}
	}
	if seen < 6 {
		t.Errorf("%d inputs and effects seen: the test looks at the wrong lines", seen)
	}
}
