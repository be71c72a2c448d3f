package nss

import (
	"fmt"
	"strings"
	"testing"

	"mcdns/test/nss/fake"
)

var four = []string{"192.0.2.7", "192.0.2.8"}
var six = []string{"2001:db8::7", "fe80::1%3"}

func TestBothFamiliesComeInOneCall(t *testing.T) {
	d := listen(t, say(found(append(four, six...), []string{"host.example.org", "www.example.org"}, 60).Frame()))
	r := call(t, "call", "4", "0", "www", "1024")
	r.want(t, "status", "SUCCESS", "h_errno", "NETDB_SUCCESS", "errno", "untouched", "own_errno", "kept",
		"name", "host.example.org", "ttl", "60", "addresses", "192.0.2.7 192.0.2.8 2001:db8::7 fe80::1%3")
	if got := d.Asked(); len(got) != 1 || got[0] != (request{Kind: 1, Families: 3, Name: "www"}) {
		t.Errorf("asked %+v", got)
	}
}

func TestPresetTupleIsFilledInPlace(t *testing.T) {
	listen(t, say(found(append(four, six...), []string{"host.example.org"}, 60).Frame()))
	r := call(t, "call", "4", "0", "www", "1024", "preset")
	r.want(t, "status", "SUCCESS", "preset", "kept", "name", "host.example.org",
		"addresses", "192.0.2.7 192.0.2.8 2001:db8::7 fe80::1%3")
}

func TestOneFamilyWithCanonicalNameAndAliases(t *testing.T) {
	for _, f := range byName[1:] {
		t.Run(f.function+"/"+f.family, func(t *testing.T) {
			list, families, length := four, byte(1), "4"
			if f.family == inet6 {
				list, families, length = six, 2, "16"
			}
			d := listen(t, say(found(list, []string{"host.example.org", "www.example.org", "web.example.org"}, 7).Frame()))
			r := call(t, "call", f.function, f.family, "www", "1024")
			r.want(t, "status", "SUCCESS", "h_errno", "NETDB_SUCCESS", "errno", "untouched",
				"name", "host.example.org", "aliases", "www.example.org web.example.org", "family", f.family,
				"length", length, "addresses", strings.ReplaceAll(strings.Join(list, " "), "%3", ""))
			if f.function == "3" {
				r.want(t, "canonical", "host.example.org", "ttl", "7")
			}
			if got := d.Asked(); len(got) != 1 || got[0] != (request{Kind: 1, Families: families, Name: "www"}) {
				t.Errorf("asked %+v", got)
			}
		})
	}
}

func TestCallerMayLeaveOutTTLAndCanonicalName(t *testing.T) {
	listen(t, say(found(four, []string{"host.example.org"}, 7).Frame()))
	for _, function := range []string{"4", "3"} {
		call(t, "call", function, inet, "www", "1024", "bare").want(t, "status", "SUCCESS", "ttl", "untouched")
	}
	call(t, "call", "a2", inet, "c0000207", "1024", "bare").want(t, "status", "UNAVAIL")
}

// A TTL above 2^31-1 counts as none (RFC 2181 section 8), and must not turn negative.
func TestHugeTTLStaysOut(t *testing.T) {
	listen(t, say(found(four, []string{"host.example.org"}, 1<<32-1).Frame()))
	call(t, "call", "4", "0", "www", "1024").want(t, "status", "SUCCESS", "ttl", "untouched")
}

func TestAddressGivesNameAndAliases(t *testing.T) {
	tests := []struct{ name, family, hex, ask, families, wantFamily, address string }{
		{"IPv4", inet, "c0000207", "\xc0\x00\x02\x07", "1", inet, "192.0.2.7"},
		{"IPv6", inet6, "20010db8000000000000000000000007", "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07", "2", inet6, "2001:db8::7"},
		{"IPv4-mapped is asked as IPv4", inet6, "00000000000000000000ffffc0000207", "\xc0\x00\x02\x07", "1", inet, "192.0.2.7"},
		{"IPv4-compatible is asked as IPv4", inet6, "000000000000000000000000c0000207", "\xc0\x00\x02\x07", "1", inet, "192.0.2.7"},
		{"::1 is not", inet6, "00000000000000000000000000000001", "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01", "2", inet6, "::1"},
	}
	for _, test := range tests {
		for _, function := range []string{"a2", "a1"} {
			t.Run(function+" "+test.name, func(t *testing.T) {
				d := listen(t, say(found(nil, []string{"host.example.org", "www.example.org"}, 9).Frame()))
				r := call(t, "call", function, test.family, test.hex, "1024", "LOCALDOMAIN=not.for.addresses")
				r.want(t, "status", "SUCCESS", "h_errno", "NETDB_SUCCESS", "name", "host.example.org",
					"aliases", "www.example.org", "family", test.wantFamily, "addresses", test.address)
				if function == "a2" {
					r.want(t, "ttl", "9")
				}
				want := request{Kind: 2, Families: test.families[0] - '0', Name: test.ask}
				if got := d.Asked(); len(got) != 1 || got[0] != want {
					t.Errorf("asked %+v; want %+v", got, want)
				}
			})
		}
	}
}

func TestStatusesAreThoseOfNssDns(t *testing.T) {
	tests := []struct {
		status                byte
		result, hError, error string
	}{
		{fake.NoName, "NOTFOUND", "HOST_NOT_FOUND", "untouched"},
		{fake.BadName, "NOTFOUND", "HOST_NOT_FOUND", "untouched"},
		{fake.NoData, "NOTFOUND", "NO_DATA", "untouched"},
		{fake.TryAgain, "TRYAGAIN", "TRY_AGAIN", "EAGAIN"},
	}
	all := append(append([]struct{ function, family string }{}, byName...),
		[]struct{ function, family string }{{"a2", inet}, {"a1", inet}}...)
	for _, test := range tests {
		t.Run(test.hError, func(t *testing.T) {
			d := listen(t, say(reply{Status: test.status}.Frame()))
			for _, f := range all {
				r := call(t, "call", f.function, f.family, "c0000207", "1024")
				r.want(t, "status", test.result, "h_errno", test.hError, "errno", test.error, "own_errno", "kept", "ttl", "untouched")
			}
			if n := len(d.Asked()); n != len(all) {
				t.Errorf("asked %d times; want %d", n, len(all))
			}
		})
	}
}

func TestOtherFamiliesFailAsInNssDns(t *testing.T) {
	d := listen(t, say(found(four, []string{"host.example.org"}, 7).Frame()))
	for _, family := range []string{"0", "1", "16", "-1", "99"} {
		for _, function := range []string{"3", "2"} {
			call(t, "call", function, family, "www", "1024").want(t,
				"status", "UNAVAIL", "errno", "EAFNOSUPPORT", "h_errno", "NO_DATA")
		}
		call(t, "call", "a2", family, "c0000207", "1024").want(t,
			"status", "UNAVAIL", "errno", "EAFNOSUPPORT", "h_errno", "NETDB_INTERNAL")
	}
	for _, short := range []string{"c00002", ""} {
		call(t, "call", "a2", inet, short, "1024").want(t, "status", "UNAVAIL", "errno", "EAFNOSUPPORT")
	}
	call(t, "call", "a2", inet6, "20010db8", "1024").want(t, "status", "UNAVAIL", "errno", "EAFNOSUPPORT")
	if got := d.Asked(); len(got) != 0 {
		t.Errorf("asked %+v; want nothing", got)
	}
}

func TestNamesGoToTheDaemonAsTheyAre(t *testing.T) {
	names := []string{"", ".", "a", "www.", "_srv._tcp", "192.0.2.7", "b\xc3\xbccher.example", "a b", "\\065\\.x",
		strings.Repeat("x", 1024)}
	for _, name := range names {
		t.Run(fmt.Sprintf("%.20q", name), func(t *testing.T) {
			d := listen(t, say(reply{Status: fake.NoName}.Frame()))
			call(t, "call", "4", "0", name, "1024").want(t, "status", "NOTFOUND")
			if got := d.Asked(); len(got) != 1 || got[0].Name != name {
				t.Errorf("asked %+v", got)
			}
		})
	}
}

func TestNameThatNoDNSCouldCarryIsNotAsked(t *testing.T) {
	d := listen(t, say(found(four, []string{"host.example.org"}, 7).Frame()))
	for _, length := range []int{1025, 5000, 100000} {
		call(t, "call", "4", "0", strings.Repeat("x", length), "1024").want(t,
			"status", "NOTFOUND", "h_errno", "HOST_NOT_FOUND", "own_errno", "kept")
	}
	if got := d.Asked(); len(got) != 0 {
		t.Errorf("asked %+v; want nothing", got)
	}
}

func TestScopeOnlyBesideLinkLocal(t *testing.T) {
	listen(t, say(found([]string{"fe80::1%3", "febf::1%4", "fec0::1%5", "2001:db8::1%6", "::ffff:1.2.3.4"},
		[]string{"host.example.org"}, 7).Frame()))
	call(t, "call", "4", "0", "www", "1024").want(t,
		"addresses", "fe80::1%3 febf::1%4 fec0::1 2001:db8::1 ::ffff:1.2.3.4")
}
