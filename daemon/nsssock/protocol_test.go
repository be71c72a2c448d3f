package nsssock

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mcdns/daemon/glibc"
	"mcdns/daemon/resolvconf"
	"mcdns/test/need"
)

const printProtocol = `
#include <stdio.h>
#include <stddef.h>
#include "mcdns.h"
#define P(name, value) printf("%s %lu\n", name, (unsigned long)(value))
#define Q(s, f) P(#s "." #f, offsetof(struct s, f))
int main(void)
{
	P("magic", MCDNS_MAGIC); P("request_max", MCDNS_REQUEST_MAX); P("reply_max", MCDNS_REPLY_MAX);
	P("request", sizeof(struct mcdns_request)); P("reply", sizeof(struct mcdns_reply)); P("address", sizeof(struct mcdns_address));
	P("by_name", MCDNS_BY_NAME); P("by_address", MCDNS_BY_ADDRESS); P("inet", MCDNS_INET); P("inet6", MCDNS_INET6);
	P("no_search", MCDNS_NO_SEARCH); P("localdomain", MCDNS_LOCALDOMAIN); P("res_options", MCDNS_RES_OPTIONS); P("stamped", MCDNS_STAMPED); P("large", MCDNS_LARGE);
	P("alive", MCDNS_ALIVE); P("found", MCDNS_FOUND); P("no_name", MCDNS_NO_NAME); P("no_data", MCDNS_NO_DATA);
	P("try_again", MCDNS_TRY_AGAIN); P("bad_name", MCDNS_BAD_NAME); P("not_here", MCDNS_NOT_HERE);
	Q(mcdns_request, magic); Q(mcdns_request, length); Q(mcdns_request, kind); Q(mcdns_request, families); Q(mcdns_request, flags);
	Q(mcdns_request, name_length); Q(mcdns_request, localdomain_length); Q(mcdns_request, res_options_length);
	Q(mcdns_request, stamp_high); Q(mcdns_request, stamp_low);
	Q(mcdns_reply, magic); Q(mcdns_reply, length); Q(mcdns_reply, status); Q(mcdns_reply, addresses); Q(mcdns_reply, names); Q(mcdns_reply, ttl);
	Q(mcdns_address, family); Q(mcdns_address, scope); Q(mcdns_address, address);
	P("mixed", mcdns_mix((uint64_t[]){25, 1764525455, 999999999}));
	printf("socket %s\nresolv.conf %s\n", MCDNS_SOCKET, MCDNS_RESOLV_CONF);
	return 0;
}`

func TestProtocolIsThatOfTheModule(t *testing.T) {
	cc, err := exec.LookPath("cc")
	if err != nil {
		need.Missing(t, "no C compiler (cc) to read nss/protocol.h with")
	}
	dir := t.TempDir()
	source, program := filepath.Join(dir, "print.c"), filepath.Join(dir, "print")
	if err := os.WriteFile(source, []byte(printProtocol), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(cc, "-I", "../../nss", "-o", program, source, "../../nss/stamp.c").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(program).Output()
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, p := range []struct {
		name  string
		value int
	}{
		{"magic", magic}, {"request_max", requestMax}, {"reply_max", replyMax},
		{"request", requestLen}, {"reply", replyLen}, {"address", addressLen},
		{"by_name", byName}, {"by_address", byAddress}, {"inet", int(glibc.Inet)}, {"inet6", int(glibc.Inet6)},
		{"no_search", noSearch}, {"localdomain", hasLocaldomain}, {"res_options", hasResOptions}, {"stamped", stamped}, {"large", large},
		{"alive", int(alive)}, {"found", int(glibc.Found)}, {"no_name", int(glibc.NoName)}, {"no_data", int(glibc.NoData)},
		{"try_again", int(glibc.TryAgain)}, {"bad_name", int(glibc.BadName)}, {"not_here", int(notHere)},
		// Where parseRequest and appendFrame put them.
		{"mcdns_request.magic", 0}, {"mcdns_request.length", 4}, {"mcdns_request.kind", 8}, {"mcdns_request.families", 9},
		{"mcdns_request.flags", 10}, {"mcdns_request.name_length", 12}, {"mcdns_request.localdomain_length", 14},
		{"mcdns_request.res_options_length", 16}, {"mcdns_request.stamp_high", 11}, {"mcdns_request.stamp_low", 18},
		{"mcdns_reply.magic", 0}, {"mcdns_reply.length", 4}, {"mcdns_reply.status", 8}, {"mcdns_reply.addresses", 10},
		{"mcdns_reply.names", 12}, {"mcdns_reply.ttl", 16},
		{"mcdns_address.family", 0}, {"mcdns_address.scope", 4}, {"mcdns_address.address", 8},
		{"mixed", int(resolvconf.StampOf(25, time.Unix(1764525455, 999999999)).Bits())},
	} {
		fmt.Fprintf(&want, "%s %d\n", p.name, p.value)
	}
	want.WriteString("socket /run/mcdns/nss.sock\nresolv.conf /etc/resolv.conf\n")
	if got := string(out); got != want.String() {
		t.Errorf("protocol.h says\n%s\nprotocol.go says\n%s", got, want.String())
	}
}

// appendRequest is the module's side.
func appendRequest(r request) []byte {
	b := native.AppendUint32(nil, magic)
	b = native.AppendUint32(b, 0)
	flags := byte(0)
	var localdomain, resOptions string
	if r.NoSearch {
		flags |= noSearch
	}
	if r.Localdomain != nil {
		flags, localdomain = flags|hasLocaldomain, *r.Localdomain
	}
	if r.ResOptions != nil {
		flags, resOptions = flags|hasResOptions, *r.ResOptions
	}
	if r.stamp != resolvconf.Unknown {
		flags |= stamped
	}
	if r.large {
		flags |= large
	}
	b = append(b, r.kind, byte(r.Families), flags, byte(r.stamp.Bits()>>16))
	for _, s := range []string{r.Name, localdomain, resOptions} {
		b = native.AppendUint16(b, uint16(len(s)))
	}
	b = native.AppendUint16(b, uint16(r.stamp.Bits()))
	b = append(b, r.Name+localdomain+resOptions...)
	native.PutUint32(b[4:], uint32(len(b)))
	return b
}

func asks(name string) request {
	return request{kind: byName, Request: glibc.Request{Families: glibc.Inet, Name: name}}
}

func asksAbout(addr string) request {
	return request{kind: byAddress, Request: glibc.Request{Families: glibc.Inet, Name: addr}}
}

func sees(stamp resolvconf.Stamp, r request) request {
	r.stamp = stamp
	return r
}

func TestRequestIsReadAsSent(t *testing.T) {
	empty, search, options := "", "a.example b.example", "ndots:3"
	for _, r := range []request{
		asks("www"),
		{kind: byName, Request: glibc.Request{
			Families: glibc.Inet | glibc.Inet6, Name: "www.example.org.", NoSearch: true, Localdomain: &search, ResOptions: &options,
		}},
		{kind: byName, Request: glibc.Request{Families: glibc.Inet6, Localdomain: &empty, ResOptions: &empty}},
		asksAbout("\xc0\x00\x02\x07"),
		{kind: byName, Request: glibc.Request{Families: glibc.Inet, Name: "www"}, stamp: resolvconf.Known(0), large: true},
		sees(resolvconf.Known(0xfedcba), asks("www")),
	} {
		got, err := parseRequest(appendRequest(r))
		if err != nil || fmt.Sprintf("%+v", deref(got)) != fmt.Sprintf("%+v", deref(r)) {
			t.Errorf("got %+v, %v; want %+v", deref(got), err, deref(r))
		}
	}
}

func deref(r request) [8]any {
	out := [8]any{r.kind, r.Families, r.NoSearch, r.Name, 6: r.stamp, 7: r.large}
	if r.Localdomain != nil {
		out[4] = *r.Localdomain
	}
	if r.ResOptions != nil {
		out[5] = *r.ResOptions
	}
	return out
}

func TestMalformedRequestsAreRefused(t *testing.T) {
	good := appendRequest(asks("www"))
	change := func(at int, to byte) []byte {
		b := bytes.Clone(good)
		b[at] = to
		return b
	}
	for name, b := range map[string][]byte{
		"empty": nil, "half a header": good[:10], "no name": good[:requestLen], "one byte short": good[:len(good)-1],
		"one byte more": append(bytes.Clone(good), 0), "magic": change(0, 'x'), "no kind": change(8, 0), "kind 3": change(8, 3),
		"no family": change(9, 0), "family 4": change(9, 4), "name beyond the end": change(12, 200),
		"search list beyond the end": change(14, 1), "address of 3 bytes": change(8, byAddress),
	} {
		if _, err := parseRequest(b); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func FuzzRequest(f *testing.F) {
	s := "a"
	f.Add(appendRequest(request{kind: byName, Request: glibc.Request{Families: glibc.Inet, Name: "www", Localdomain: &s}}))
	f.Add(appendRequest(sees(resolvconf.Known(1), asksAbout("\xc0\x00\x02\x07"))))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := readRequest(bytes.NewReader(b))
		if err != nil {
			return
		}
		again, err := parseRequest(appendRequest(r))
		if err != nil || deref(again) != deref(r) {
			t.Errorf("%q: got %+v, then %+v, %v", b, deref(r), deref(again), err)
		}
	})
}

func TestFrameNeverExceedsItsBound(t *testing.T) {
	long := strings.Repeat("a", 250)
	var many []netip.Addr
	for i := range 20000 {
		many = append(many, netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
	}
	for _, addresses := range []int{0, 1, 2600, 2718, 2719, 2720, 5000, 10900, 20000} {
		for i, names := range []int{1, 2, 12, 300, 1, 2, 12, 300} {
			most, fit := replyMaxOld, 2700
			if i >= 4 {
				most, fit = replyMax, 10800
			}
			r := glibc.Reply{Status: glibc.Found, Addresses: many[:addresses]}
			for range names {
				r.Names = append(r.Names, long)
			}
			b := appendFrame(nil, r, 0, most)
			if len(b) > most || int(native.Uint32(b[4:])) != len(b) {
				t.Fatalf("%d addresses, %d names: %d bytes, says %d", addresses, names, len(b), native.Uint32(b[4:]))
			}
			a, n := int(native.Uint16(b[10:])), int(native.Uint16(b[12:]))
			if n < 1 || a < min(addresses, fit) || len(b) != replyLen+a*addressLen+n*(len(long)+1) {
				t.Errorf("%d addresses, %d names: frame has %d and %d in %d bytes", addresses, names, a, n, len(b))
			}
		}
	}
}

func TestScopeIsForLinkLocalAddressesOnly(t *testing.T) {
	for text, want := range map[string]uint32{"fe80::1": 7, "2001:db8::1": 0, "169.254.1.1": 0, "192.0.2.1": 0} {
		b := appendAddress(nil, netip.MustParseAddr(text), 7)
		if got := native.Uint32(b[4:]); got != want || len(b) != addressLen {
			t.Errorf("%s: got scope %d in %d bytes; want %d", text, got, len(b), want)
		}
	}
	ours := glibc.Reply{Status: glibc.Found, Names: []string{"ws1"}, Addresses: []netip.Addr{netip.MustParseAddr("fe80::7%7")}}
	if frame := appendFrame(nil, ours, 3, replyMax); native.Uint32(frame[replyLen+4:]) != 7 {
		t.Errorf("the link of fe80::7%%7, which is this host's, is lost: %v", frame)
	}
}

// TestNoAddressIsLeftOut of the most that two DNS messages hold; modules of before,
// which take 64 KiB, get what fits.
func TestNoAddressIsLeftOut(t *testing.T) {
	r := glibc.Reply{Status: glibc.Found, Names: []string{strings.Repeat("a", 1024)}}
	for i := range 4095 {
		r.Addresses = append(r.Addresses, netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
	}
	for i := range 2340 {
		r.Addresses = append(r.Addresses, netip.AddrFrom16([16]byte{0x20, 14: byte(i >> 8), 15: byte(i)}))
	}
	for _, c := range []struct {
		request request
		want    int
	}{{request{large: true}, 4095 + 2340}, {request{}, 2687}} {
		b := appendFrame(nil, r, 0, c.request.room())
		if n := int(native.Uint16(b[10:])); n != c.want {
			t.Errorf("large %v: got %d addresses; want %d", c.request.large, n, c.want)
		}
	}
}
