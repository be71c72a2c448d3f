package main

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"mcdns/test/lab"
)

func TestAttackThatNeverSucceededProvesNothing(t *testing.T) {
	none, some := &outcome{Figure: "none"}, &outcome{Harm: 0.5, Figure: "half"}
	for _, c := range []struct {
		name string
		t    tried
		want int
	}{
		{"as it must be", tried{Control: none, Before: some, Now: none}, 0},
		{"without the history", tried{Control: none, Now: none}, 0},
		{"the control is harmed", tried{Control: some, Before: some, Now: none}, 1},
		{"it did not succeed then", tried{Control: none, Before: none, Now: none}, 1},
		{"nor with the key", tried{Control: none, Edge: none, Now: none}, 1},
		{"it succeeds now", tried{Control: none, Before: some, Now: some}, 1},
		{"it is known to", tried{Control: none, Before: some, Now: some, Left: "said in README"}, 0},
		{"within what is promised", tried{AtMost: 0.6, Control: none, Now: some}, 0},
	} {
		if got := c.t.broken(); len(got) != c.want {
			t.Errorf("%s: got %q; want %d", c.name, got, c.want)
		}
	}
}

func TestQuickIsWhatCIHasTimeFor(t *testing.T) {
	all, err := parse(nil)
	quick, err2 := parse([]string{"-quick"})
	one, err3 := parse([]string{"-row", "9"})
	if err != nil || err2 != nil || err3 != nil || len(all.rows) != len(rows) || len(one.rows) != 1 {
		t.Fatalf("%d rows of %d, one: %d; %v %v %v", len(all.rows), len(rows), len(one.rows), err, err2, err3)
	}
	if all.again || !quick.again || len(quick.rows) >= len(all.rows) {
		t.Errorf("quick has %d of %d rows, again %v", len(quick.rows), len(all.rows), quick.again)
	}
	if _, err := parse([]string{"-row", "999"}); err == nil {
		t.Error("a row that is not there is tried")
	}
}

func TestRowsHaveNumbersOfTheirOwn(t *testing.T) {
	var numbers []string
	for _, r := range rows {
		if r.run == nil || r.edge != nil && !r.held || slices.Contains(numbers, r.number) {
			t.Errorf("row %s has no run, an edge that is not tried or another's number", r.number)
		}
		numbers = append(numbers, r.number)
	}
}

func TestForgedFrameIsADatagramToTheGroup(t *testing.T) {
	f := frame{bytes: forge(netip.MustParseAddr("10.0.0.1"), groupPort, []byte("hello"))}
	if got := string(datagramOf(f.bytes)); got != "hello" || !f.isGroup() || f.from() != netip.MustParseAddr("10.0.0.1") {
		t.Errorf("got %q from %v, to the group: %v", got, f.from(), f.isGroup())
	}
	ip := f.bytes[lab.TapHeader+ethernet:]
	if checksum(ip[:ip4Header]) != 0 {
		t.Error("a wrong checksum")
	}
	if datagramOf(forge(netip.MustParseAddr("10.0.0.1"), 53, []byte("x"))) != nil || datagramOf([]byte(strings.Repeat("x", 90))) != nil {
		t.Error("what is for another port is taken for the group's")
	}
}

func TestJunkFramesAreWhatTheySay(t *testing.T) {
	v4 := forge(netip.MustParseAddr("10.0.0.1"), groupPort, make([]byte, 100))
	v6 := make([]byte, lab.TapHeader+ethernet+ip6Header+udpHeader+100)
	v6[lab.TapHeader+ethernet] = 6 << 4
	for _, was := range [][]byte{v4, v6} {
		made := readdress(was, dummyPort, long(make([]byte, 100)))
		before := (&frame{bytes: made}).from()
		if got := (&frame{bytes: foreign(clone(made))}).from(); got == before {
			t.Errorf("%v is no address of a stranger", got)
		}
		ip := fragment(clone(made))[lab.TapHeader+ethernet:]
		switch {
		case ip[0]>>4 == 6:
			if ip[6] != 44 || ip[ip6Header] != protoUDP || ip[ip6Header+3] != 1 || int(ip[4])<<8|int(ip[5]) != len(ip)-ip6Header {
				t.Errorf("% x is no first fragment", ip[:ip6Header+8])
			}
		case ip[6] != 0x20 || checksum(ip[:ip4Header]) != 0 || (len(ip)-ip4Header)%8 != 0:
			t.Errorf("% x is no first fragment", ip[:ip4Header])
		}
	}
}
