package lab

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// openProgram runs a DNS server from the distribution with the LAN's zone, so
// that mcdns meets another implementation than the one its tests are built on.
func (s *Server) openProgram() error {
	if s.unit != nil {
		return errors.Join(s.unit.Start(), s.awaitProgram())
	}
	var service Service
	var err error
	switch s.program {
	case "unbound":
		service, err = s.unbound()
	case "dnsmasq":
		service, err = s.dnsmasq()
	default:
		err = fmt.Errorf("want unbound or dnsmasq, not %q", s.program)
	}
	if err != nil {
		return fmt.Errorf("lab: real DNS server: %w", err)
	}
	if s.unit, err = s.Host.Serve(service); err != nil {
		return err
	}
	return s.awaitProgram()
}

// awaitProgram waits until somebody listens at the server's port.
func (s *Server) awaitProgram() error {
	address := netip.AddrPortFrom(s.Host.Addr, 53).String()
	begin := time.Now()
	for {
		err := s.Host.Do(func() error {
			c, err := net.DialTimeout("tcp", address, time.Second)
			if err == nil {
				c.Close()
			}
			return err
		})
		if err == nil {
			return nil
		}
		if time.Since(begin) > readyTime {
			return fmt.Errorf("lab: %s does not listen: %w%s", s.program, err, s.unit.tail())
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// unbound serves the zone as an authority does. Its files are in the host's
// state directory, which a power cut leaves alone.
func (s *Server) unbound() (Service, error) {
	conf := fmt.Sprintf(`server:
	interface: %s
	interface: %s
	access-control: 0.0.0.0/0 allow
	access-control: ::/0 allow
	do-daemonize: no
	use-syslog: no
	log-queries: no
	username: ""
	chroot: ""
	directory: "/var/lib/mcdns"
	pidfile: ""
	module-config: "iterator"
	num-threads: 1
	# By default unbound knows that documentation addresses have no names.
	local-zone: "2.0.192.in-addr.arpa." nodefault
	local-zone: "100.51.198.in-addr.arpa." nodefault
	local-zone: "113.0.203.in-addr.arpa." nodefault
	local-zone: "8.b.d.0.1.0.0.2.ip6.arpa." nodefault
remote-control:
	control-enable: no
auth-zone:
	name: "."
	zonefile: "/var/lib/mcdns/zone"
	for-downstream: yes
	for-upstream: no
	fallback-enabled: no
`, s.Host.Addr, s.Host.Six)
	return s.real("unbound", map[string]string{"zone": s.zone.text(), "unbound.conf": conf},
		"-d", "-c", "/var/lib/mcdns/unbound.conf")
}

// dnsmasq serves the addresses and aliases of the zone; it knows no other way to
// end a name than the list it is given.
func (s *Server) dnsmasq() (Service, error) {
	s.zone.mu.RLock()
	defer s.zone.mu.RUnlock()
	var b strings.Builder
	fmt.Fprintf(&b, "no-resolv\nno-hosts\nno-poll\nbind-interfaces\nlisten-address=%s\nlisten-address=%s\n", s.Host.Addr, s.Host.Six)
	fmt.Fprintf(&b, "local=/#/\nlocal-ttl=%d\n", s.zone.ttl)
	for _, set := range s.zone.sets {
		for _, rr := range set {
			b.WriteString(dnsmasqLine(rr))
		}
	}
	return s.real("dnsmasq", map[string]string{"dnsmasq.conf": b.String()},
		"--keep-in-foreground", "--user=root", "--group=root", "--log-facility=-", "--pid-file=",
		"--conf-file=/var/lib/mcdns/dnsmasq.conf")
}

func (s *Server) real(name string, files map[string]string, args ...string) (Service, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + name)
	}
	if err != nil {
		return Service{}, fmt.Errorf("%w: apt-get install %s", err, name)
	}
	for file, text := range files {
		if err := os.WriteFile(filepath.Join(s.Host.Path("/var/lib/mcdns"), file), []byte(text), 0o644); err != nil {
			return Service{}, err
		}
	}
	return Service{Name: name, Path: path, Args: args}, nil
}

func dnsmasqLine(rr dns.RR) string {
	owner := strings.TrimSuffix(rr.Header().Name, ".")
	switch rr := rr.(type) {
	case *dns.A:
		return fmt.Sprintf("host-record=%s,%s\n", owner, rr.A)
	case *dns.AAAA:
		return fmt.Sprintf("host-record=%s,%s\n", owner, rr.AAAA)
	case *dns.CNAME:
		return fmt.Sprintf("cname=%s,%s\n", owner, strings.TrimSuffix(rr.Target, "."))
	case *dns.PTR:
		return fmt.Sprintf("ptr-record=%s,%s\n", owner, strings.TrimSuffix(rr.Ptr, "."))
	}
	return ""
}
