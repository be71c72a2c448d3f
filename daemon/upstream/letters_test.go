package upstream

import (
	"encoding/binary"
	"strings"
	"testing"

	"mcdns/gocore/dns"
)

const headerLen = 12

// nameLen is the length of the name of a query.
func nameLen(query []byte) int {
	off := headerLen
	for query[off] != 0 {
		off += 1 + int(query[off])
	}
	return off + 1 - headerLen
}

// compressed replies to a query for any name with an alias whose target ends where
// the question's second label begins, as a server compresses it, and with data that
// ends there.
func compressed(query []byte, typ uint16, data string) []byte {
	end := headerLen + nameLen(query) + 4
	r := append([]byte(nil), query[:end]...)
	r[2], r[3], r[7], r[11] = 0x81, 0x80, 1, 0
	zone := binary.BigEndian.AppendUint16(nil, 0xC000|uint16(headerLen+1+int(query[headerLen])))
	r = append(r, 0xC0, headerLen, byte(typ>>8), byte(typ), 0, 1, 0, 0, 0, 60, 0, byte(len(data)+2))
	return append(append(r, data...), zone...)
}

// TestNobodySeesTheDrawnLetters: the names that a server compressed against the
// question come in its own letters, of whatever type, one that may not be
// compressed (HTTPS) included.
func TestNobodySeesTheDrawnLetters(t *testing.T) {
	const cname, mx, srv, https = 5, 15, 33, 65
	for typ, data := range map[uint16]string{cname: "\x01t", mx: "\x00\x0a\x01t", srv: "\x00\x00\x00\x00\x00\x35\x01t", https: "\x00\x01\x01t"} {
		s := start(t, func(q []byte, _ bool) [][]byte { return [][]byte{compressed(q, typ, data)} })
		c := New(4, nil)
		for range 10 { // lower case by chance: 2^-200
			r := askFor(t, c, s.addr, dns.Question{Name: "www.plain-and-long.example.", Type: typ})
			if r.Answer == nil {
				t.Fatalf("type %d: no answer: %v", typ, r.Failure)
			}
			if got := strings.Join(r.Answer.Records(), " "); !strings.Contains(got, "t.plain-and-long.example.") {
				t.Errorf("type %d: %s", typ, got)
			}
		}
		c.Close()
	}
}
