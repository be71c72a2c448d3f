package catchup

import (
	"cmp"
	"slices"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// An export is a stream that a peer opened.
type export struct {
	answers []exported
	first   int // of those, how many are out of the order of hashes
}

// An exported answer was held when the stream began.
type exported struct {
	answer *dns.Answer
	born   time.Duration
	asked  uint32
	hash   uint64
}

const (
	maxExports  = 2
	exportRate  = 1 // streams a second: each sorts the whole cache
	exportBurst = 20
	mostAsked   = 1000 // entries that go first
)

// PageWanted serves a record of a peer's stream.
func (c *Catcher) PageWanted(now time.Duration, stream uint64, want Want) {
	out := c.exports[stream]
	if out == nil {
		if len(c.exports) >= maxExports || !c.host.Shares() || c.rate.Take(now, exportRate, exportBurst) > 0 {
			c.host.Page(Page{Stream: stream, Busy: true, End: true})
			return
		}
		out = c.exported(now, want)
		c.exports[stream] = out
	}
	page := Page{Stream: stream, Sent: now.Truncate(time.Millisecond)}
	room := wire.PageRoom
	for len(out.answers) > 0 {
		next := out.answers[0]
		size := wire.AgedSize(next.answer)
		if size > room && len(page.Answers) > 0 {
			break
		}
		out.answers = out.answers[1:]
		room -= size
		page.Answers = append(page.Answers, c.exportedNow(now, next))
		if out.first > 0 {
			out.first--
		} else {
			page.Next = next.hash
		}
	}
	page.End = len(out.answers) == 0
	c.host.Page(page)
}

// StreamClosed says that a stream that a peer opened ended.
func (c *Catcher) StreamClosed(stream uint64) { delete(c.exports, stream) }

// exportedNow is what is told of an answer by now: a copy of its birth may have
// come meanwhile that is older.
func (c *Catcher) exportedNow(now time.Duration, one exported) wire.Aged {
	born := one.born
	if e := c.store.Get(now, one.answer.Question); e.Held() && e.Answer.Birth == one.answer.Birth {
		born = min(born, e.Born)
	}
	return wire.AgedOf(one.answer, now-born)
}

// exported lists what a peer wants: first what is most asked for, then by hash
// of the question, where a broken stream can go on.
func (c *Catcher) exported(now time.Duration, w Want) *export {
	if len(w.Questions) > 0 {
		only := c.exportedOnly(now, w.Questions)
		return &export{answers: only, first: len(only)}
	}
	all := c.byHash(now, w)
	if w.After != 0 {
		return &export{answers: all}
	}
	asked := slices.DeleteFunc(slices.Clone(all), func(one exported) bool { return one.asked == 0 })
	slices.SortStableFunc(asked, func(a, b exported) int { return cmp.Compare(b.asked, a.asked) })
	asked = asked[:min(len(asked), mostAsked)]
	return &export{answers: append(asked, all...), first: len(asked)}
}

// byHash lists what is young enough and behind the hash to resume at. The hash
// of each name is taken once: within the sort it would take a fifth of a second
// for 100 000 names, in which no lookup is answered.
func (c *Catcher) byHash(now time.Duration, w Want) []exported {
	var all []exported
	c.store.All(func(e cache.Entry) bool {
		if e.Answer.Kind != dns.Positive {
			e = c.store.Get(now, e.Answer.Question) // not what hides a better one
		}
		if w.Away != 0 && e.Age(now) > w.Away || !c.store.Shareable(e) {
			return true // most are too old where a host repairs; hashes cost most
		}
		if hash := e.Answer.Question.Hash(); hash > w.After {
			all = append(all, exported{e.Answer, e.Born, e.Asked, hash})
		}
		return true
	})
	slices.SortFunc(all, func(a, b exported) int { return cmp.Compare(a.hash, b.hash) })
	return all
}

func (c *Catcher) exportedOnly(now time.Duration, qs []dns.Question) []exported {
	var found []exported
	for _, q := range qs {
		if e := c.store.Get(now, q); e.Held() && c.store.Shareable(e) {
			found = append(found, exported{e.Answer, e.Born, e.Asked, 0})
		}
	}
	return found
}
