package dns

import (
	"strings"
	"testing"

	miekg "github.com/miekg/dns"
)

func TestQuestionHasOneSpelling(t *testing.T) {
	long := strings.Repeat("a", 63)
	most := long + "." + long + "." + long + "." + strings.Repeat("b", 61)
	for _, c := range []struct{ name, in, want string }{
		{"dot added", "www.example.org", "www.example.org."},
		{"dot kept", "www.example.org.", "www.example.org."},
		{"lower case", "WWW.Example.ORG", "www.example.org."},
		{"root", ".", "."},
		{"single label", "localhost", "localhost."},
		{"underscore", "_sip._tcp.example.org", "_sip._tcp.example.org."},
		{"bytes above 127 are DNS bytes", "b\xfccher.example", `b\252cher.example.`},
		{"utf-8 is bytes too", "bücher.example", `b\195\188cher.example.`},
		{"escaped dot", `a\.b.example`, `a\.b.example.`},
		{"number escapes what needs none", `\097\066.example`, "ab.example."},
		{"number escapes what needs one", `\000\046.example`, `\000\..example.`},
		{"blank", "a b.example", `a\ b.example.`},
		{"specials", `a@b;c(d)e"f'g.example`, `a\@b\;c\(d\)e\"f\'g.example.`},
		{"longest label", long + ".example", long + ".example."},
		{"longest name", most, most + "."},
		{"longest name with dot", most + ".", most + "."},
	} {
		q, err := NewQuestion(c.in, TypeA)
		if err != nil || q.Name != c.want || q.Type != TypeA {
			t.Errorf("%s: NewQuestion(%q) = %q, %v; want %q", c.name, c.in, q.Name, err, c.want)
		}
	}
}

func TestQuestionRefusesWhatIsNoName(t *testing.T) {
	long := strings.Repeat("a", 63)
	for _, c := range []struct {
		name, in, says string
		typ            uint16
	}{
		{"empty", "", "empty", TypeA},
		{"two dots", "a..b", "two dots", TypeA},
		{"dot in front", ".a", "in front", TypeA},
		{"only dots", "..", "two dots", TypeA},
		{"long label", long + "a.example", "63", TypeA},
		{"long name", strings.Repeat("abcdefg.", 32), "255", TypeA},
		{"one byte too long", long + "." + long + "." + long + "." + strings.Repeat("b", 62), "255", TypeA},
		{"backslash at end", `a\`, "backslash", TypeA},
		{"short number", `a\12`, "backslash", TypeA},
		{"number above 255", `a\256`, "backslash", TypeA},
		{"type 0", "a", "type 0", 0},
		{"OPT", "a", "type 41", miekg.TypeOPT},
		{"ANY", "a", "type 255", miekg.TypeANY},
		{"AXFR", "a", "type 252", miekg.TypeAXFR},
	} {
		_, err := NewQuestion(c.in, c.typ)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: NewQuestion(%q) error %v; want one that says %q", c.name, c.in, err, c.says)
		}
	}
}

func TestHashIsTheSameInEveryVersion(t *testing.T) {
	for _, c := range []struct {
		q    Question
		want uint64
	}{
		{Question{Name: "www.example.org.", Type: TypeA}, 0xa56c1f3d0e88a22c},
		{Question{Name: "www.example.org.", Type: TypeAAAA}, 0x71824f6eb89197b0},
		{Question{Name: ".", Type: miekg.TypeNS}, 0xc6de47792e69d685},
	} {
		if got := c.q.Hash(); got != c.want {
			t.Errorf("%v: hash %#x; want %#x: hosts of two versions would rank and page differently", c.q, got, c.want)
		}
	}
}

func TestQuestionString(t *testing.T) {
	for q, want := range map[Question]string{
		{Name: "www.example.org.", Type: TypeAAAA}: "www.example.org. AAAA",
		{Name: "www.example.org.", Type: 65280}:    "www.example.org. TYPE65280",
	} {
		if got := q.String(); got != want {
			t.Errorf("got %q; want %q", got, want)
		}
	}
}

func TestAppendQueryIsWhatServersExpect(t *testing.T) {
	q := question(t, "www.example.org", TypeAAAA)
	for _, edns := range []bool{false, true} {
		b := AppendQuery([]byte("xx"), q, 0x1234, edns)
		var m miekg.Msg
		if err := m.Unpack(b[2:]); err != nil {
			t.Fatalf("edns %v: %v", edns, err)
		}
		if m.Id != 0x1234 || !m.RecursionDesired || m.Response || m.Opcode != miekg.OpcodeQuery ||
			len(m.Question) != 1 || m.Question[0] != (miekg.Question{Name: q.Name, Qtype: q.Type, Qclass: miekg.ClassINET}) {
			t.Errorf("edns %v: got %v", edns, &m)
		}
		if opt := m.IsEdns0(); (opt != nil) != edns || edns && (opt.UDPSize() != 1232 || opt.Version() != 0 || opt.Do()) {
			t.Errorf("edns %v: got OPT %v", edns, opt)
		}
	}
	if b := AppendQuery([]byte("x"), Question{Name: "a..b"}, 1, true); string(b) != "x" {
		t.Errorf("a question that is none made the query %q", b)
	}
}

func TestQuestionSizeCountsWireBytes(t *testing.T) {
	for _, name := range []string{".", "a", "www.example.org", `a\.b.c`, `\000\255x.y`, "bücher.example"} {
		q := question(t, name, TypeA)
		b, err := q.Append(nil)
		if err != nil || len(b) != q.Size() {
			t.Errorf("%q: size %d, made %d bytes, %v", name, q.Size(), len(b), err)
		}
	}
}

// FuzzNewQuestion holds NewQuestion against miekg/dns: what both take must be
// the same name, and a question made must survive the wire.
func FuzzNewQuestion(f *testing.F) {
	for _, s := range []string{"www.example.org", ".", "", `a\.b`, `\255`, "a..b", "ÄÖ.example", strings.Repeat("a.", 127), `\`, "X"} {
		f.Add(s, uint16(1))
	}
	f.Fuzz(func(t *testing.T, name string, typ uint16) {
		q, err := NewQuestion(name, typ)
		if err != nil {
			return
		}
		if again, err := NewQuestion(q.Name, typ); err != nil || again != q {
			t.Fatalf("%q became %q, and that %q, %v", name, q.Name, again.Name, err)
		}
		b, err := q.Append(nil)
		if err != nil || len(b) != q.Size() {
			t.Fatalf("%q: %d bytes, size says %d, %v", q.Name, len(b), q.Size(), err)
		}
		if got, rest, ok := ReadQuestion(b); got != q || !ok || len(rest) != 0 {
			t.Fatalf("%q came back from the wire as %q", q.Name, got.Name)
		}
		theirs := make([]byte, 256)
		n, err := miekg.PackDomainName(q.Name, theirs, 0, nil, false)
		if err != nil || string(theirs[:n]) != string(b[:len(b)-2]) {
			t.Fatalf("%q: miekg/dns packs %x, %v; we %x", q.Name, theirs[:n], err, b)
		}
		text, _, err := miekg.UnpackDomainName(b, 0)
		if err != nil || text != q.Name {
			t.Fatalf("%x: miekg/dns reads %q, %v; we %q", b, text, err, q.Name)
		}
	})
}
