package dns

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	miekg "github.com/miekg/dns"
	"pgregory.net/rapid"
)

// packed builds an answer by hand: a question and records of which counts say
// how many are in which section.
func packed(flags uint16, name []byte, typ uint16, an, ns int, records ...[]byte) []byte {
	b := []byte{0, 0, byte(flags >> 8), byte(flags), 0, 1, 0, byte(an), 0, byte(ns), 0, 0}
	b = append(b, name...)
	b = binary.BigEndian.AppendUint16(b, typ)
	b = append(b, 0, ClassIN)
	for _, r := range records {
		b = append(b, r...)
	}
	return b
}

const noerror, nxdomain = 0x8180, 0x8183

// What a peer must not be able to say (PROTOCOL 7.1) has no form.
func TestPeerCanSayNothingBesideTheAnswer(t *testing.T) {
	name := []byte("\x01a\x07example\x00")
	own := []byte{0xC0, 12}
	addr := []byte{192, 0, 2, 1}
	a := rawRR(own, TypeA, 60, addr)
	// Behind the question of name, a first record's data begins here.
	at := HeaderLen + len(name) + 4 + recordLen
	target := []byte{0xC0, byte(at)}
	cname := rawRR(own, TypeCNAME, 60, []byte("\x01b\x00"))
	soaData := append([]byte("\x02ns\x00\x04root\x00"), make([]byte, 20)...)
	zone := []byte{0xC0, 14} // "example" within the question
	for _, c := range []struct {
		name string
		b    []byte
		good bool
	}{
		{"an address", packed(noerror, name, TypeA, 1, 0, a), true},
		{"a chain", packed(noerror, name, TypeA, 2, 0, cname, rawRR(target, TypeA, 60, addr)), true},
		{"a negative", packed(nxdomain, name, TypeA, 0, 1, rawRR(zone, TypeSOA, 60, soaData)), true},
		{"the root's SOA", packed(nxdomain, name, TypeA, 0, 1, rawRR([]byte{0xC0, 22}, TypeSOA, 60, soaData)), true},
		{"the highest TTL", packed(noerror, name, TypeA, 1, 0, rawRR(own, TypeA, MaxTTL, addr)), true},
		{"two strings", packed(noerror, name, miekg.TypeTXT, 1, 0, rawRR(own, miekg.TypeTXT, 60, []byte("\x01x\x02yz"))), true},
		{"a NAPTR", packed(noerror, name, miekg.TypeNAPTR, 1, 0, rawRR(own, miekg.TypeNAPTR, 60, []byte("\x00\x01\x00\x02\x01u\x03E2U\x00\x01r\x00"))), true},
		{"a NAPTR cut", packed(noerror, name, miekg.TypeNAPTR, 1, 0, rawRR(own, miekg.TypeNAPTR, 60, []byte("\x00\x01\x00\x02\x01u\x03E2U\x00"))), false},
		{"a string longer than the record", packed(noerror, name, miekg.TypeTXT, 1, 0, rawRR(own, miekg.TypeTXT, 60, []byte("\x01x\x02y"))), false},
		{"a SvcParam twice", packed(noerror, name, TypeHTTPS, 1, 0, rawRR(own, TypeHTTPS, 60, []byte("\x00\x01\x00\x00\x02\x00\x00\x00\x02\x00\x00"))), false},
		{"a name of 256 bytes", packed(noerror, []byte(strings.Repeat("\x3e"+strings.Repeat("a", 62), 4)+"\x02ab\x00"), TypeA, 1, 0, a), false},
		{"a name of 255 bytes", packed(noerror, []byte(strings.Repeat("\x3e"+strings.Repeat("a", 62), 4)+"\x01a\x00"), TypeA, 1, 0, a), true},
		{"a label type of 1987", packed(noerror, []byte("\x41"+strings.Repeat("a", 65)+"\x00"), TypeA, 1, 0, a), false},
		{"a pointer for a question", packed(noerror, []byte{0xC0, 0}, TypeA, 1, 0, a), false},
		{"an id", func() []byte { b := packed(noerror, name, TypeA, 1, 0, a); b[0] = 1; return b }(), false},
		{"a query", packed(0x0100, name, TypeA, 0, 0), false},
		{"truncated", packed(noerror|0x0200, name, TypeA, 1, 0, a), false},
		{"authentic by a peer's word (AD)", packed(noerror|0x0020, name, TypeA, 1, 0, a), false},
		{"SERVFAIL", packed(0x8182, name, TypeA, 0, 0), false},
		{"two questions", func() []byte { b := packed(noerror, name, TypeA, 1, 0, a); b[5] = 2; return b }(), false},
		{"no question", packed(noerror, nil, TypeA, 0, 0), false},
		{"upper case", packed(noerror, []byte("\x01A\x00"), TypeA, 1, 0, a), false},
		{"another class", func() []byte { b := packed(noerror, name, TypeA, 1, 0, a); b[HeaderLen+len(name)+3] = 3; return b }(), false},
		{"ANY", packed(noerror, name, miekg.TypeANY, 0, 0), false},
		{"an owner of its own", packed(noerror, name, TypeA, 1, 0, rawRR([]byte("\x04bank\x00"), TypeA, 60, addr)), false},
		{"an owner above the question", packed(noerror, name, TypeA, 1, 0, rawRR(zone, TypeA, 60, addr)), false},
		{"another type", packed(noerror, name, TypeA, 2, 0, a, rawRR(own, miekg.TypeTXT, 60, []byte("\x01x"))), false},
		{"a record behind a CNAME that is not its target", packed(noerror, name, TypeA, 2, 0, cname, a), false},
		{"a CNAME behind addresses", packed(noerror, name, TypeA, 2, 0, a, cname), false},
		{"a CNAME to itself", packed(noerror, name, TypeA, 1, 0, rawRR(own, TypeCNAME, 60, []byte("\x01A\x07example\x00"))), false},
		{"a compressed target", packed(noerror, name, TypeA, 1, 0, rawRR(own, TypeCNAME, 60, own)), false},
		{"addresses beside NXDOMAIN", packed(nxdomain, name, TypeA, 1, 0, a), false},
		{"an SOA beside addresses", packed(noerror, name, TypeA, 1, 1, a, rawRR(zone, TypeSOA, 60, soaData)), false},
		{"NS in authority", packed(noerror, name, TypeA, 0, 1, rawRR(zone, miekg.TypeNS, 60, []byte("\x01n\x00"))), false},
		{"two SOAs", packed(nxdomain, name, TypeA, 0, 2, rawRR(zone, TypeSOA, 60, soaData), rawRR(zone, TypeSOA, 60, soaData)), false},
		{"an SOA of a zone it is not in", packed(nxdomain, name, TypeA, 0, 1, rawRR([]byte{0xC0, 13}, TypeSOA, 60, soaData)), false},
		{"a short SOA", packed(nxdomain, name, TypeA, 0, 1, rawRR(zone, TypeSOA, 60, soaData[:20])), false},
		{"a TTL of 2^31", packed(noerror, name, TypeA, 1, 0, rawRR(own, TypeA, 1<<31, addr)), false},
		{"glue", func() []byte { b := packed(noerror, name, TypeA, 1, 0, a, a); b[11] = 1; return b }(), false},
		{"an address of 5 bytes", packed(noerror, name, TypeA, 1, 0, rawRR(own, TypeA, 60, append(addr, 1))), false},
		{"an IPv6 address of 4 bytes", packed(noerror, name, TypeAAAA, 1, 0, rawRR(own, TypeAAAA, 60, addr)), false},
		{"bytes behind", append(packed(noerror, name, TypeA, 1, 0, a), 0), false},
		{"fewer records than it says", packed(noerror, name, TypeA, 3, 0, a), false},
		{"SvcParams out of order", packed(noerror, name, TypeHTTPS, 1, 0, rawRR(own, TypeHTTPS, 60, []byte("\x00\x01\x00\x00\x04\x00\x04\x01\x02\x03\x04\x00\x01\x00\x00"))), false},
		{"a hint of 3 bytes", packed(noerror, name, TypeHTTPS, 1, 0, rawRR(own, TypeHTTPS, 60, []byte("\x00\x01\x00\x00\x04\x00\x03\x01\x02\x03"))), false},
		{"a TXT of no string", packed(noerror, name, miekg.TypeTXT, 1, 0, rawRR(own, miekg.TypeTXT, 60, nil)), false},
	} {
		if _, err := checkForm(c.b); (err == nil) != c.good {
			t.Errorf("%s: error %v; want good %v", c.name, err, c.good)
		}
	}
}

func TestChainOfTwelveHasNoForm(t *testing.T) {
	for n, good := range map[int]bool{11: true, 12: false} {
		b := packed(noerror, []byte("\x01a\x00"), TypeA, n, 0)
		owner := 12
		for i := range n {
			b = append(b, rawRR([]byte{0xC0 | byte(owner>>8), byte(owner)}, TypeCNAME, 1, []byte{2, 'x', byte('a' + i), 0})...)
			owner = len(b) - 4
		}
		if _, err := checkForm(b); (err == nil) != good {
			t.Errorf("%d CNAMEs: %v; want good %v", n, err, good)
		}
	}
}

func TestNoCutAnswerHasAForm(t *testing.T) {
	for _, a := range samples(t) {
		if _, err := checkForm(a.Packed); err != nil {
			t.Errorf("%v: %v", a.Question, err)
		}
		for n := range a.Packed {
			if _, err := checkForm(a.Packed[:n]); err == nil {
				t.Errorf("%v cut to %d of %d bytes is taken", a.Question, n, len(a.Packed))
			}
		}
	}
}

func TestPrivateAddressIsSeen(t *testing.T) {
	for _, c := range []struct {
		addr    string
		private bool
	}{
		{"192.0.2.1", false}, {"8.8.8.8", false}, {"223.255.255.255", false}, {"172.15.0.1", false}, {"100.63.0.1", false}, {"198.17.0.1", false},
		{"10.1.2.3", true}, {"172.16.0.1", true}, {"172.31.255.255", true}, {"192.168.0.1", true}, {"127.0.0.1", true}, {"127.255.0.1", true},
		{"169.254.1.1", true}, {"0.0.0.0", true}, {"0.1.2.3", true}, {"100.64.0.1", true}, {"198.18.0.1", true}, {"192.0.0.8", true},
		{"224.0.0.1", true}, {"255.255.255.255", true}, {"240.0.0.1", true},
		{"2001:db8::1", false}, {"2606:4700::1111", false}, {"64:ff9b::808:808", false}, {"2002:808:808::1", false},
		{"::1", true}, {"::", true}, {"fe80::1", true}, {"fd00::1", true}, {"fc00::1", true}, {"fec0::1", true}, {"ff02::1", true},
		{"::ffff:10.0.0.1", true}, {"::ffff:8.8.8.8", false}, {"::10.0.0.1", true}, {"64:ff9b::a00:1", true}, {"2002:a00:1::", true}, {"64:ff9b:1::808:808", true},
	} {
		typ, text := TypeA, "A"
		if bytes.ContainsRune([]byte(c.addr), ':') {
			typ, text = TypeAAAA, "AAAA"
		}
		if a := answer(t, "x.example", typ, 0, "x.example. 60 IN "+text+" "+c.addr); a.Private != c.private {
			t.Errorf("%s: private %v; want %v", c.addr, a.Private, c.private)
		}
	}
	for hint, private := range map[string]bool{
		`ipv4hint="192.0.2.1"`: false, `alpn="h2" ipv4hint="192.0.2.1,10.0.0.1"`: true,
		`ipv6hint="2001:db8::1"`: false, `ipv6hint="fd00::1"`: true, `alpn="h2"`: false,
	} {
		if a := answer(t, "x.example", TypeHTTPS, 0, "x.example. 60 IN HTTPS 1 . "+hint); a.Private != private {
			t.Errorf("%s: private %v; want %v", hint, a.Private, private)
		}
	}
	if a := answer(t, "x.example", TypeA, 0, "x.example. 60 IN A 192.0.2.1", "x.example. 60 IN A 192.168.0.1"); !a.Private {
		t.Error("a private address among public ones was not seen")
	}
}

func TestSameDataWhateverOrderTTLAndCase(t *testing.T) {
	base := []string{"a.example. 300 IN CNAME B.example.", "b.example. 60 IN A 192.0.2.1", "b.example. 60 IN A 192.0.2.2"}
	for _, c := range []struct {
		name    string
		records []string
		rcode   int
		same    bool
	}{
		{"itself", base, 0, true},
		{"other TTLs", []string{"a.example. 3 IN CNAME B.example.", "b.example. 4 IN A 192.0.2.1", "b.example. 5 IN A 192.0.2.2"}, 0, true},
		{"other order", []string{base[0], base[2], base[1]}, 0, true},
		{"other case", []string{"a.example. 300 IN CNAME b.EXAMPLE.", base[2], base[1]}, 0, true},
		{"one less", base[:2], 0, false},
		{"another address", []string{base[0], base[1], "b.example. 60 IN A 192.0.2.3"}, 0, false},
		{"one twice instead", []string{base[0], base[1], base[1]}, 0, false},
		{"another chain", []string{"a.example. 300 IN CNAME c.example.", "c.example. 60 IN A 192.0.2.1", "c.example. 60 IN A 192.0.2.2"}, 0, false},
		{"denied", base, 3, false},
	} {
		a, b := answer(t, "a.example", TypeA, 0, base...), answer(t, "a.example", TypeA, c.rcode, c.records...)
		if a.SameData(b) != c.same || b.SameData(a) != c.same {
			t.Errorf("%s: same %v and %v; want %v", c.name, a.SameData(b), b.SameData(a), c.same)
		}
		if (a.DataHash() == b.DataHash()) != c.same {
			t.Errorf("%s: hashes %x and %x; want them the same: %v", c.name, a.DataHash(), b.DataHash(), c.same)
		}
	}
	a, b := answer(t, "a.example", TypeA, 0, base...), answer(t, "a.example", TypeA, 0, "a.example. 3 IN CNAME B.example.", "b.example. 4 IN A 192.0.2.1", "b.example. 5 IN A 192.0.2.2")
	if n := testing.AllocsPerRun(10, func() { a.SameData(b) }); n != 0 {
		t.Errorf("a refresh with the same data costs %v allocations to compare; want none", n)
	}
	if sameRecords(nil, samples(t)[0].Packed) || !sameRecords(nil, nil) {
		t.Error("an empty answer is the same as itself alone")
	}
}

func TestShufflingRecordsIsTheSameData(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		hosts := rapid.SliceOfNDistinct(rapid.IntRange(1, 250), 1, 20, rapid.ID[int]).Draw(t, "hosts")
		name := []byte("\x01a\x00")
		build := func(order []int) []byte {
			var rs [][]byte
			for _, h := range order {
				rs = append(rs, rawRR([]byte{0xC0, 12}, TypeA, rapid.Uint32Max(MaxTTL).Draw(t, "ttl"), []byte{192, 0, 2, byte(h)}))
			}
			return packed(noerror, name, TypeA, len(rs), 0, rs...)
		}
		a, b := build(hosts), build(rapid.Permutation(hosts).Draw(t, "order"))
		if !sameRecords(a, b) {
			t.Fatalf("%x and %x differ", a, b)
		}
		other := slices.Clone(b)
		other[len(other)-1] = 251
		if sameRecords(a, other) {
			t.Fatalf("%x and %x are the same", a, other)
		}
	})
}
