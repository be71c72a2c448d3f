package packages

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mcdns/test/lab"
)

// rpm runs rpm on the chroot from outside, scriptlets inside: Debian's roots have
// no database of what Fedora would have, hence --nodeps.
func (c *chroot) rpm(t *testing.T, args ...string) string {
	t.Helper()
	out, err := c.host.Command("rpm", append([]string{"--root", c.dir, "--nodeps"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("rpm %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func rpms(t *testing.T, dir string) []string {
	t.Helper()
	return []string{built(t, dir, "mcdns-*.x86_64.rpm")[0], built(t, dir, "nss-mcdns-*.x86_64.rpm")[0]}
}

func (c *chroot) hosts(t *testing.T) string {
	t.Helper()
	return strings.Join(strings.Fields(c.sh(t, "grep ^hosts: /etc/nsswitch.conf")), " ")
}

// The scriptlets of the .rpm, in a root: user, presets, nsswitch.conf once, and
// everything back on erasure but what the administrator changed.
func TestRPMInstallsUpgradesAndErases(t *testing.T) {
	all(t)
	lan, names := newLAN(t, 1, 3, time.Hour)
	c := enter(t, lan.Hosts[0], "bookworm")
	const on = "hosts: files mcdns [!UNAVAIL=return] dns"
	sum := c.sh(t, "sha256sum /etc/nsswitch.conf")
	c.rpm(t, append([]string{"-i"}, rpms(t, "packages")...)...)
	promise(t, "rpm -i: hosts line", on, c.hosts(t), c.hosts(t) == on)
	enabled := strings.Fields(c.sh(t, "systemctl is-enabled mcdnsd.socket mcdnsd.service; id -un mcdns"))
	promise(t, "rpm -i: units and user", "enabled enabled mcdns", strings.Join(enabled, " "), strings.Join(enabled, " ") == "enabled enabled mcdns")

	// Fedora's C library looks in /usr/lib64, Debian's does not.
	c.sh(t, "ln -s /usr/lib64/libnss_mcdns.so.2 /usr/lib/x86_64-linux-gnu/; install -d -o mcdns -g mcdns /run/mcdns /var/lib/mcdns")
	d := c.command("mcdnsd")
	must(t, d.Start())
	must(t, until(20*time.Second, func() error { _, err := c.command("mcdns", "status", "--json").Output(); return ready(err) }))
	for _, name := range names {
		c.sh(t, "getent hosts "+name)
	}
	must(t, lan.Server.PowerOff())
	c.sh(t, "getent hosts "+names[0])
	must(t, d.Process.Kill())
	d.Wait()

	c.sh(t, "echo '# mine' >>/etc/mcdns/mcdnsd.conf; mcdns key generate; mcdns nss disable")
	c.rpm(t, append([]string{"-U", "--replacepkgs", "--oldpackage"}, rpms(t, "next/packages")...)...)
	promise(t, "rpm -U: line taken out by hand", "hosts: files dns", c.hosts(t), c.hosts(t) == "hosts: files dns")
	mine := c.sh(t, "tail -n 1 /etc/mcdns/mcdnsd.conf")
	promise(t, "rpm -U: configuration", "# mine", mine, mine == "# mine")
	c.sh(t, "mcdns nss enable")
	said := c.rpm(t, "-e", "nss-mcdns", "mcdns")
	promise(t, "rpm -e says that the key stays", "rm -r /etc/mcdns", said, strings.Contains(said, "rm -r /etc/mcdns"))
	promise(t, "rpm -e: nsswitch.conf", "as before", c.hosts(t), c.sh(t, "sha256sum /etc/nsswitch.conf") == sum)
	left := c.sh(t, "find / -xdev -path /proc -prune -o -path /root -prune -o -path /var/lib/rpm -prune -o -path '*mcdns*' -print | sort")
	const want = "/etc/mcdns\n/etc/mcdns/group.key\n/etc/mcdns/mcdnsd.conf.rpmsave"
	promise(t, "rpm -e leaves", want, left, left == want)
}

// Where authselect owns nsswitch.conf the .rpm goes by way of it. The authselect
// here is a stand-in (testdata/authselect): no Fedora can be had.
func TestRPMGoesByWayOfAuthselect(t *testing.T) {
	all(t)
	lan, _ := newLAN(t, 1, 1, time.Hour)
	c := enter(t, lan.Hosts[0], "bookworm")
	fake, err := os.ReadFile(filepath.Join(lab.Top(), "test/packages/testdata/authselect"))
	must(t, err)
	must(t, lan.Hosts[0].Do(func() error {
		return os.WriteFile(filepath.Join(c.dir, "usr/bin/authselect"), fake, 0o755)
	}))
	c.sh(t, `mkdir -p /etc/authselect /usr/share/authselect/default/local
		cd /usr/share/authselect/default/local
		echo Local >README; echo auth >system-auth
		echo 'passwd: files' >nsswitch.conf
		echo 'hosts: files myhostname {if "with-mdns4":mdns4_minimal [NOTFOUND=return] }resolve [!UNAVAIL=return] dns' >>nsswitch.conf
		authselect select local with-mdns4`)
	const off = "hosts: files myhostname mdns4_minimal [NOTFOUND=return] resolve [!UNAVAIL=return] dns"
	const on = "hosts: files myhostname mdns4_minimal [NOTFOUND=return] mcdns [!UNAVAIL=return] resolve [!UNAVAIL=return] dns"
	if got := c.hosts(t); got != off {
		t.Fatalf("the stand-in made %q; want %q", got, off)
	}
	c.rpm(t, append([]string{"-i"}, rpms(t, "packages")...)...)
	promise(t, "rpm -i under authselect (a stand-in)", on, c.hosts(t), c.hosts(t) == on)
	link := c.sh(t, "readlink /etc/nsswitch.conf; authselect current --raw")
	promise(t, "nsswitch.conf stays authselect's", "authselect/nsswitch.conf custom/mcdns with-mdns4", link,
		strings.Join(strings.Fields(link), " ") == "authselect/nsswitch.conf custom/mcdns with-mdns4")
	c.rpm(t, "-e", "nss-mcdns", "mcdns")
	selected := c.sh(t, "authselect current --raw; ls /etc/authselect/custom")
	promise(t, "rpm -e under authselect: selection", "local with-mdns4", selected, selected == "local with-mdns4")
	promise(t, "rpm -e under authselect", off, c.hosts(t), c.hosts(t) == off)
}
