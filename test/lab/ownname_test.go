package lab

import (
	"strings"
	"testing"
)

// The line of RHEL 9 and of Debian with libnss-myhostname, whose module is not even
// here: mcdnsd answers for it.
func TestHostFindsItsOwnNameInAnOutage(t *testing.T) {
	l := Start(t, Config{Hosts: 1, NSS: "files mcdns [!UNAVAIL=return] dns myhostname", NoKey: true, Program: BuiltIn})
	h := l.Hosts[0]
	if err := h.Command("sh", "-c", "echo 127.0.0.1 localhost >/etc/hosts").Run(); err != nil {
		t.Fatal(err)
	}
	if err := l.Server.PowerOff(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"h1": h.Addr.String(), "_gateway": l.Router.Addr.String(), "_outbound": h.Addr.String(),
	} {
		out, err := h.Command("getent", "ahosts", name).Output()
		if err != nil || !strings.Contains(string(out), want+" ") {
			t.Errorf("%s: got %q, %v; want %s", name, out, err, want)
		}
	}
	out, err := h.Command("getent", "hosts", h.Addr.String()).Output()
	if err != nil || !strings.HasSuffix(strings.TrimSpace(string(out)), " h1") {
		t.Errorf("%s: got %q, %v; want h1", h.Addr, out, err)
	}
}
