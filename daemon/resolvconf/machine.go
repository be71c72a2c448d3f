package resolvconf

import (
	"errors"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"syscall"

	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

const (
	// Path is the file that glibc reads.
	Path = "/etc/resolv.conf"
	// resolvedPath is where systemd-resolved says whom its stub asks
	// (systemd-resolved.service(8)).
	resolvedPath = "/run/systemd/resolve/resolv.conf"
)

// Paths are the files that decide what Read returns; follow them all.
var Paths = []string{Path, resolvedPath}

// Machine is what this package asks of the machine. Tests put odd
// distributions in its place.
type Machine struct {
	ReadFile func(path string) ([]byte, error)
	Hostname func() (string, error)
}

// Real is the machine mcdnsd runs on.
func Real() Machine { return Machine{ReadFile: readFile, Hostname: os.Hostname} }

// Read reads the machine's resolv.conf. A file that cannot be read counts as
// empty, as it does for glibc.
func (m Machine) Read() Conf {
	hostname, _ := m.Hostname()
	text, err := m.ReadFile(Path)
	if err != nil {
		text = nil
	}
	c := Parse(text, hostname)
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
// 127.0.0.53 need not ask the same server (PROTOCOL 2).
func (m Machine) Servers(addrs []netip.AddrPort) []node.Server {
	var out []node.Server
	for _, a := range addrs {
		out = append(out, node.Server{Addr: a, ID: m.identity(a)})
	}
	return out
}

func (m Machine) identity(a netip.AddrPort) wire.ServerID {
	if !local(a.Addr()) {
		return wire.HashServer(netip.AddrPortFrom(a.Addr().WithZone(""), a.Port()))
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

// readFile reads at most maxFile bytes; O_NONBLOCK so that a fifo in the file's
// place cannot hang the daemon.
func readFile(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, errors.New("not a file: " + path)
	}
	return io.ReadAll(io.LimitReader(f, maxFile))
}
