package trust

import (
	"errors"
	"strings"

	"mcdns/gocore/dns"
)

var (
	// ErrLocalOnly: the name is in the local-only list.
	ErrLocalOnly = errors.New("local-only name")
	// ErrOutOfScope: a name under this host's search or routing domains, from a
	// DNS server that is not one of its own.
	ErrOutOfScope = errors.New("search domain, from a foreign server")
	// ErrPrivate: it would turn a public name into a private address.
	ErrPrivate = errors.New("public name turned private")
	// ErrUsedOnce: TTL 0 is used once, and neither kept nor shared.
	ErrUsedOnce = errors.New("TTL 0")
)

// Rules are a host's own about peers' answers (PROTOCOL 2.4, 7.2). Lists hold
// names with a final dot, in lower case; each covers what lies below it.
type Rules struct {
	// LocalOnly names are never believed from peers.
	LocalOnly []string
	// Search are the search and routing domains.
	Search []string
}

// Acceptable says why an answer is not to be taken on a peer's word, nil if it
// may be. inScope: the server that gave it is one of this host's own. held is
// what this host holds for the name, of any type, nil counting for nothing.
func (r *Rules) Acceptable(a *dns.Answer, inScope bool, held ...*dns.Answer) error {
	switch {
	case a.TTL <= 0:
		return ErrUsedOnce
	case Covered(r.LocalOnly, a.Question.Name):
		return ErrLocalOnly
	case !inScope && Covered(r.Search, a.Question.Name):
		return ErrOutOfScope
	case a.Private && anyPublic(held):
		return ErrPrivate
	}
	return nil
}

// anyPublic reports whether one of the answers holds addresses, all public.
func anyPublic(held []*dns.Answer) bool {
	for _, h := range held {
		if h != nil && h.Kind == dns.Positive && !h.Private && addresses(h.Question.Type) {
			return true
		}
	}
	return false
}

func addresses(typ uint16) bool {
	return typ == dns.TypeA || typ == dns.TypeAAAA
}

// Covered reports whether name, in lower case and with a final dot, is one of
// the list or below one of it. The root covers everything.
func Covered(list []string, name string) bool {
	for _, zone := range list {
		if covers(zone, name) {
			return true
		}
	}
	return false
}

// covers compares from the end. The byte in front must be a dot that divides
// labels, not one within a label ("\.").
func covers(zone, name string) bool {
	if zone == "." || zone == name {
		return true
	}
	rest, ok := strings.CutSuffix(name, zone)
	if !ok || zone == "" || !strings.HasSuffix(rest, ".") {
		return false
	}
	label := rest[:len(rest)-1]
	escapes := len(label) - len(strings.TrimRight(label, `\`))
	return escapes%2 == 0
}
