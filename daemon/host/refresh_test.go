package host

import (
	"errors"
	"log/slog"
	"testing"

	"mcdns/daemon/links"
)

func TestHostsFileThatCannotBeReadIsSaidOnce(t *testing.T) {
	log := &lines{}
	h := &Host{log: slog.New(log)}
	dir, none := t.TempDir(), t.TempDir()+"/hosts" // a directory is no file; none is an empty one
	for i, step := range []struct {
		path string
		said int
	}{{none, 0}, {dir, 1}, {dir, 1}, {none, 1}, {dir, 2}} {
		h.readHosts(true, step.path)
		if len(log.text) != step.said || h.hosts.Load() == nil {
			t.Errorf("step %d: said %q; want %d lines, and what was read before", i, log.text, step.said)
		}
	}
}

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
