package gocore

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryFuzzTargetIsInTheList of bytes that cross a trust line (test/fuzz.md), and
// each that is listed is there.
func TestEveryFuzzTargetIsInTheList(t *testing.T) {
	text, err := os.ReadFile("../test/fuzz.md")
	if err != nil {
		t.Fatal(err)
	}
	listed, dir := map[string]bool{}, ""
	for _, word := range regexp.MustCompile("`[a-z]+/[a-z]+`|\\b(Fuzz|Test)[A-Z]\\w*").FindAllString(string(text), -1) {
		if strings.HasPrefix(word, "`") {
			dir = strings.Trim(word, "`")
		} else if dir != "" { // before that is the prose
			listed[dir+" "+word] = true
		}
	}
	target := regexp.MustCompile(`(?m)^func ((?:Fuzz|Test)\w+)\(`)
	for _, top := range []string{"gocore", "daemon", "test/nss"} {
		err := filepath.WalkDir("../"+top, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			for _, m := range target.FindAllStringSubmatch(string(source), -1) {
				name := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(path)), "../") + " " + m[1]
				if strings.HasPrefix(m[1], "Fuzz") && !listed[name] {
					t.Errorf("%s is not in test/fuzz.md", name)
				}
				delete(listed, name)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for name := range listed {
		t.Errorf("test/fuzz.md lists %s, which is not there", name)
	}
}
