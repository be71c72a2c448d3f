package dns

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write what happens into the transcripts; the diff is the review")

// TestTranscripts plays testdata/*.txt against a node on a virtual clock.
//
// A line that begins a column is a command, the indented lines below it are what
// happened: what the node asked and whom, what came back, what the program got,
// each with the seconds since the case began. "case" starts anew. The commands:
//
//	set key=value ...       settings (transcript_world_test.go has the keys)
//	zone NAME TYPE = ...    what servers say: an RCODE, "silent", "unreachable", or
//	                        records divided by ";", "auth" and "add" before those
//	                        of the other sections
//	server sN what          up, dead, servfail, refused, unreachable, slow=TIME
//	ask NAME TYPE [do] [cd] [xN]
//	wait TIME
//	peer NAME TYPE age=TIME birth=N = ...   a proven peer tells an answer
//	restart                 the daemon ends and starts with what it saved
//	held NAME TYPE          what the cache holds
//	state                   how upstream does
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no transcripts")
	}
	all := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got, cases := play(t, file, string(text))
		all += cases
		if got == string(text) {
			continue
		}
		if *rewrite {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		t.Errorf("%s: what happens differs (-rewrite writes it down):\n%s", file, firstDifference(string(text), got))
	}
	if all < 45 {
		t.Errorf("only %d cases", all)
	}
}

func firstDifference(want, got string) string {
	a, b := strings.Split(want, "\n"), strings.Split(got, "\n")
	title := ""
	for i := range a {
		if strings.HasPrefix(a[i], "case ") {
			title = a[i]
		}
		if i >= len(b) || a[i] != b[i] {
			end := min(len(b), i+6)
			return fmt.Sprintf("%s, line %d:\nwritten: %s\nhappens: %s", title, i+1, a[i], strings.Join(b[min(i, end):end], "\n         "))
		}
	}
	return "more happens than is written"
}

// play runs a transcript and returns it as it happens.
func play(t *testing.T, file, text string) (out string, cases int) {
	var b strings.Builder
	w := newWorld(t)
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		if strings.HasPrefix(line, "  ") {
			continue
		}
		b.WriteString(line + "\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if strings.HasPrefix(line, "case ") {
			w, cases = newWorld(t), cases+1
			continue
		}
		if err := w.do(line); err != nil {
			t.Fatalf("%s:%d: %s: %v", file, i+1, line, err)
		}
		for _, happened := range w.take() {
			b.WriteString("  " + happened + "\n")
		}
	}
	return b.String(), cases
}

// TestEqualQuestionsShareOneFetchTranscript holds that the transcripts can fail:
// 200 equal questions show as one packet.
func TestEqualQuestionsShareOneFetchTranscript(t *testing.T) {
	got, _ := play(t, "here", "case x\nzone www.example A = www.example. 60 IN A 192.0.2.7\nask www.example A x200\n")
	if strings.Count(got, "->") != 1 || strings.Count(got, "= NOERROR") != 1 || !strings.Contains(got, "x200") {
		t.Errorf("got\n%s", got)
	}
}
