package trust

import (
	"testing"

	"pgregory.net/rapid"
)

func TestEachSeqPassesOnce(t *testing.T) {
	var w Window
	for _, c := range []struct {
		name string
		seq  uint64
		want bool
	}{
		{"zero is no seq", 0, false},
		{"first", 1, true},
		{"again", 1, false},
		{"gap", 5, true},
		{"late", 3, true},
		{"late again", 3, false},
		{"far ahead", 5000, true},
		{"just in the window", 5000 - WindowSize + 1, true},
		{"again", 5000 - WindowSize + 1, false},
		{"just behind it", 5000 - WindowSize, false},
		{"long gone", 1, false},
		{"within, never heard", 4990, true},
		{"the last there is", 1<<64 - 1, true},
		{"again", 1<<64 - 1, false},
		{"before it", 1<<64 - 2, true},
		{"behind it", 5001, false},
	} {
		if got := w.Accept(c.seq); got != c.want {
			t.Errorf("%s: Accept(%d) = %v; want %v", c.name, c.seq, got, c.want)
		}
	}
}

// The window against a set of all that was ever accepted.
func TestWindowAgreesWithPerfectMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var w Window
		seen, top := map[uint64]bool{}, uint64(0)
		for range rapid.IntRange(1, 300).Draw(t, "n") {
			step := rapid.Int64Range(-1500, 1500).Draw(t, "step")
			if rapid.IntRange(0, 3).Draw(t, "near") > 0 {
				step /= 100
			}
			seq := uint64(max(0, int64(top)+step))
			want := seq > 0 && !seen[seq] && seq+WindowSize > top
			if got := w.Accept(seq); got != want {
				t.Fatalf("Accept(%d) with top %d = %v; want %v", seq, top, got, want)
			}
			if want {
				seen[seq], top = true, max(top, seq)
			}
		}
	})
}

func BenchmarkWindow(b *testing.B) {
	var w Window
	for seq := uint64(1); b.Loop(); seq++ {
		w.Accept(seq)
	}
}
