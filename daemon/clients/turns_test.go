package clients

import (
	"fmt"
	"strings"
	"testing"
)

func TestEachUserHasATurnInARound(t *testing.T) {
	var turns Turns[string]
	for i := range 5 {
		turns.Put(1, fmt.Sprint("a", i))
	}
	turns.Put(2, "b0")
	turns.Put(2, "b1")
	turns.Put(3, "c0")
	var got []string
	for {
		work, some := turns.Take()
		if !some {
			break
		}
		if got = append(got, work); len(got) == 4 {
			turns.Put(4, "d0") // who comes later has its turn in the next round
		}
	}
	if text := strings.Join(got, " "); text != "a0 b0 c0 a1 b1 a2 d0 a3 a4" {
		t.Errorf("got %s", text)
	}
	if len(turns.users)+len(turns.round) > 0 {
		t.Errorf("%d users are left", len(turns.users))
	}
}
