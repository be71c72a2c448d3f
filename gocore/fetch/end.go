package fetch

import (
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/upstream"
)

// endBy ends a fetch that a server answered. What an earlier one may still say shows that
// it is well, and replaces the answer of a later one.
func (x *Fetcher) endBy(now time.Duration, f *fetch, server upstream.ID, stands cache.Standing) {
	if f.done || stands.Nth == 0 || !f.ordered {
		x.endFetch(f)
		return
	}
	f.by = server
	x.endLater(now, f)
}

// fetchFailed ends a fetch that brought no answer. It deletes and shortens
// nothing: what is held is worth more than nothing.
func (x *Fetcher) fetchFailed(now time.Duration, f *fetch) {
	if f.done {
		return
	}
	f.failed = f.kind != Probe
	x.endLater(now, f)
	x.host.Failed(now, f.failure())
}

func (f *fetch) failure() Failed {
	return Failed{Question: f.q, Why: f.kind, Said: f.said, Apart: f.own.apart()}
}

// endFetch forgets a fetch and its asks.
func (x *Fetcher) endFetch(f *fetch) {
	f.done = true
	for _, id := range f.asks {
		delete(x.asks, id)
	}
	if f.kind == Renewing {
		x.host.Renewed(f.q)
	}
	if len(f.late) == 0 {
		delete(x.fetches, f.no)
	}
	if x.of[f.q] == f {
		delete(x.of, f.q)
	}
}

// Abandon ends the fetch of a question without an outcome. Its asks stay
// until they are of no use: a reply still shows that its server answers.
func (x *Fetcher) Abandon(now time.Duration, q dns.Question) {
	if f := x.of[q]; f != nil {
		x.endLater(now, f)
	}
}

// maxAsks is how much may be under way before replies that come late are given up.
const maxAsks = 16384

// endLater ends a fetch whose replies are still of use, unless they are too many.
func (x *Fetcher) endLater(now time.Duration, f *fetch) {
	if len(f.asks) == 0 || now >= f.listens || len(x.asks) > maxAsks {
		x.endFetch(f)
		return
	}
	f.late, f.asks = f.asks, nil
	x.endFetch(f)
	x.after(now, f.listens-now, Timer{Due: lateDue, Key: f.no})
}

// forgetLate comes when no reply is of use any more.
func (x *Fetcher) forgetLate(no uint64) {
	f := x.fetches[no]
	for _, id := range f.late {
		delete(x.asks, id)
	}
	delete(x.fetches, f.no)
}

// MayCome reports whether a server may still answer a question in time, and sees to the
// end of that time.
func (x *Fetcher) MayCome(now time.Duration, q dns.Question) bool {
	f := x.of[q]
	if f == nil {
		return false
	}
	since, down := x.order.Down(f.q)
	if f.kind == Fallback || f.own.TCP || !down || x.upstream.All().Hearsay() {
		return true
	}
	end := f.began // asked before the outage was known
	if f.began >= since {
		end = since
	}
	if end += upstream.LateAnswer; now >= end || f.began >= since && f.nowhere() {
		return false
	}
	x.after(now, end-now, Timer{Due: giveUpDue, Key: f.no})
	return true
}

// EndLate sees to it that a question of a young outage is not waited for much longer.
func (x *Fetcher) EndLate(now time.Duration, q dns.Question) {
	if f := x.of[q]; f != nil {
		x.after(now, f.began+upstream.LateAnswer-now, Timer{Due: giveUpDue, Key: f.no})
	}
}

// giveUpNowhere ends a question of a young outage that reached no server, once the
// group has had its turn.
func (x *Fetcher) giveUpNowhere(now time.Duration, f *fetch) {
	since, _ := x.order.Down(f.q)
	if x.of[f.q] == f && !x.host.IsPut(f.q) && f.kind == Demand && f.began >= since && f.nowhere() && !x.upstream.All().Hearsay() {
		x.giveUp(now, f)
	}
}

func (x *Fetcher) giveUp(now time.Duration, f *fetch) {
	if x.order.DownFor(f.q) && !x.order.Servers(f.q).YetToSpeak(now) {
		x.fetchFailed(now, f)
	}
}
