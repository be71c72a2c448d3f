package host

import (
	"errors"
	"testing"
)

func TestHostTellsItsFirstLabelAndNothingStrange(t *testing.T) {
	for _, c := range []struct {
		hostname string
		tell     bool
		err      error
		want     string
	}{
		{"ws-17.lan.example.org", true, nil, "ws-17"},
		{"ws17", true, nil, "ws17"},
		{"ws17", false, nil, ""},
		{"ws_17", true, nil, ""},
		{"", true, nil, ""},
		{"ws17", true, errors.New("no name"), ""},
	} {
		if got := toldName(c.tell, func() (string, error) { return c.hostname, c.err }); got != c.want {
			t.Errorf("%q, tell_name %v, %v: tells %q; want %q", c.hostname, c.tell, c.err, got, c.want)
		}
	}
}
