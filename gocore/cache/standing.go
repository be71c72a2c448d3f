package cache

import "mcdns/gocore/dns"

// A Standing is what the server of an answer is worth to this host now (PROTOCOL 2.7).
type Standing struct {
	// Nth is the server's number in the list that the question goes to, 0 for the
	// first; the length of the list for a server that is not in it.
	Nth int
	// Good: the answer may be served now; others are held for an outage.
	Good bool
}

func (c *Cache) standing(a *dns.Answer, own bool, of origin) Standing {
	return c.host.Standing(a, own, of.place)
}

// held is the standing of a slot.
func (c *Cache) held(s *slot) Standing {
	return c.standing(s.answer, s.has(own), c.origins.all[s.origin])
}

// comesFirst reports whether a hidden positive answer is the one to tell of: that
// of an earlier server always, that of the same one once the negative is stale, that
// of a later one never.
func (c *Cache) comesFirst(under *hidden, s *slot, fresh bool) bool {
	positive, negative := c.held(&under.slot).Nth, c.held(s).Nth
	return positive < negative || positive == negative && !fresh
}

// precedes reports whether a positive answer of an earlier server than the nth is
// held, hidden or not: no negative of that one takes its place.
func (c *Cache) precedes(n number, nth int) bool {
	if s := c.table.at(n); !s.negative() {
		return c.held(s).Nth < nth
	}
	under := c.hidden[n]
	return under != nil && c.held(&under.slot).Nth < nth
}
