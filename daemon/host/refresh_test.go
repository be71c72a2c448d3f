package host

import (
	"errors"
	"log/slog"
	"testing"

	"mcdns/daemon/links"
)

// TestInterfacesStandWhileTheKernelDoesNotListThem: without any the host would
// leave its group and forget where it is.
func TestInterfacesStandWhileTheKernelDoesNotListThem(t *testing.T) {
	log := &lines{}
	h := &Host{log: slog.New(log)}
	known := []links.Interface{{Index: 2, Name: "eth0"}}
	fails := func() ([]links.Interface, error) { return nil, errors.New("a test") }
	works := func() ([]links.Interface, error) { return known, nil }
	for i, step := range []struct {
		list  func() ([]links.Interface, error)
		blind bool
		said  int
	}{{works, false, 0}, {fails, true, 1}, {fails, true, 1}, {works, false, 1}, {fails, true, 2}} {
		all, blind := h.ifaces(step.list)
		h.current.all, h.current.blind = all, blind
		if len(all) != 1 || all[0].Name != "eth0" || blind != step.blind || len(log.text) != step.said {
			t.Errorf("step %d: got %v, blind %v, said %q; want eth0, %v, %d lines", i, all, blind, log.text, step.blind, step.said)
		}
	}
}
