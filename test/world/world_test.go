package world

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// echo says each command and its input back.
func echo(command string, input []string) ([]string, error) {
	if command == "fail" {
		return nil, errors.New("a test")
	}
	return append([]string{"did " + command}, input...), nil
}

const transcript = `# A comment.

one
  did one
# Another.
two
  did two

three
a
b
----
did three
a
b

# A last one.
`

// TestTranscriptReadsWhatHappens: commands and comments stay where they are, what was
// written down as happening gives way to what happens.
func TestTranscriptReadsWhatHappens(t *testing.T) {
	bare := strings.NewReplacer("  did one\n", "", "  did two\n", "  did something else\n", "did three\na\nb\n", "").Replace(transcript)
	for _, text := range []string{transcript, bare} {
		if got, err := Play(text, echo); err != nil || got != transcript {
			t.Errorf("got %v\n%s", err, got)
		}
	}
	for text, want := range map[string]string{"one\n\ntwo\nfail\n": "line 4: ", "one\n\nfail\nx\n----\n": "line 3: ", "# none\n----\n": "line 1: "} {
		if _, err := Play(text, echo); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v; want %s", text, err, want)
		}
	}
}

func TestFileThatDiffersIsAnErrorUntilItIsRewritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.txt")
	if err := os.WriteFile(path, []byte("one\n  did nothing\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	play := func(text string) (string, error) { return Play(text, echo) }
	if err := PlayFile(path, false, play); err == nil || !strings.Contains(err.Error(), "line 2, below\n  one\n") {
		t.Errorf("got %v; want the difference", err)
	}
	if err := PlayFile(path, true, play); err != nil {
		t.Error(err)
	}
	if err := PlayFile(path, false, play); err != nil {
		t.Errorf("rewritten: %v", err)
	}
}

func TestQueueGivesWhatIsNextAndOfOneMomentWhatCameFirst(t *testing.T) {
	const seed = 1
	r := rand.New(rand.NewPCG(seed, seed))
	type what struct {
		at   time.Duration
		made int
	}
	var q Queue[what]
	var all []what
	for i := range 2000 {
		w := what{time.Duration(r.IntN(100)), i}
		q.Push(w.at, w)
		all = append(all, w)
	}
	odd := func(w what) bool { return w.made%2 == 1 }
	half := q.Without(odd)
	slices.SortStableFunc(all, func(a, b what) int { return int(a.at - b.at) })
	drain := func(q *Queue[what]) (out []what) {
		for q.Len() > 0 {
			next, _ := q.Next()
			at, w := q.Pop()
			if at != next || at != w.at {
				t.Fatalf("seed %d: %v at %v; want %v", seed, w, at, next)
			}
			out = append(out, w)
		}
		return out
	}
	if !slices.Equal(drain(&q), all) || !slices.Equal(drain(&half), slices.DeleteFunc(all, odd)) {
		t.Errorf("seed %d: not in order", seed)
	}
}
