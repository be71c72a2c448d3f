package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	"mcdns/test/lab"
)

// system is another resolver, with the options that serve it best in an outage.
type system struct {
	title string
	// start starts it on a host; an error is why it cannot run here.
	start func(h, server *lab.Host) error
}

var systems = []system{
	{"files dns", func(h, server *lab.Host) error { return nil }},
	{"unbound, serve-expired", startUnbound},
	{"dnsmasq, use-stale-cache", startDnsmasq},
	{"systemd-resolved, cache", startResolved},
}

// stub is where a caching DNS server listens on its host.
const stub = "127.0.0.1"

func startUnbound(h, server *lab.Host) error {
	path, err := find("unbound")
	if err != nil {
		return err
	}
	conf := fmt.Sprintf(`server:
	chroot: ""
	username: ""
	pidfile: ""
	directory: "/"
	use-syslog: no
	do-daemonize: no
	interface: %s
	access-control: 0.0.0.0/0 allow
	module-config: "iterator"
	do-not-query-localhost: no
	serve-expired: yes
	# By default unbound knows that documentation addresses have no names.
	local-zone: "2.0.192.in-addr.arpa." nodefault
	local-zone: "100.51.198.in-addr.arpa." nodefault
	local-zone: "113.0.203.in-addr.arpa." nodefault
remote-control:
	control-enable: no
forward-zone:
	name: "."
	forward-addr: %s
`, stub, server.Addr)
	if err := os.WriteFile(h.Path("/run/unbound.conf"), []byte(conf), 0o644); err != nil {
		return err
	}
	return serveStub(h, lab.Service{Name: "unbound", Path: path, Args: []string{"-d", "-c", "/run/unbound.conf"}})
}

func startDnsmasq(h, server *lab.Host) error {
	path, err := find("dnsmasq")
	if err != nil {
		return err
	}
	return serveStub(h, lab.Service{Name: "dnsmasq", Path: path, Args: []string{
		"--keep-in-foreground", "--conf-file=/dev/null", "--user=root", "--group=root", "--pid-file=", "--log-facility=-",
		"--listen-address=" + stub, "--bind-interfaces", "--no-resolv", "--no-hosts", "--server=" + server.Addr.String(),
		"--cache-size=10000", "--use-stale-cache",
	}})
}

// serveStub starts a DNS server on its host and waits until it listens.
func serveStub(h *lab.Host, s lab.Service) error {
	unit, err := h.Serve(s)
	if err != nil {
		return err
	}
	err = await(s.Name+" listens", func() bool {
		return h.Do(func() error { return dial("tcp", stub+":53") }) == nil
	})
	return errors.Join(err, h.SetResolvConf("nameserver "+stub+"\n"), alive(unit))
}

func alive(u *lab.Unit) error {
	if u.Pid() != 0 && u.Starts() == 1 {
		return nil
	}
	text, _ := os.ReadFile(u.Log())
	return fmt.Errorf("%s does not stay up: %s", u.Name, strings.TrimSpace(string(text)))
}

// startResolved runs systemd-resolved without systemd, and the C library asks it
// through libnss_resolve. Its packages edit nsswitch.conf and resolv.conf of the
// machine, so unpacked ones in build/resolved do (test/outage/resolved.sh).
func startResolved(h, server *lab.Host) error {
	if ids, _ := os.ReadFile("/proc/self/uid_map"); !strings.Contains(string(ids), "4294967295") {
		return errors.New("systemd-resolved changes its user, which needs root")
	}
	daemon, module, libs, err := findResolved()
	if err != nil {
		return err
	}
	if err := layResolved(h, server, module); err != nil {
		return err
	}
	unit, err := h.Serve(lab.Service{Name: "resolved", Path: daemon, Env: []string{
		"LD_LIBRARY_PATH=" + libs, "SYSTEMD_LOG_TARGET=console",
	}})
	if err != nil {
		return err
	}
	err = await("systemd-resolved listens", func() bool {
		_, err := os.Stat(h.Path("/run/systemd/resolve/io.systemd.Resolve"))
		return err == nil
	})
	return errors.Join(err, alive(unit))
}

// resolvedID is a user that no machine has, for systemd-resolved to become.
const resolvedID = 60053

func layResolved(h, server *lab.Host, module string) error {
	conf := fmt.Sprintf("[Resolve]\nDNS=%s\nFallbackDNS=\nLLMNR=no\nMulticastDNS=no\nDNSSEC=no\nDomains=~.\nDNSStubListener=no\n", server.Addr)
	dir := h.Path("/run/systemd/resolve")
	modules := "/run/modules"
	text, err := os.ReadFile(module)
	return errors.Join(err,
		os.MkdirAll(dir, 0o755), os.Chown(dir, resolvedID, resolvedID),
		os.MkdirAll(h.Path("/run/systemd/resolved.conf.d"), 0o755),
		os.WriteFile(h.Path("/run/systemd/resolved.conf.d/outage.conf"), []byte(conf), 0o644),
		os.MkdirAll(h.Path(modules), 0o755), os.WriteFile(h.Path(modules+"/libnss_resolve.so.2"), text, 0o755),
		h.AddModules(modules),
		addUser(h, "passwd", fmt.Sprintf("systemd-resolve:x:%d:%d::/:/usr/sbin/nologin\n", resolvedID, resolvedID)),
		addUser(h, "group", fmt.Sprintf("systemd-resolve:x:%d:\n", resolvedID)),
		h.SetNSS("files resolve [!UNAVAIL=return] dns"),
		h.SetResolvConf("nameserver 127.0.0.53\n"),
	)
}

// addUser replaces the user's line in the host's own copy of a file of /etc.
func addUser(h *lab.Host, file, line string) error {
	return h.Do(func() error {
		text, err := os.ReadFile("/etc/" + file)
		if err != nil {
			return err
		}
		var kept strings.Builder
		for old := range strings.Lines(string(text)) {
			if !strings.HasPrefix(old, "systemd-resolve:") {
				kept.WriteString(old)
			}
		}
		return os.WriteFile("/etc/"+file, []byte(kept.String()+line), 0o644)
	})
}

// findResolved looks for the unpacked packages, then for installed ones.
func findResolved() (daemon, module, libs string, err error) {
	for _, root := range []string{filepath.Join(lab.Top(), "build", "resolved"), "/"} {
		daemons, modules, shared := in(root, "lib/systemd/systemd-resolved"), in(root, "lib/*/libnss_resolve.so.2"), in(root, "lib/*/systemd")
		if len(daemons) > 0 && len(modules) > 0 {
			return daemons[0], modules[0], strings.Join(shared, ":"), nil
		}
	}
	return "", "", "", errors.New("no systemd-resolved: run test/outage/resolved.sh")
}

// in looks below root in both layouts of the file system, before and after the
// merge of /usr.
func in(root, pattern string) (found []string) {
	for _, usr := range []string{"usr", ""} {
		paths, _ := filepath.Glob(filepath.Join(root, usr, pattern))
		found = append(found, paths...)
	}
	return found
}

func find(name string) (string, error) {
	for _, path := range []string{"/usr/sbin/" + name, "/usr/bin/" + name} {
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", fmt.Errorf("no %s: apt-get install unbound dnsmasq-base", name)
}

func dial(network, address string) error {
	c, err := net.Dial(network, address)
	if err == nil {
		c.Close()
	}
	return err
}
