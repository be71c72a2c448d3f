package help

import (
	"fmt"
	"testing"
	"time"

	"mcdns/gocore/wire"
)

// TestHelpIsBoundedForOneAskerOneNameAndInAll, each second anew.
func TestHelpIsBoundedForOneAskerOneNameAndInAll(t *testing.T) {
	for _, c := range []struct {
		what        string
		asker, name func(i int) int
		want        int
	}{
		{"one asker", func(int) int { return 0 }, func(i int) int { return i }, perAsker},
		{"one name", func(i int) int { return i }, func(int) int { return 0 }, 2 * perName},
		{"all", func(i int) int { return i }, func(i int) int { return i }, inAll},
	} {
		var d done
		for second := range time.Duration(2) {
			helped := 0
			for i := range 3 * inAll {
				if d.allow(time.Hour+second*time.Second, wire.Peer{ID: uint64(c.asker(i))}, fmt.Sprint(c.name(i))) {
					helped++
				}
			}
			if helped != c.want {
				t.Errorf("%s: helped %d times in a second; want %d", c.what, helped, c.want)
			}
		}
	}
}
