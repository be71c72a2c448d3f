package dns

import (
	"bytes"
	"strings"
	"testing"
	"time"

	miekg "github.com/miekg/dns"
)

// drawn are records as a server sends them that had been asked in drawn letters,
// by whomever: what it compressed against a question has that question's letters.
var drawn = []struct {
	name string
	typ  uint16
	sent []string
	want string
}{
	{"www.plain.example", TypeA, []string{"www.plain.example. 60 IN CNAME t.plAIN.eXaMpLE.", "t.plain.example. 60 IN A 192.0.2.1"}, "t.plain.example."},
	{"www.plain.example", TypeA, []string{"www.plain.example. 60 IN CNAME WWw.ODD.eXamPLe.", "www.odd.example. 60 IN A 192.0.2.1"}, "WWw.ODD.example."},
	{"plain.example", miekg.TypeMX, []string{"plain.example. 60 IN MX 10 Mail.plAIN.eXaMpLE."}, "Mail.plain.example."},
	{"_sip._udp.plain.example", miekg.TypeSRV, []string{"_sip._udp.plain.example. 60 IN SRV 0 0 5060 h.plAIN.eXaMpLE."}, "h.plain.example."},
	{"plain.example", miekg.TypeNAPTR, []string{`plain.example. 60 IN NAPTR 1 1 "S" "SIP" "" _sip._udp.PlaiN.ExAmPle.`}, `"S" "SIP" "" _sip._udp.plain.example.`},
	{"no.plain.example", TypeA, []string{"plain.example. 60 IN SOA ns.plAIN.eXaMpLE. Root.PLAIN.ExAMPLE. 1 2 3 4 5"}, "ns.plain.example. Root.plain.example."},
	{"plain.example", miekg.TypeNS, []string{"plain.example. 60 IN NS xplAIN.eXaMpLE."}, "xplAIN.example."},
	{"1.2.0.192.in-addr.arpa", TypePTR, []string{"1.2.0.192.in-addr.arpa. 60 IN PTR Host-1.Example.ORG."}, "Host-1.Example.ORG."},
	{"plain.example", TypeHTTPS, []string{"plain.example. 60 IN HTTPS 1 Svc.PLAIN.Example."}, "Svc.PLAIN.Example."},
	{".", miekg.TypeNS, []string{". 60 IN NS A.Root-Servers.Net."}, "A.Root-Servers.Net."},
}

// TestDrawnLettersAreSeenByNobody: names in data end in the question's letters where
// they are the question's but for case; letters of all else are the zone's.
func TestDrawnLettersAreSeenByNobody(t *testing.T) {
	for _, c := range drawn {
		for _, flags := range []Flags{0, DO} {
			q := question(t, c.name, c.typ)
			q.Flags = flags
			a, err := ParseAnswer(q, 0, c.sent)
			if err != nil {
				t.Fatalf("%v: %v", q, err)
			}
			if got := strings.Join(a.Records(), "\n"); !strings.Contains(got, c.want) {
				t.Errorf("%v, flags %d: got %s; want %s in it", q, flags, got, c.want)
			}
		}
	}
}

// TestLettersThatWereToldOrSavedArePutRight: answers that an older version fetched
// come from its peers and from the disk as the server sent them.
func TestLettersThatWereToldOrSavedArePutRight(t *testing.T) {
	const zone, sent = "\x05plain\x07example\x00", "\x05plAIN\x07eXaMpLE\x00"
	for _, c := range drawn {
		a := answer(t, c.name, c.typ, 0, c.sent...)
		records := HeaderLen + len(c.name) + 6
		old := *a
		old.Packed = append(a.Packed[:records:records], bytes.ReplaceAll(a.Packed[records:], []byte(zone), []byte(sent))...)
		got := Answer{TTL: time.Minute}
		if err := got.Unpack(old.Packed); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if !bytes.Equal(got.Packed, a.Packed) {
			t.Errorf("%s: got %s; want %s", c.name, got.Records(), a.Records())
		}
	}
}
