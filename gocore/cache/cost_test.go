package cache

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// some makes answers of three hosts to so many questions.
func some(t testing.TB, names int) []*dns.Answer {
	answers := make([]*dns.Answer, names)
	for i := range answers {
		birth := dns.Birth{Peer: wire.Peer{ID: uint64(i%3) + 1, Epoch: 1}, Clock: at}
		answers[i] = answerFor(t, fmt.Sprintf("n%d.example.", i), one, time.Hour, birth)
	}
	return answers
}

// held is the memory that is in use.
func held() int {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// cost is what a cache takes for each entry beside its answer.
func cost(t testing.TB, in []Arrival) float64 {
	before := held()
	c := New(1<<40, Key{1, 2}, keeping(func(dns.Question) bool { return false }))
	for _, a := range in {
		c.Put(at, a, limits)
	}
	took := held() - before
	runtime.KeepAlive(in)
	if c.Len() == 0 {
		t.Fatal("nothing is held")
	}
	return float64(took) / float64(c.Len())
}

// told100k are the arrivals of 100,000 answers, told by so many hosts.
func told100k(t testing.TB, hosts int) []Arrival {
	in := make([]Arrival, 100_000)
	for i, a := range some(t, len(in)) {
		in[i] = Arrival{Answer: a, From: wire.Peer{ID: uint64(i%hosts) + 1, Epoch: 1}}
	}
	return in
}

// TestEntryCostsWhatTheBudgetCounts: what an entry takes beside its answer is
// little, and no more than the budget counts.
func TestEntryCostsWhatTheBudgetCounts(t *testing.T) {
	entry := cost(t, told100k(t, 3))
	t.Logf("an entry costs %.1f bytes beside its answer", entry)
	if entry > 64 || entry > entryOverhead {
		t.Errorf("an entry costs %.1f bytes; want at most 64, and the %d that are counted", entry, entryOverhead)
	}
	origin := cost(t, told100k(t, 100_000)) - entry
	t.Logf("an origin costs %.1f bytes", origin)
	if origin > originOverhead {
		t.Errorf("an origin costs %.1f bytes; %d are counted", origin, originOverhead)
	}
	in := told100k(t, 3)
	for _, p := range in {
		no := answerFor(t, p.Answer.Question.Name, no, time.Minute, dns.Birth{Peer: wire.Peer{ID: 9, Epoch: 9}, Clock: at})
		in = append(in, Arrival{Answer: no})
	}
	hidden := cost(t, in) - entry
	t.Logf("a hidden answer costs %.1f bytes", hidden)
	if hidden > entryOverhead+hiddenOverhead {
		t.Errorf("a hidden answer costs %.1f bytes; %d are counted", hidden, entryOverhead+hiddenOverhead)
	}
}

// BenchmarkBytesPerEntry prints what an entry costs beside its answer.
func BenchmarkBytesPerEntry(b *testing.B) {
	for _, names := range []int{1000, 10_000, 100_000} {
		in := told100k(b, 1000)[:names]
		b.Run(fmt.Sprintf("%d names", names), func(b *testing.B) {
			for b.Loop() {
				b.ReportMetric(cost(b, in), "B/entry")
			}
		})
	}
}
