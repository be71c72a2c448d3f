package packages

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"mcdns/test/lab"
)

// readmeCommands are the indented lines of README's "Install", as they stand.
func readmeCommands(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(lab.Top(), "README.md"))
	must(t, err)
	_, section, found := strings.Cut(string(text), "\n## Install\n")
	if !found {
		t.Fatal("README.md has no section Install")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	var commands []string
	for line := range strings.Lines(section) {
		if command, ok := strings.CutPrefix(line, "    "); ok {
			commands = append(commands, strings.TrimSpace(command))
		}
	}
	return commands
}

// typeReadme types the commands of README on a machine: those of the machine
// that builds (make) are done, and root needs no sudo.
func typeReadme(t *testing.T, m *Machine) {
	t.Helper()
	typed := 0
	for _, command := range readmeCommands(t) {
		if strings.HasPrefix(command, "make ") {
			continue
		}
		asRoot(t, m, command)
		typed++
	}
	promise(t, "README's Install: commands typed", "at least 2", typed, typed >= 2)
}

// asRoot types a command in the directory of the packages, without sudo, and says yes.
func asRoot(t *testing.T, m *Machine, command string) string {
	t.Helper()
	if strings.HasPrefix(command, "sudo apt-get install") {
		command += " -y"
	}
	begun := time.Now()
	said := sh(t, m, "cd /root/packages; "+strings.ReplaceAll(command, "sudo ", ""))
	t.Logf("%s: %s took %v", m.host.Name, command, time.Since(begun).Round(time.Second/10))
	return said
}

// TestReadmesCommandsMakeThreeMachinesAGroup: nothing is typed on three fresh systems but
// what README says, and what the command that makes the key says in turn.
func TestReadmesCommandsMakeThreeMachinesAGroup(t *testing.T) {
	all(t) // it took 15 and 23 s, and once 237, which is not explained
	lan, names := newLAN(t, 3, 20, time.Hour)
	var machines []*Machine
	for _, h := range lan.Hosts {
		machines = append(machines, boot(t, h, "bookworm"))
	}
	begun, said := time.Now(), ""
	for _, command := range readmeCommands(t) {
		switch {
		case strings.HasPrefix(command, "make "): // on the machine that builds
		case strings.Contains(command, "mcdns key generate"): // "on one host"
			said = asRoot(t, machines[0], command)
		default:
			for _, m := range machines {
				asRoot(t, m, command)
			}
		}
	}
	_, copies, found := strings.Cut(said, "Copy it to every host of the LAN; mcdnsd takes it up at once:\n  sudo ")
	give, take, piped := strings.Cut(copies, " | ssh root@HOST ")
	if !found || !piped {
		t.Fatalf("the command does not say how to copy the key: %s", said)
	}
	key, err := machines[0].Command("sh", "-ec", give).Output()
	must(t, err)
	for _, m := range machines[1:] {
		c := m.Command("sh", "-ec", take)
		c.Stdin = bytes.NewReader(key)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v, %s", take, err, out)
		}
	}
	must(t, onEach(machines, func(_ int, m *Machine) error { return hearAll(m, 2) }))
	took := time.Since(begun).Round(time.Second)
	promise(t, "three machines share by README's commands alone within", "5m", took, took < 5*time.Minute)

	if missing := resolves(t, client(t, machines[0], lookupProgram), names); missing != nil {
		t.Fatalf("while the server is up: %v", missing)
	}
	must(t, until(20*time.Second, func() error { return holdAll(machines, len(names)) }))
	for _, m := range machines {
		out, _ := m.Run("mcdns", "doctor")
		promise(t, "findings of mcdns doctor on a machine that is well", "none", out, strings.HasPrefix(out, "0 failed, 0 warnings, "))
	}
	must(t, lan.Server.PowerOff())
	for _, m := range machines[1:] {
		missing := resolves(t, client(t, m, lookupProgram), names)
		promise(t, "names that another machine looked up, the DNS server dead", len(names), len(names)-len(missing), missing == nil)
	}
}

// state is what an installation must leave as it was: every file's name, kind
// and content, but for logs, the lists of dpkg, apt and debconf, the system user
// and what systemd keeps for itself.
func state(t *testing.T, m *Machine) []string {
	t.Helper()
	const find = `cd / && find . -xdev \( -path ./proc -o -path ./sys -o -path ./dev -o -path ./tmp -o -path ./root
	-o -path ./var/log -o -path ./var/cache -o -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/lib/systemd/timers
	-o -path ./run/systemd -o -path ./run/udev -o -path ./run/log -o -path ./run/dbus -o -path ./run/lock
	-o -name 'passwd*' -o -name 'group*' -o -name 'shadow*' -o -name 'gshadow*' -o -name .pwd.lock \) -prune
	-o -type f -exec sha256sum {} + -o -print; [ ! -d /run/mcdns ] || find /run/mcdns`
	lines := strings.Split(sh(t, m, strings.ReplaceAll(find, "\n", " ")), "\n")
	slices.Sort(lines)
	return lines
}

// differences are the lines that only one of two sorted lists has.
func differences(before, after []string) []string {
	var out []string
	for _, line := range after {
		if _, found := slices.BinarySearch(before, line); !found {
			out = append(out, "+ "+line)
		}
	}
	for _, line := range before {
		if _, found := slices.BinarySearch(after, line); !found {
			out = append(out, "- "+line)
		}
	}
	return out
}

// One command, and every program resolves through mcdns at once; purge leaves
// nothing behind.
func TestInstallServesEveryProgramAtOnceAndPurgeLeavesNothing(t *testing.T) {
	lan, names := newLAN(t, 1, 50, time.Hour)
	m := boot(t, lan.Hosts[0], "bookworm")
	running := client(t, m, lookupProgram)
	if missing := resolves(t, running, names[:1]); missing != nil {
		t.Fatalf("before installation: %v", missing)
	}
	before, nsswitch := state(t, m), sh(t, m, "sha256sum /etc/nsswitch.conf")

	typeReadme(t, m)
	promise(t, "hosts line after installation", "hosts: files mcdns [!UNAVAIL=return] dns", hostsLine(t, m),
		hostsLine(t, m) == "hosts: files mcdns [!UNAVAIL=return] dns")
	checkUnits(t, m)
	if missing := resolves(t, running, names); missing != nil {
		t.Errorf("the program that was running: %v", missing)
	}
	asked := len(lan.Server.Queries())
	must(t, lan.Server.PowerOff())
	promise(t, "names resolved by a program that ran before the installation, DNS server dead",
		50, 50-len(resolves(t, running, names)), resolves(t, running, names) == nil)
	checkPrograms(t, m, names)
	must(t, lan.Server.On())
	if extra := len(lan.Server.Queries()) - asked; extra > 5 { // probes of the dead server
		t.Errorf("the DNS server was asked %d times for what mcdns knew", extra)
	}

	sh(t, m, purge)
	left := differences(before, state(t, m))
	promise(t, "files left or changed by installation and purge", 0, len(left), left == nil)
	for _, line := range left {
		t.Log(line)
	}
	same := sh(t, m, "sha256sum /etc/nsswitch.conf") == nsswitch
	promise(t, "nsswitch.conf after purge", "as before", map[bool]string{true: "as before", false: "changed"}[same], same)
	out, _ := m.Run("sh", "-c", "ps -e -o comm= | grep mcdns; systemctl list-units --all --no-legend 'mcdns*'; systemctl list-unit-files --no-legend 'mcdns*'")
	promise(t, "processes and units left by purge", "", out, out == "")
	if missing := resolves(t, running, names); missing != nil {
		t.Errorf("after purge: %v", missing)
	}
}

func checkUnits(t *testing.T, m *Machine) {
	t.Helper()
	run(t, m, "systemctl", "is-active", "mcdnsd.socket", "mcdnsd.service")
	run(t, m, "systemctl", "is-enabled", "mcdnsd.socket", "mcdnsd.service")
	complaints, _ := m.Run("systemd-analyze", "verify", "--man=no", "mcdnsd.socket", "mcdnsd.service", "mcdnsd-recover.timer", "mcdnsd-recover.service")
	promise(t, "complaints of systemd-analyze verify", "", complaints, complaints == "")
	// The threshold is in tenths: 2.0 of 10, where 10 is the most exposed.
	_, err := m.Run("systemd-analyze", "security", "--threshold=20", "mcdnsd.service")
	promise(t, "systemd-analyze security", "at most 2.0", err, err == nil)
}

// checkPrograms asks by every program of a minimal Debian that looks names up,
// as root and as nobody.
func checkPrograms(t *testing.T, m *Machine, names []string) {
	t.Helper()
	for program, line := range map[string]string{
		"getent hosts":  "getent hosts NAME",
		"getent ahosts": "getent ahosts NAME",
		"perl":          `perl -MSocket=getaddrinfo -e '($e) = getaddrinfo("NAME", 80); exit($e ? 1 : 0)'`,
		"setpriv":       "setpriv --reuid=nobody --regid=nogroup --clear-groups getent hosts NAME",
		"env -i":        "env -i getent hosts NAME",
	} {
		_, err := m.Run("sh", "-c", strings.ReplaceAll(line, "NAME", names[7]))
		promise(t, "resolves through mcdns, DNS server dead: "+program, "yes", map[bool]string{true: "yes", false: "no"}[err == nil], err == nil)
	}
}
