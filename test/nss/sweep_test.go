package nss

import (
	"fmt"
	"strings"
	"testing"

	"mcdns/test/nss/fake"
)

// Every size from 0 up, at every offset from an aligned address: short until it
// is enough, right from then on, nothing outside the buffer (the sweep checks
// the pointers, ASan the bytes).
func TestEveryBufferSize(t *testing.T) {
	answers := map[string]reply{
		"one address":    found([]string{"192.0.2.7"}, []string{"h"}, 7),
		"one IPv6":       found([]string{"2001:db8::7"}, []string{"host.example.org"}, 7),
		"three of IPv4":  found([]string{"192.0.2.7", "192.0.2.8", "192.0.2.9"}, []string{"host.example.org", "www.example.org", "w"}, 7),
		"three of IPv6":  found([]string{"2001:db8::7", "2001:db8::8", "2001:db8::9"}, []string{"host.example.org", "www.example.org"}, 7),
		"both families":  found([]string{"192.0.2.7", "2001:db8::7"}, []string{"host.example.org"}, 7),
		"name and alias": found(nil, []string{"host.example.org", "other.example.org"}, 7),
	}
	tests := []struct{ answer, function, family, preset string }{
		{"one address", "4", "0", ""}, {"both families", "4", "0", ""}, {"one address", "4", "0", "preset"},
		{"both families", "4", "0", "preset"}, {"three of IPv6", "4", "0", "bare"},
		{"one address", "3", inet, ""}, {"three of IPv4", "3", inet, ""}, {"three of IPv4", "2", inet, ""},
		{"three of IPv4", "1", inet, ""}, {"one IPv6", "3", inet6, ""}, {"three of IPv6", "3", inet6, ""},
		{"three of IPv6", "2", inet6, ""}, {"name and alias", "a2", inet, ""}, {"name and alias", "a2", inet6, ""},
		{"name and alias", "a1", inet, "bare"},
	}
	for _, test := range tests {
		t.Run(strings.TrimSpace(fmt.Sprint(test)), func(t *testing.T) {
			listen(t, say(answers[test.answer].Frame()))
			name := "www"
			if test.function[0] == 'a' {
				name = "20010db8000000000000000000000007"
			}
			call(t, "sweep", test.function, test.family, name, "1", test.preset)
		})
	}
}

func TestFiveHundredAddresses(t *testing.T) {
	var four, six []string
	for i := range 500 {
		four = append(four, fmt.Sprintf("192.0.%d.%d", 2+i/250, 1+i%250))
		six = append(six, fmt.Sprintf("2001:db8::%x", 1+i))
	}
	name := []string{"host.example.org"}
	tests := []struct {
		function, family string
		answer           reply
	}{
		{"4", "0", found(append(append([]string{}, four...), six...), name, 7)},
		{"3", inet, found(four, name, 7)},
		{"2", inet6, found(six, name, 7)},
	}
	for _, test := range tests {
		t.Run(test.function+"/"+test.family, func(t *testing.T) {
			listen(t, say(test.answer.Frame()))
			r := call(t, "call", test.function, test.family, "www", "65536")
			r.want(t, "status", "SUCCESS", "addresses", strings.Join(test.answer.Addresses, " "))
			call(t, "sweep", test.function, test.family, "www", "509")
		})
	}
}

// A daemon may send as much as the protocol allows, and not a byte more.
func TestLongestReply(t *testing.T) {
	var many []string
	for i := range (65536 - fake.HeaderSize - len("h") - 1) / fake.AddressSize {
		many = append(many, fmt.Sprintf("10.0.%d.%d", i/250, 1+i%250))
	}
	listen(t, say(found(many, []string{"h"}, 7).Frame()))
	r := call(t, "call", "4", "0", "www", "200000")
	r.want(t, "status", "SUCCESS", "addresses", strings.Join(many, " "))
}
