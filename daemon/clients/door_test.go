package clients

import (
	"fmt"
	"strings"
	"testing"
)

func TestCrowdAtTheDoorLetsTheNextUserThrough(t *testing.T) {
	in, out := make(chan uint32), make(chan bool)
	door := NewDoor(2)
	enter := func(user uint32) {
		door.Enter(user, func(endTurn func()) {
			go func() {
				in <- user
				<-out
				endTurn()
				endTurn() // again does no harm
			}()
		})
	}
	for range 5 {
		enter(1)
	}
	enter(2)
	var got []string
	for i := range 6 {
		if i >= 2 {
			out <- true
		}
		got = append(got, fmt.Sprint(<-in))
	}
	out <- true
	out <- true
	if text := strings.Join(got, " "); text != "1 1 1 2 1 1" && text != "1 1 2 1 1 1" {
		t.Errorf("let in: %s", text)
	}
}
