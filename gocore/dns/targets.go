package dns

import (
	miekg "github.com/miekg/dns"

	"mcdns/gocore/labels"
)

// Targets are the names that whoever asked will ask for next: those that MX,
// SRV, SVCB, HTTPS and NS point to (RFC 1035's additional section processing,
// done as questions of our own because records for names nobody asked about are
// not believed). At most most of them, in the order they came, as Question has
// names.
func (a *Answer) Targets(most int) []string {
	skip, ok := targetAt[a.Question.Type]
	p := a.Packed
	if !ok || a.Kind != Positive || len(p) < minPacked || a.Question.Flags&DO != 0 {
		return nil
	}
	var names []string
	for off := labels.End(p, HeaderLen) + 4; off < len(p) && len(names) < most; {
		r, next := recordAt(p, off)
		if next == 0 {
			break
		}
		off = next
		if r.typ != a.Question.Type || len(r.data) <= skip || r.data[skip] == 0 {
			continue // "." means none, or the owner itself
		}
		end := labels.End(r.data, skip)
		if end == 0 {
			continue
		}
		name := append([]byte(nil), r.data[skip:end]...)
		labels.Fold(name)
		names = append(names, labels.Text(name))
	}
	return names
}

// targetAt is where in the data of a record its target's name begins.
var targetAt = map[uint16]int{
	miekg.TypeNS:  0,
	miekg.TypeMX:  2,
	miekg.TypeSRV: 6,
	TypeSVCB:      2,
	TypeHTTPS:     2,
}
