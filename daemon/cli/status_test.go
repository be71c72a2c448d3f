package cli

import (
	"encoding/json"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"mcdns/daemon/control"
)

func TestSoloHostIsToldHowToMakeTheKeyItLooksFor(t *testing.T) {
	for path, want := range map[string]string{
		"/etc/mcdns/group.key": "(mcdns key generate makes one)",
		"/srv/lan.key":         "(mcdns key generate /srv/lan.key makes one)",
	} {
		if got := groupLine(&control.Group{State: "solo", KeyFile: path}); !strings.HasSuffix(got, want) {
			t.Errorf("%s: got %q; want %q", path, got, want)
		}
	}
}

// served has Run ask a mcdnsd that says this status.
func served(t *testing.T, s control.Status) (code int, said string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "control.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s.Schema = control.StatusSchema
	server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		json.NewEncoder(w).Encode(s)
	})}
	go server.Serve(l)
	defer server.Close()
	var out, errs strings.Builder
	code = Run(t.Context(), "1.2.3", []string{"status", "--socket", path}, &out, &errs)
	return code, out.String() + errs.String()
}

func TestAnotherKeyOrVersionOnTheLinkIsInformationAndNoTrouble(t *testing.T) {
	well := control.Status{Upstream: "up", Group: control.Group{State: control.WithPeers, Peers: 2, Proven: 2}}
	heard := well
	heard.Counters = map[string]uint64{"datagrams_foreign": 1, "datagrams_version": 7}
	quiet, before := served(t, well)
	code, said := served(t, heard)
	if code != 0 || quiet != 0 {
		t.Errorf("exit code %d, without the datagrams %d; want 0", code, quiet)
	}
	for _, want := range []string{
		"Note: another group key is in use on this link: 1 datagram since",
		"Note: another version of mcdns is in use on this link: 7 datagrams since",
	} {
		if !strings.Contains(said, want) || strings.Contains(before, "Note:") {
			t.Errorf("%q is not said, or always:\n%s", want, said)
		}
	}
	for _, trouble := range []string{"Warning:", "Problem:", "Dropped:"} {
		if strings.Contains(said, trouble) {
			t.Errorf("it stands under %s\n%s", trouble, said)
		}
	}
}
