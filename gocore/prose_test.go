package gocore_test

import (
	"regexp"
	"strings"
	"testing"
)

// Sentences of more words than these are read twice.
const (
	longWords = 30
	mostWords = 40
)

var sentenceEnd = regexp.MustCompile(`[.?!]["*)]*(\s|$)`)

// sentences takes prose apart. An item of a list is an end, too; what stands between ```
// is no prose, nor are the cells of tables.
func sentences(text string) []string {
	var blocks []string
	var prose strings.Builder
	code := false
	end := func() {
		blocks = append(blocks, prose.String())
		prose.Reset()
	}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		fence := strings.HasPrefix(line, "```")
		if fence || line == "" || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "|") || strings.HasPrefix(line, "- ") {
			end()
		}
		if code = code != fence; !code && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "<!--") {
			prose.WriteString(line + " ")
		}
	}
	end()
	var all []string
	for _, b := range blocks {
		for _, s := range sentenceEnd.Split(b, -1) {
			if words(s) > 0 {
				all = append(all, s)
			}
		}
	}
	return all
}

// words leaves out what only names things: a list of tests is no sentence to be read.
func words(sentence string) int {
	return len(strings.Fields(regexp.MustCompile("(`?(Test|Fuzz)[A-Z]\\w+`?,? ?)+").ReplaceAllString(sentence, "")))
}

func TestSentencesOfTheDocumentsAreShort(t *testing.T) {
	for _, name := range []string{"DESIGN.md", "PROTOCOL.md", "../README.md", "../nss/README.md"} {
		all, sum, long := sentences(document(t, name)), 0, 0
		for _, s := range all {
			n := words(s)
			if sum += n; n > longWords {
				long++
			}
			if n > mostWords {
				t.Errorf("%s: %d words: %s", name, n, s)
			}
		}
		if len(all) < 50 {
			t.Fatalf("%s: %d sentences seen: the test looks at the wrong lines", name, len(all))
		}
		t.Logf("%s: %d sentences of %.1f words; %d have more than %d", name, len(all), float64(sum)/float64(len(all)), long, longWords)
	}
}
