package dns

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	miekg "github.com/miekg/dns"

	"mcdns/gocore/labels"
)

// FuzzParseReply holds ParseReply against a plain reading of what miekg/dns
// unpacks: wherever both understand a reply, they must make the same of it.
func FuzzParseReply(f *testing.F) {
	for _, a := range samples(f) {
		f.Add(a.Question.Name, a.Question.Type, a.Packed)
		var m miekg.Msg
		if err := m.Unpack(a.Packed); err != nil {
			f.Fatal(err)
		}
		m.Compress = true
		m.Extra = zone(f, []string{"evil.example. 1 IN A 192.0.2.66"})
		m.SetEdns0(1232, false)
		b, err := m.Pack()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(a.Question.Name, a.Question.Type, b)
	}
	f.Fuzz(func(t *testing.T, name string, typ uint16, b []byte) {
		q, err := NewQuestion(name, typ)
		if err != nil {
			return
		}
		a, err := ParseReply(q, b)
		var m miekg.Msg
		understood := m.Unpack(b) == nil && len(m.Question) == 1
		if err != nil {
			if understood && err == ErrTruncated && !m.Truncated {
				t.Fatalf("called truncated: %v", &m)
			}
			return
		}
		form, bad := checkForm(a.Packed)
		if bad != nil || form.kind != a.Kind || form.private != a.Private || form.typ != q.Type || labels.Text(form.name) != q.Name {
			t.Fatalf("%x\nmade %x\nwhich is %+v, %v", b, a.Packed, form, bad)
		}
		checkUse(t, a)
		if understood {
			compare(t, q, a, &m)
		}
	})
}

// compare reads the reply as plainly as can be.
func compare(t *testing.T, q Question, a *Answer, m *miekg.Msg) {
	kind, ttl, lines, ok := plainly(q, m)
	if !ok {
		t.Fatalf("taken as %v, though no answer can be made of\n%v", a, m)
	}
	var got []string
	for _, l := range a.Records() {
		got = append(got, strings.ToLower(l))
	}
	slices.Sort(got)
	slices.Sort(lines)
	if kind != a.Kind || ttl != uint32(a.TTL/time.Second) || understoodAll(got, lines) && !slices.Equal(got, lines) {
		t.Fatalf("got kind %d TTL %v\n%q\nwant kind %d TTL %d\n%q\nof %v", a.Kind, a.TTL, got, kind, ttl, lines, m)
	}
}

// understoodAll leaves out what one of the two had to show as bytes.
func understoodAll(lists ...[]string) bool {
	for _, l := range lists {
		for _, s := range l {
			if strings.Contains(s, `\#`) {
				return false
			}
		}
	}
	return true
}

func plainly(q Question, m *miekg.Msg) (kind Kind, ttl uint32, lines []string, ok bool) {
	ttl = MaxTTL
	take := func(rr miekg.RR) {
		h := rr.Header()
		h.Ttl = min(h.Ttl, MaxTTL)
		ttl = min(ttl, h.Ttl)
		lines = append(lines, strings.ToLower(rr.String()))
	}
	if m.Rcode != RcodeSuccess && m.Rcode != RcodeNXDomain {
		return 0, 0, nil, false
	}
	denied := m.Rcode == RcodeNXDomain
	cur, seen := q.Name, map[string]bool{q.Name: true}
	for {
		n := 0
		for _, rr := range m.Answer {
			if !denied && owned(rr, cur, q.Type) && (n == 0 || q.Type != TypeCNAME) {
				if c, is := rr.(*miekg.CNAME); is && c.Hdr.Ttl == 0 {
					c.Hdr.Ttl = dnameTTL(m, cur, c.Target)
				}
				take(rr)
				n++
			}
		}
		if n > 0 {
			return Positive, ttl, lines, len(seen) <= maxChain+1
		}
		i := slices.IndexFunc(m.Answer, func(rr miekg.RR) bool { return q.Type != TypeCNAME && owned(rr, cur, TypeCNAME) })
		if i < 0 {
			break
		}
		if h := m.Answer[i].Header(); h.Ttl == 0 {
			h.Ttl = dnameTTL(m, cur, m.Answer[i].(*miekg.CNAME).Target)
		}
		take(m.Answer[i])
		cur = strings.ToLower(m.Answer[i].(*miekg.CNAME).Target)
		if seen[cur] || len(seen) > maxChain {
			return 0, 0, nil, false
		}
		seen[cur] = true
	}
	kind = NoData
	if denied {
		kind = NXDomain
	}
	for _, rr := range m.Ns {
		if s, isSOA := rr.(*miekg.SOA); isSOA && s.Hdr.Class == miekg.ClassINET && within(cur, s.Hdr.Name) {
			take(rr)
			return kind, min(ttl, s.Minttl), lines, true
		}
	}
	if cur == q.Name {
		return kind, bareNegativeTTL, lines, true
	}
	return kind, 0, lines, true
}

// dnameTTL is that of the DNAME by which name leads to target, 0 if none does.
func dnameTTL(m *miekg.Msg, name, target string) uint32 {
	seen := 0
	for _, rr := range m.Answer {
		d, is := rr.(*miekg.DNAME)
		if !is || d.Hdr.Class != miekg.ClassINET {
			continue
		}
		if seen++; seen > maxChain {
			break
		}
		above := strings.ToLower(strings.TrimSuffix(d.Hdr.Name, "."))
		prefix := strings.TrimSuffix(name, above+".")
		if above == "" {
			prefix = name
		}
		if prefix != "" && within(name, d.Hdr.Name) && !strings.EqualFold(name, d.Hdr.Name) &&
			strings.EqualFold(target, prefix+strings.TrimSuffix(d.Target, ".")+strings.Repeat(".", min(1, len(d.Target)-1))) {
			return min(d.Hdr.Ttl, MaxTTL)
		}
	}
	return 0
}

func owned(rr miekg.RR, name string, typ uint16) bool {
	h := rr.Header()
	return h.Rrtype == typ && h.Class == miekg.ClassINET && strings.ToLower(h.Name) == name
}

func within(name, zone string) bool { return miekg.IsSubDomain(zone, name) }

// checkUse does with an answer all that a host may do.
func checkUse(t *testing.T, a *Answer) {
	if q, err := NewQuestion(a.Question.Name, a.Question.Type); err != nil || q != a.Question {
		t.Fatalf("its question %v would be spelt %v, %v", a.Question, q, err)
	}
	if _, err := a.View(); err != nil && !errors.Is(err, ErrNoHostName) {
		t.Fatalf("View of %v: %v", a.Question, err)
	}
	if !a.SameData(a) || !sameSets(a.Packed, a.Packed) {
		t.Fatalf("%v is not the same as itself", a.Question)
	}
	a.Records()
	// Told by a DNS server it would be the same answer.
	b, err := ParseReply(a.Question, a.Packed)
	if err != nil || b.Kind != a.Kind || b.Private != a.Private || !bytes.Equal(b.Packed, a.Packed) {
		t.Fatalf("%x\nas a reply is %+v, %v", a.Packed, b, err)
	}
}
