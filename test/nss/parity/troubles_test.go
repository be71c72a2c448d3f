package parity

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"

	"mcdns/test/lab"
)

// troubled is a DNS server that treats each question as its name says: the label
// before the first dot is the way of the first server, the second server's, and a
// number, with hyphens between.
type troubled struct {
	nth int

	mu   sync.Mutex
	seen map[string]int // how often each question came over UDP
}

// The ways in which a server fails; "good" answers.
var troubles = []string{
	"good", "slow", "lost", "servfail", "refused", "notimp", "formerr", "cut", "nxdomain", "nxbare", "nodata", "empty", "lame", "badid", "silent",
}

// open has the server answer on a host of a LAN in place of the LAN's own.
func (s *troubled) open(t *testing.T, of *lab.Server) {
	t.Helper()
	if err := of.Refuse(); err != nil {
		t.Fatal(err)
	}
	address := net.JoinHostPort(of.Host.Addr.String(), "53")
	packets, err := of.Host.ListenPacket("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := of.Host.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*dns.Server{{PacketConn: packets}, {Listener: stream}} {
		d.Handler = dns.HandlerFunc(s.serve)
		go d.ActivateAndServe()
		t.Cleanup(func() { d.Shutdown() })
	}
}

func (s *troubled) way(name string) string {
	parts := strings.Split(strings.ToLower(strings.SplitN(name, ".", 2)[0]), "-")
	if len(parts) != 3 {
		return "nxdomain"
	}
	return parts[s.nth]
}

// first counts a question over UDP.
func (s *troubled) first(q dns.Question, from net.Addr) bool {
	host, _, _ := net.SplitHostPort(from.String())
	key := fmt.Sprint(host, strings.ToLower(q.Name), q.Qtype)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[key]++
	return s.seen[key] == 1
}

func (s *troubled) serve(w dns.ResponseWriter, r *dns.Msg) {
	if len(r.Question) != 1 {
		return
	}
	q, udp := r.Question[0], w.RemoteAddr().Network() == "udp"
	m := new(dns.Msg)
	m.SetReply(r)
	m.RecursionAvailable = true
	if r.IsEdns0() != nil {
		m.SetEdns0(1232, false)
	}
	soa := &dns.SOA{Hdr: dns.RR_Header{Name: "example.", Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 60}, Ns: "ns.example.", Mbox: "root.example.", Serial: 1, Refresh: 1, Retry: 1, Expire: 1, Minttl: 60}
	good := func() {
		if q.Qtype == dns.TypeA {
			m.Answer = append(m.Answer, &dns.A{Hdr: dns.RR_Header{Name: q.Name, Rrtype: q.Qtype, Class: dns.ClassINET, Ttl: 60}, A: net.IPv4(192, 0, 2, byte(1+s.nth))})
		} else {
			m.Ns = append(m.Ns, soa)
		}
	}
	switch s.way(q.Name) {
	case "good":
		good()
	case "slow":
		time.Sleep(80 * time.Millisecond)
		good()
	case "lost":
		if udp && s.first(q, w.RemoteAddr()) {
			return
		}
		good()
	case "servfail":
		m.Rcode = dns.RcodeServerFailure
	case "refused":
		m.Rcode = dns.RcodeRefused
	case "notimp":
		m.Rcode = dns.RcodeNotImplemented
	case "formerr":
		m.Rcode = dns.RcodeFormatError
	case "cut":
		if m.Truncated = udp; !udp {
			good()
		}
	case "nxdomain":
		m.Rcode, m.Ns = dns.RcodeNameError, append(m.Ns, soa)
	case "nxbare":
		m.Rcode = dns.RcodeNameError
	case "nodata":
		m.Ns = append(m.Ns, soa)
	case "empty":
	case "lame":
		m.RecursionAvailable = false
	case "badid":
		bad := m.Copy()
		bad.Id ^= 0x5555
		w.WriteMsg(bad)
		good()
	case "silent":
		return
	}
	w.WriteMsg(m)
}
