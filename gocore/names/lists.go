package names

import (
	"errors"
	"slices"

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

// Lists are what the administrator and the network have said about names. Each
// holds lower-case names with a final dot, which cover what lies below them; the
// root covers everything, but for Search and Forward.
type Lists struct {
	// Search are the search and routing domains: names below them are the site's
	// own, so that what servers that are not this host's say of them is never used.
	// The root counts for nothing: "search ." is what systemd-resolved writes where
	// nothing is configured.
	Search []string
	// Forward are special-use names that go to the DNS servers whatever the table
	// says, the root for single labels. localhost cannot be among them (RFC 6761
	// section 6.3 rule 3: it must lead to this host).
	Forward []string
	// NoShare are names never told to nor asked of peers, LocalOnly names never
	// believed from peers.
	NoShare, LocalOnly []string
	// PrivateNames may lead to addresses that are not public (StopRebinding).
	PrivateNames []string
}

// Own reports whether a name lies under the host's search or routing domains.
func (l *Lists) Own(name string) bool {
	return slices.ContainsFunc(l.Search, func(s string) bool { return s != "." && Under(name, s) })
}

// Secret reports whether peers may not learn that a question is asked: the
// administrator said so, or it is for this host alone.
func (l *Lists) Secret(q dns.Question) bool { return q.Flags != 0 || l.Kept(q.Name) }

// Kept reports whether nothing of a name is told to peers (NoShare).
func (l *Lists) Kept(name string) bool { return covered(l.NoShare, name) }

// Believed reports whether peers may say anything of a name (LocalOnly).
func (l *Lists) Believed(name string) bool { return !covered(l.LocalOnly, name) }

// Rebinds reports whether an answer would lead a public name to an address that is
// not public (DNS rebinding). The host's own domains may, and PrivateNames.
func (l *Lists) Rebinds(a *dns.Answer) bool {
	name := a.Question.Name
	return a.Private && !l.Own(name) && !covered(l.PrivateNames, name) && l.Reach(a.Question) == Anywhere
}

// Acceptable says why an answer is not to be taken on a peer's word, nil if it
// may be (PROTOCOL 2.4, 7.2). inScope: the server that gave it is one of this
// host's own. held is what this host holds for the name, of any type, nil counting
// for nothing.
func (l *Lists) Acceptable(a *dns.Answer, inScope bool, held ...*dns.Answer) error {
	switch name := a.Question.Name; {
	case a.TTL <= 0:
		return ErrUsedOnce
	case !l.Believed(name):
		return ErrLocalOnly
	case !inScope && l.Own(name):
		return ErrOutOfScope
	case a.Private && anyPublic(held):
		return ErrPrivate
	}
	return nil
}

// Contradict reports whether what a peer told and what a server says cannot both have
// been true a moment ago: not rotation, but a turn between public and private, or between
// existing and not (PROTOCOL 7.3).
func Contradict(told, got *dns.Answer) bool {
	switch {
	case told.Kind == dns.Positive && got.Kind == dns.Positive:
		return told.Private != got.Private
	case told.Kind == dns.Positive:
		return got.Kind == dns.NXDomain
	}
	return told.Kind == dns.NXDomain && got.Kind == dns.Positive
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

// covered reports whether a name is one of the list or below one of it.
func covered(list []string, name string) bool {
	return slices.ContainsFunc(list, func(zone string) bool { return Under(name, zone) })
}
