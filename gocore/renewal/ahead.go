package renewal

import (
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/fetch"
	"mcdns/gocore/names"
)

// maxAhead is how many targets of one answer are asked for ahead: programs
// begin with the first few.
const maxAhead = 4

// Ahead asks for what whoever got this answer will ask for next: the
// addresses of what MX, SRV, SVCB and HTTPS records point to, and the address of
// the other family. Records for these in the additional section would be cheaper
// and could be anybody's (PROTOCOL 7.1).
func (r *Renewals) Ahead(now time.Duration, a *dns.Answer) {
	if !r.looksAhead || a.Kind == dns.NXDomain {
		return
	}
	q := a.Question
	switch q.Type {
	case dns.TypeA:
		r.wantSoon(now, dns.Question{Name: q.Name, Type: dns.TypeAAAA, Flags: q.Flags})
	case dns.TypeAAAA:
		r.wantSoon(now, dns.Question{Name: q.Name, Type: dns.TypeA, Flags: q.Flags})
	}
	for _, name := range a.Targets(maxAhead) {
		for _, typ := range [...]uint16{dns.TypeA, dns.TypeAAAA} {
			r.wantSoon(now, dns.Question{Name: name, Type: typ, Flags: q.Flags})
		}
	}
}

// wantSoon fetches an answer unless it is held, asked for, or known to fail. It
// gives way when much is under way already.
func (r *Renewals) wantSoon(now time.Duration, q dns.Question) {
	if r.host.Busy() || r.host.Pending(q) || r.order.Reach(q) == names.Here ||
		r.order.DownFor(q) || r.failures.Active(now, q) {
		return
	}
	if e := r.host.Usable(now, q); e.Held() && e.Fresh(now) {
		return
	}
	r.host.Start(now, q, fetch.Ahead)
}
