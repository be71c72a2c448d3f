package order

import (
	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/upstream"
)

// stands says what is worth an answer of the nth server of the list that a question
// goes to. That of the current server, or of one before it, is good, and while all
// are down every server's is, but for other servers' under the host's own domains.
func (o *Order) stands(list upstream.List, q dns.Question, nth int) cache.Standing {
	switch {
	case nth == list.Len():
		return cache.Standing{Nth: nth, Good: nth > 0 && list.Current() == nth && !o.rules.Own(q.Name)}
	case o.rules.Rotate:
		nth = 0
	}
	return cache.Standing{Nth: nth, Good: nth <= list.Current()}
}

// Standing is that of an answer that is or may be held. What came through a loopback
// stub that names no servers counts only for the host that asked it, and only where
// it was asked.
func (o *Order) Standing(a *dns.Answer, own bool, place uint64) cache.Standing {
	list := o.Servers(a.Question)
	nth := list.Len()
	if a.Server != 0 || own && place == o.rules.Place {
		nth = list.Number(a.Server)
	}
	return o.stands(list, a.Question, nth)
}

// Of is that of an answer that is held.
func (o *Order) Of(e cache.Entry) cache.Standing { return o.Standing(e.Answer, e.Own(), e.Place) }

// Now is that of what a server says now.
func (o *Order) Now(id upstream.ID, q dns.Question) cache.Standing {
	list := o.Servers(q)
	return o.stands(list, q, list.Place(id))
}

// Mine reports whether one of the servers that a question goes to gave the answer.
func (o *Order) Mine(e cache.Entry) bool {
	return o.Of(e).Nth < o.Servers(e.Answer.Question).Len()
}

// Counts reports whether a server is the current one, or one before it.
func (o *Order) Counts(id dns.ServerID) bool {
	list := o.upstream.All()
	nth := list.Number(id)
	return id != 0 && nth < list.Len() && o.stands(list, dns.Question{}, nth).Good
}

// Outlived reports whether an address is held of a server that is down while a later one
// stands in. It may know nothing of the name; what it says is looked at behind the answer.
func (o *Order) Outlived(e cache.Entry) bool {
	if !e.Held() || o.rules.Rotate || e.Answer.Kind != dns.Positive {
		return false
	}
	return o.Of(e).Nth < o.Servers(e.Answer.Question).Current()
}

// MayProbe reports whether a server may be asked for what is held, in order to learn
// whether it answers. One that is not current is asked only for what it gave itself: a
// public one would learn the site's names else.
func (o *Order) MayProbe(id upstream.ID, e cache.Entry) bool {
	list := o.Servers(e.Answer.Question)
	nth := list.Place(id)
	if nth == list.Len() || !o.Mine(e) {
		return false
	}
	_, server := list.At(nth)
	return o.rules.Rotate || nth == list.Current() || server.ID != 0 && server.ID == e.Answer.Server
}
