package dns

import (
	"bytes"
	"strings"
	"testing"
)

func TestTypesAreNamedBothWays(t *testing.T) {
	for name, want := range map[string]uint16{"A": 1, "aaaa": 28, "HTTPS": 65, "TYPE65400": 65400, "type1": 1, "OPT": 41} {
		if got, ok := TypeNamed(name); !ok || got != want {
			t.Errorf("%s: got %d, %v; want %d", name, got, ok, want)
		}
	}
	for _, name := range []string{"", "AA", "TYPE", "TYPE0", "TYPE65536", "TYPE-1", "None"} {
		if got, ok := TypeNamed(name); ok {
			t.Errorf("%s: got %d; want none", name, got)
		}
	}
	for n := range uint16(600) {
		if got, ok := TypeNamed(TypeName(n + 1)); !ok || got != n+1 {
			t.Errorf("%d is %s, which is %d", n+1, TypeName(n+1), got)
		}
	}
}

// TestDrawnLettersComeBackOrTheReplyIsAnothers: only the name's letters are drawn, and
// what is kept is put into lower case again.
func TestDrawnLettersComeBackOrTheReplyIsAnothers(t *testing.T) {
	q, err := NewQuestion("www.x1-y.example", TypeA)
	if err != nil {
		t.Fatal(err)
	}
	plain := AppendQuery(nil, q, 7, true)
	drawn := bytes.Clone(plain)
	DrawLetters(drawn, bytes.Repeat([]byte{1}, len(drawn)))
	if !strings.Contains(string(drawn), "\x03WWW\x04X1-Y\x07EXAMPLE\x00") || !bytes.Equal(drawn[33:], plain[33:]) {
		t.Errorf("drew %q", drawn)
	}
	reply := bytes.Clone(drawn)
	if !TakeLetters(drawn, reply) || !bytes.Equal(reply, plain) {
		t.Errorf("took %q; want %q", reply, plain)
	}
	for what, other := range map[string][]byte{"in lower case": plain, "cut short": drawn[:20], "no name": drawn[:12], "nothing": nil} {
		if TakeLetters(drawn, bytes.Clone(other)) {
			t.Errorf("%s: taken", what)
		}
	}
}

func TestHeadOfAReply(t *testing.T) {
	if h, ok := ReadHead([]byte{1, 2, 0x81, 0x85, 0, 0, 0, 0, 0, 0, 0, 0}); !ok || h != (Head{ID: 0x102, Reply: true, Rcode: RcodeRefused, Bare: true}) {
		t.Errorf("got %+v, %v", h, ok)
	}
	if h, ok := ReadHead([]byte{0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}); !ok || h != (Head{ID: 7}) {
		t.Errorf("got %+v, %v", h, ok)
	}
	if _, ok := ReadHead(make([]byte, 11)); ok {
		t.Error("11 bytes have a header")
	}
}
