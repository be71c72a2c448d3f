package names

import (
	"strings"
	"testing"

	"mcdns/gocore/dns"
)

// TestDenialsOfSpecialNamesHaveAnSOA: without one nobody behind the listener may keep
// them (RFC 2308 section 5), and some ask again and again.
func TestDenialsOfSpecialNamesHaveAnSOA(t *testing.T) {
	long := strings.Repeat("a.", 80)
	for _, z := range append(table, single) {
		for _, prefix := range []string{"", "x.", "x.y.", "1.0.0.", "_dns.", long, strings.Repeat(strings.Repeat("b", 49)+".", 5)} {
			for _, typ := range []uint16{dns.TypeA, dns.TypeAAAA, dns.TypePTR, dns.TypeSOA, dns.TypeHTTPS, 2, 15, 43} {
				for _, flags := range []dns.Flags{0, dns.DO} {
					q, err := dns.NewQuestion(prefix+strings.TrimPrefix(z.name, "."), typ)
					if err != nil {
						continue
					}
					q.Flags = flags
					a := Answer(q)
					if r := a.Records(); a.Kind != dns.Positive && (len(r) != 1 || !strings.Contains(r[0], "\tSOA\t")) {
						t.Errorf("%v, flags %d: got %d, %q", q, flags, a.Kind, r)
					}
				}
			}
		}
	}
}
