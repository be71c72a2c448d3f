package upstream

import (
	"reflect"
	"testing"
)

// A door that grows is a wall that is missing: who adds to it takes something away.
const (
	mostOfDoor = 15 // methods of Upstream, two of them for simulators alone
	mostOfHost = 9
)

func TestUpstreamHasADoorOneCanName(t *testing.T) {
	door, host := reflect.TypeFor[*Upstream]().NumMethod(), reflect.TypeFor[Host]().NumMethod()
	if door > mostOfDoor || host > mostOfHost {
		t.Errorf("the door has %d methods, its host %d; want %d and %d", door, host, mostOfDoor, mostOfHost)
	}
	for i := range reflect.TypeFor[Upstream]().NumField() {
		if f := reflect.TypeFor[Upstream]().Field(i); f.IsExported() {
			t.Errorf("anybody may write %s", f.Name)
		}
	}
}

// A timer without a row would stop the node when it is due.
func TestEveryTimerOfAServerHasARow(t *testing.T) {
	for d, f := range due {
		if f == nil {
			t.Errorf("nothing is done when timer %d is due; give it a row in timers.go", d)
		}
	}
}
