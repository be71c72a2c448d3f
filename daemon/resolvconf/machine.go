package resolvconf

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"

	"mcdns/daemon/files"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

const (
	// Path is the file that glibc reads.
	Path = "/etc/resolv.conf"
	// resolvedPath is where systemd-resolved says whom its stub asks
	// (systemd-resolved.service(8)).
	resolvedPath = "/run/systemd/resolve/resolv.conf"
)

// Paths are the files that decide what a Machine says; follow them all. Of a
// directory it is any file in it.
var Paths = []string{Path, resolvedPath, linksDir + "/any"}

// Machine is what this package asks of the machine. Tests put odd
// distributions in its place.
type Machine struct {
	ReadFile func(path string) ([]byte, error)
	Hostname func() (string, error)
	ReadDir  func(path string) (names []string, err error)
	// Stamp is that of a file, and whether its next change may not show in it.
	Stamp func(path string) (s Stamp, young bool)
}

// Noting is the machine with its latest failure noted: reading failed for a reason
// that says nothing about what stands there.
func (m Machine) Noting(failure *error) Machine {
	note := func(err error) {
		if files.Passing(err) {
			*failure = err
		}
	}
	read, list := m.ReadFile, m.ReadDir
	m.ReadFile = func(path string) ([]byte, error) {
		text, err := read(path)
		note(err)
		return text, err
	}
	m.ReadDir = func(path string) ([]string, error) {
		names, err := list(path)
		note(err)
		return names, err
	}
	return m
}

// Real is the machine mcdnsd runs on.
func Real() Machine {
	return Machine{ReadFile: readFile, Hostname: os.Hostname, ReadDir: readDir, Stamp: stamp}
}

// Changed reports whether resolv.conf may be another file than the one c was read
// from.
func (m Machine) Changed(c Conf) bool {
	s, _ := m.Stamp(Path)
	return c.Young || s != c.Stamp
}

// Read reads the machine's resolv.conf. A file that cannot be read counts as
// empty, as it does for glibc.
func (m Machine) Read() Conf {
	hostname, _ := m.Hostname()
	// Before the text: what is written between the two is a change then.
	stamp, young := m.Stamp(Path)
	text, err := m.ReadFile(Path)
	if err != nil {
		text = nil
	}
	c := Parse(text, hostname)
	c.Stamp, c.Young = stamp, young
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.Problem = "missing"
	case err != nil:
		c.Problem = "cannot be read"
	}
	return c
}

// Servers gives each address the identity that peers compare. A loopback stub
// stands for the server behind it, if there is exactly one: two hosts with
// 127.0.0.53 need not ask the same server (PROTOCOL 2.5).
func (m Machine) Servers(addrs []netip.AddrPort) []node.Server {
	var out []node.Server
	for _, a := range addrs {
		out = append(out, node.Server{Addr: a, ID: m.identity(a)})
	}
	return out
}

func (m Machine) identity(a netip.AddrPort) dns.ServerID {
	if !local(a.Addr()) {
		return dns.HashServer(netip.AddrPortFrom(a.Addr().WithZone(""), a.Port()))
	}
	if !isResolvedStub(a) {
		return 0
	}
	text, err := m.ReadFile(resolvedPath)
	if err != nil {
		return 0
	}
	// The default server of an empty list is loopback again, so unknown.
	behind := Parse(text, "").Servers
	if len(behind) != 1 || local(behind[0].Addr()) {
		return 0
	}
	return m.identity(behind[0])
}

func local(a netip.Addr) bool { return a.IsLoopback() || a.IsUnspecified() }

// isResolvedStub: 127.0.0.53 is the stub, 127.0.0.54 the one that only forwards.
func isResolvedStub(a netip.AddrPort) bool {
	s := a.Addr().String()
	return a.Port() == 53 && (s == "127.0.0.53" || s == "127.0.0.54")
}

// readFile reads at most maxFile bytes.
func readFile(path string) ([]byte, error) {
	b, err := files.Read(path, maxFile)
	if errors.Is(err, files.ErrTooLarge) {
		err = nil // its beginning, as glibc reads what it has room for
	}
	return b, err
}
