package dns

import (
	"flag"
	"path/filepath"
	"strings"
	"testing"

	"mcdns/test/world"
)

var rewrite = flag.Bool("rewrite", false, "write what happens into the transcripts; the diff is the review")

// TestTranscripts plays testdata/*.txt (world.Play says how to read them) against a node
// on a virtual clock. What happened is what the node asked and whom, what came back, what
// the program got, each with the seconds since the case began. The commands:
//
//	case TITLE              starts anew
//	set key=value ...       settings (transcript_commands_test.go has the keys)
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
		err := world.PlayFile(file, *rewrite, func(text string) (string, error) {
			all += strings.Count("\n"+text, "\ncase ")
			return play(t, text)
		})
		if err != nil {
			t.Error(err)
		}
	}
	if all < 45 {
		t.Errorf("only %d cases", all)
	}
}

// play runs a transcript and returns it as it happens.
func play(t *testing.T, text string) (string, error) {
	w := newScene(t)
	return world.Play(text, func(command string, _ []string) ([]string, error) {
		if strings.HasPrefix(command, "case ") {
			w = newScene(t)
			return nil, nil
		}
		err := w.command(command)
		return w.take(), err
	})
}

// TestEqualQuestionsShareOneFetchTranscript holds that the transcripts can fail:
// 200 equal questions show as one packet.
func TestEqualQuestionsShareOneFetchTranscript(t *testing.T) {
	got, _ := play(t, "case x\nzone www.example A = www.example. 60 IN A 192.0.2.7\nask www.example A x200\n")
	if strings.Count(got, "->") != 1 || strings.Count(got, "= NOERROR") != 1 || !strings.Contains(got, "x200") {
		t.Errorf("got\n%s", got)
	}
}
