package dns

import (
	"crypto"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// signed is a zone with signatures, as a validating client wants it.
type signed struct {
	key *dns.DNSKEY
	sig crypto.Signer
}

func newSigned(t *testing.T) *signed {
	t.Helper()
	key := &dns.DNSKEY{
		Hdr:   dns.RR_Header{Name: "signed.example.", Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 300},
		Flags: 257, Protocol: 3, Algorithm: dns.ECDSAP256SHA256,
	}
	private, err := key.Generate(256)
	if err != nil {
		t.Fatal(err)
	}
	return &signed{key, private.(crypto.Signer)}
}

func (z *signed) sign(rrs ...dns.RR) []dns.RR {
	s := &dns.RRSIG{
		Hdr:       dns.RR_Header{Name: rrs[0].Header().Name, Rrtype: dns.TypeRRSIG, Class: dns.ClassINET, Ttl: rrs[0].Header().Ttl},
		Algorithm: z.key.Algorithm, KeyTag: z.key.KeyTag(), SignerName: z.key.Hdr.Name,
		Inception: uint32(time.Now().Add(-time.Hour).Unix()), Expiration: uint32(time.Now().Add(time.Hour).Unix()),
	}
	if err := s.Sign(z.sig, rrs); err != nil {
		panic(err)
	}
	return append(rrs, s)
}

func (z *signed) handle(_ string, q *dns.Msg) []*dns.Msg {
	r := reply(q, 0)
	record := func(s string) dns.RR {
		rr, err := dns.NewRR(s)
		if err != nil {
			panic(err)
		}
		return rr
	}
	switch name, typ := strings.ToLower(q.Question[0].Name), q.Question[0].Qtype; {
	case name == "signed.example." && typ == dns.TypeDNSKEY:
		r.Answer = z.sign(z.key)
	case name == "www.signed.example." && typ == dns.TypeA:
		r.Answer = append(z.sign(record("www.signed.example. 60 IN CNAME host.signed.example.")), z.sign(record("host.signed.example. 60 IN A 192.0.2.7"))...)
	case name == "host.signed.example." && typ == dns.TypeA:
		r.Answer = z.sign(record("host.signed.example. 60 IN A 192.0.2.7"))
	case name == "www.signed.example.":
		r.Answer = z.sign(record("www.signed.example. 60 IN CNAME host.signed.example."))
	case name == "no.signed.example.":
		r.Rcode = dns.RcodeNameError
		r.Ns = z.sign(record("signed.example. 60 IN SOA a. b. 1 2 3 4 60"))
		r.Ns = append(r.Ns, z.sign(record("host.signed.example. 60 IN NSEC www.signed.example. A RRSIG NSEC"))...)
		r.Ns = append(r.Ns, z.sign(record("signed.example. 60 IN NSEC host.signed.example. SOA RRSIG NSEC DNSKEY"))...)
	default:
		return []*dns.Msg{reply(q, 0, "www.example. 60 IN A 192.0.2.7")}
	}
	if o := q.IsEdns0(); o == nil || !o.Do() {
		r.Answer, r.Ns = unsigned(r.Answer), unsigned(r.Ns)
	}
	return []*dns.Msg{r}
}

func unsigned(rrs []dns.RR) (out []dns.RR) {
	for _, rr := range rrs {
		if t := rr.Header().Rrtype; t != dns.TypeRRSIG && t != dns.TypeNSEC {
			out = append(out, rr)
		}
	}
	return out
}

// run runs a program and returns what it printed.
func run(t *testing.T, path string, args ...string) string {
	t.Helper()
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", filepath.Base(path), strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestToolsWorkAsWithUnbound: what administrators type must not tell the
// listener from the resolver they know.
func TestToolsWorkAsWithUnbound(t *testing.T) {
	z := newSigned(t)
	s := newServer(t, z.handle)
	ours := newDaemon(t, "", s.addr)
	anchor := filepath.Join(t.TempDir(), "anchor")
	text := fmt.Sprintf("trust-anchors { signed.example. static-key 257 3 13 %q; };\n", z.key.PublicKey)
	if err := os.WriteFile(anchor, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for who, addr := range map[string]string{"mcdns": ours.addr, "unbound": startUnbound(t, s.addr)} {
		_, port, _ := strings.Cut(addr, ":")
		for _, c := range []struct {
			tool, args, want string
		}{
			{"dig", "@127.0.0.1 -p PORT www.example A", `status: NOERROR(.|\n)*www\.example\.\s+\d+\s+IN\s+A\s+192\.0\.2\.7`},
			{"dig", "@127.0.0.1 -p PORT +tcp www.example A", `192\.0\.2\.7`},
			{"dig", "@127.0.0.1 -p PORT +noedns www.example A", `192\.0\.2\.7`},
			{"dig", "@127.0.0.1 -p PORT +edns=1 +noednsneg www.example A", `status: BADVERS`},
			{"dig", "@127.0.0.1 -p PORT +ednsopt=65001:00 +ednsflags=0x40 www.example A", `status: NOERROR`},
			{"dig", "@127.0.0.1 -p PORT +opcode=15 www.example A", `status: NOTIMP`},
			{"dig", "@127.0.0.1 -p PORT +dnssec +cd www.signed.example A", `flags: qr rd ra cd(.|\n)*RRSIG\s+CNAME(.|\n)*RRSIG\s+A`},
			{"dig", "@127.0.0.1 -p PORT +cookie www.example A", `status: NOERROR`},
			{"dig", "@127.0.0.1 -p PORT +norec other.example A", `status: REFUSED`},
			{"dig", "@127.0.0.1 -p PORT www.example AXFR", `Transfer failed`},
			{"dig", "@127.0.0.1 -p PORT +keepopen +tcp www.example A www.example AAAA", `192\.0\.2\.7`},
			{"dig", "@127.0.0.1 -p PORT +short localhost", `^127\.0\.0\.1`},
			{"kdig", "@127.0.0.1 -p PORT www.example A", `status: NOERROR(.|\n)*192\.0\.2\.7`},
			{"kdig", "@127.0.0.1 -p PORT +dnssec +tcp no.signed.example A", `status: NXDOMAIN(.|\n)*NSEC`},
			{"drill", "-p PORT @127.0.0.1 www.example A", `rcode: NOERROR(.|\n)*192\.0\.2\.7`},
			{"drill", "-D -p PORT @127.0.0.1 www.signed.example A", `RRSIG`},
			{"delv", "@127.0.0.1 -p PORT -a ANCHOR +root=signed.example www.signed.example A", `; fully validated(.|\n)*192\.0\.2\.7`},
			{"delv", "@127.0.0.1 -p PORT -a ANCHOR +root=signed.example no.signed.example A", `negative response, fully validated`},
		} {
			args := strings.Fields(strings.ReplaceAll(strings.ReplaceAll(c.args, "PORT", port), "ANCHOR", anchor))
			if out := run(t, look(t, c.tool), args...); !regexp.MustCompile(c.want).MatchString(out) {
				t.Errorf("%s: %s %s: no %q in\n%s", who, c.tool, c.args, c.want, out)
			}
		}
	}
}

// TestDnsperfLosesNothing runs as fast as dnsperf does over UDP and TCP.
func TestDnsperfLosesNothing(t *testing.T) {
	path := look(t, "dnsperf")
	s := newServer(t, func(_ string, q *dns.Msg) []*dns.Msg {
		if q.Question[0].Qtype == dns.TypeAAAA {
			return []*dns.Msg{reply(q, 0, zoneSOA)}
		}
		return []*dns.Msg{reply(q, 0, q.Question[0].Name+" 300 IN A 192.0.2.7")}
	})
	ours := newDaemon(t, "", s.addr)
	var list strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&list, "n%d.example A\nn%d.example AAAA\n", i, i)
	}
	file := filepath.Join(t.TempDir(), "queries")
	if err := os.WriteFile(file, []byte(list.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	_, port, _ := strings.Cut(ours.addr, ":")
	for _, mode := range []string{"udp", "tcp"} {
		out := run(t, path, "-m", mode, "-s", "127.0.0.1", "-p", port, "-d", file, "-n", "5", "-c", "4", "-q", "50", "-t", "5")
		completed := regexp.MustCompile(`Queries completed:\s+10000 `).MatchString(out)
		lost := regexp.MustCompile(`Queries lost:\s+0 `).MatchString(out)
		right := regexp.MustCompile(`Response codes:\s+NOERROR 10000 \(100\.00%\)`).MatchString(out)
		if !completed || !lost || !right {
			t.Errorf("%s:\n%s", mode, out)
		}
		t.Logf("%s: %s", mode, regexp.MustCompile(`Queries per second:.*`).FindString(out))
	}
}
