package parity

import (
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv4"

	"mcdns/test/lab"
)

// troubled is a DNS server that treats each question as its name says: the label
// before the first dot is the way of the first server, the second server's, and a
// number, with hyphens between.
type troubled struct {
	nth  int
	icmp net.PacketConn // says for some names that nobody listens
	at   net.IP

	mu   sync.Mutex
	seen map[string]int // how often each question came over UDP
}

// The ways in which a server fails; "good" answers.
var troubles = []string{
	"good", "slow", "lost", "servfail", "refused", "notimp", "formerr", "cut", "nxdomain", "nxbare", "nodata", "empty", "lame", "referral", "badid", "silent", "closed",
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
	s.at = of.Host.Addr.AsSlice()
	if s.icmp, err = of.Host.ListenPacket("ip4:icmp", of.Host.Addr.String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.icmp.Close() })
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
		time.Sleep(slowly)
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
	case "referral": // to the servers of the zone, with an address of one
		m.RecursionAvailable = false
		m.Ns = append(m.Ns, &dns.NS{Hdr: dns.RR_Header{Name: "example.", Rrtype: dns.TypeNS, Class: dns.ClassINET, Ttl: 60}, Ns: "ns.example."})
		m.Extra = append(m.Extra, &dns.A{Hdr: dns.RR_Header{Name: "ns.example.", Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 60}, A: net.IPv4(192, 0, 2, 53)})
	case "closed":
		if udp {
			s.unreachable(w.RemoteAddr().(*net.UDPAddr))
		} else {
			w.Close()
		}
		return
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

// slowly is how long a server takes that is slow for a name: several times as long as
// mcdnsd waits before it asks again, and much less than nss-dns waits. It is the server's
// latency, and nothing waits for it but the clients.
const slowly = 80 * time.Millisecond

// unreachable says to who asked that nobody listens at the port, as the kernel of a host
// does whose server is not running.
func (s *troubled) unreachable(who *net.UDPAddr) {
	ip := ipv4.Header{Version: 4, Len: ipv4.HeaderLen, TotalLen: ipv4.HeaderLen + 8, TTL: 64, Protocol: 17, Src: who.IP, Dst: s.at}
	sent, err := ip.Marshal()
	if err != nil {
		return
	}
	sent = binary.BigEndian.AppendUint16(sent, uint16(who.Port))
	sent = binary.BigEndian.AppendUint16(sent, 53)
	sent = append(sent, 0, 8, 0, 0) // the length, and no checksum
	const portUnreachable = 3
	message := icmp.Message{Type: ipv4.ICMPTypeDestinationUnreachable, Code: portUnreachable, Body: &icmp.DstUnreach{Data: sent}}
	if b, err := message.Marshal(nil); err == nil {
		s.icmp.WriteTo(b, &net.IPAddr{IP: who.IP})
	}
}
