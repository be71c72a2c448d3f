package labels

import (
	"slices"
	"strings"
	"testing"
)

func TestNameIsBoundedWhateverItsPointers(t *testing.T) {
	label := append([]byte{63}, strings.Repeat("a", 63)...)
	three := slices.Concat(label, label, label)
	for _, c := range []struct {
		name string
		msg  []byte
		at   int
		good bool
	}{
		{"255 bytes", slices.Concat(three, []byte{61}, label[1:62], []byte{0}), 0, true},
		{"256 bytes", slices.Concat(three, []byte{62}, label[1:63], []byte{0}), 0, false},
		{"more by a pointer", slices.Concat(three, []byte{0}, label, []byte{0xC0, 0}), 193, false},
		{"a pointer forward", []byte{0xC0, 2, 0}, 0, false},
		{"a pointer to itself", []byte{0xC0, 0}, 0, false},
		{"half a pointer", []byte{0, 0xC0}, 1, false},
		{"a label type of 1987", []byte{0x41, 0}, 0, false},
		{"no end", []byte{1, 'a'}, 0, false},
		{"a pointer back", []byte{1, 'a', 0, 1, 'b', 0xC0, 0}, 3, true},
	} {
		var buf [MaxName]byte
		n, next, err := Read(c.msg, c.at, &buf)
		if (err == nil) != c.good || c.good && (next != len(c.msg) || End(buf[:n], 0) != n) {
			t.Errorf("%s: %d bytes, next %d, %v; want good %v", c.name, n, next, err, c.good)
		}
	}
}
