package packages

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mcdns/test/checks"
	"mcdns/test/lab"
)

var (
	part   = os.Getenv("MCDNS_TEST_PACKAGES")
	report = checks.New("test-packages")
)

func TestMain(m *testing.M) {
	switch {
	case part == "":
		fmt.Println("test/packages: nothing is run: make test-packages does, as root")
		return
	case os.Geteuid() != 0:
		fmt.Println("test/packages: only root can boot machines: sudo make test-packages")
		os.Exit(1)
	}
	if err := lab.Enter(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	report.Set("part", part)
	code := m.Run()
	if err := report.Write(filepath.Join(lab.Top(), "build/test-packages.json")); err != nil {
		fmt.Println(err)
		code = 1
	}
	os.Exit(code)
}

// all skips a test that is not for every change.
func all(t *testing.T) {
	t.Helper()
	if part != "all" {
		t.Skip("not of the quick part")
	}
}

// promise checks a figure and puts it into the report.
func promise(t *testing.T, name string, want, got any, ok bool) {
	t.Helper()
	report.Want(name, want, got, ok)
	if !ok {
		t.Errorf("%s: got %v; want %v", name, got, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newLAN has hosts for machines, a DNS server that knows n names, host1 and so
// on, and no mcdns of the lab's.
func newLAN(t *testing.T, hosts, n int, ttl time.Duration) (*lab.LAN, []string) {
	t.Helper()
	zone := lab.NewZone(ttl)
	var names []string
	for i := range n {
		name := fmt.Sprintf("host%d.example.com", i+1)
		zone.Name(name, fmt.Sprintf("192.0.2.%d", i+1))
		names = append(names, name)
	}
	return lab.Start(t, lab.Config{Hosts: hosts, NSS: lab.WithoutMcdns, Zone: zone}), names
}

// boot starts a machine with the packages in /root/packages, those of the next
// version in /root/next.
func boot(t *testing.T, h *lab.Host, root string) *Machine {
	t.Helper()
	m, err := Boot(h, root, layPackages)
	must(t, err)
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := m.Run("journalctl", "--no-pager", "-o", "short-monotonic", "-u", "mcdnsd*")
			t.Logf("%s: journal\n%s", h.Name, log)
		}
		if err := m.Halt(); err != nil {
			t.Error(err)
		}
	})
	return m
}

func layPackages(files string) error {
	build := filepath.Join(lab.Top(), "build")
	for to, from := range map[string]string{"packages": "packages/*.deb", "next": "next/packages/*.deb", "": "lookup*"} {
		found, _ := filepath.Glob(filepath.Join(build, from))
		if len(found) == 0 {
			return fmt.Errorf("build/%s: not there: run make test-packages", from)
		}
		dir := filepath.Join(files, "root", to)
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		if out, err := exec.Command("cp", append(found, dir)...).CombinedOutput(); err != nil {
			return fmt.Errorf("%w: %s", err, out)
		}
	}
	return nil
}

// run runs a program on the machine; the test ends if it fails.
func run(t *testing.T, m *Machine, args ...string) string {
	t.Helper()
	out, err := m.Run(args...)
	must(t, err)
	return strings.TrimSpace(out)
}

// sh runs a line of shell.
func sh(t *testing.T, m *Machine, line string) string {
	t.Helper()
	return run(t, m, "sh", "-ec", line)
}

const (
	install   = "cd /root/packages && apt-get install -y ./mcdns_*_amd64.deb ./libnss-mcdns_*_amd64.deb"
	upgrade   = "cd /root/next && apt-get install -y ./mcdns_*_amd64.deb ./libnss-mcdns_*_amd64.deb"
	downgrade = "cd /root/packages && apt-get install -y --allow-downgrades ./mcdns_*_amd64.deb ./libnss-mcdns_*_amd64.deb"
	purge     = "apt-get purge -y mcdns 'libnss-mcdns.*'"
)

// client starts a client that ends with the test.
func client(t *testing.T, m *Machine, program string) *Client {
	t.Helper()
	c, err := m.NewClient(program)
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// resolves says what a client cannot look up.
func resolves(t *testing.T, c *Client, names []string) (missing []string) {
	t.Helper()
	for _, name := range names {
		l, err := c.Ask(name)
		must(t, err)
		if l.Result != "OK" {
			missing = append(missing, name+" "+l.Result)
		}
	}
	return missing
}

func hostsLine(t *testing.T, m *Machine) string {
	t.Helper()
	return strings.Join(strings.Fields(sh(t, m, "grep ^hosts: /etc/nsswitch.conf")), " ")
}

// ready takes the exit codes of mcdns status that are states for none.
func ready(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == 4 { // no DNS server answers
		return nil
	}
	return err
}
