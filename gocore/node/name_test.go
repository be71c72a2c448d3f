package node

import (
	"strings"
	"testing"
	"time"
)

// A name is said from the settings that count now, and taken back with them.
func TestPeersAreShownByTheNamesTheyTell(t *testing.T) {
	l := newLAN(t, 3)
	told := func(name string) {
		s := l.settings()
		s.Name = name
		l.nodes[0].handle(Configure{s})
		l.run(2 * time.Minute)
	}
	expect := func(want string) {
		t.Helper()
		for _, n := range l.nodes[1:] {
			var names []string
			for _, p := range n.Peers(l.now) {
				names = append(names, p.Name)
			}
			if got := strings.Join(names, ","); got != want+"," && got != ","+want {
				t.Errorf("host %d shows peers called %q; want %q and one that does not say", n.i, got, want)
			}
		}
	}
	told("ws-17")
	expect("ws-17")
	told("Reception")
	expect("Reception")
	told("")
	expect("")
}
