package cache

import (
	"fmt"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

var (
	nobody = wire.Peer{}
	anna   = wire.Peer{ID: 1, Epoch: 1}
	bert   = wire.Peer{ID: 2, Epoch: 1}
	limits = Limits{Max: 24 * time.Hour, Negative: 15 * time.Minute}
)

// at is "now" in the tables: long after boot, so that births may lie before.
const at = 100 * time.Hour

// answer makes one to host.example. A; data "" is NXDOMAIN.
func answer(t testing.TB, data string, ttl time.Duration, birth dns.Birth) *dns.Answer {
	return answerFor(t, "host.example.", data, ttl, birth)
}

func answerFor(t testing.TB, name, data string, ttl time.Duration, birth dns.Birth) *dns.Answer {
	t.Helper()
	q := dns.Question{Name: name, Type: dns.TypeA}
	sec := int(ttl.Seconds())
	rcode, records := 0, []string{fmt.Sprintf("%s %d IN A %s", name, sec, data)}
	if data == "" {
		rcode, records = 3, []string{fmt.Sprintf("example. %d IN SOA ns.example. root.example. 1 2 3 4 %d", sec, sec)}
	}
	a, err := dns.ParseAnswer(q, rcode, records)
	if err != nil {
		t.Fatal(err)
	}
	a.Birth = birth
	return a
}

// told is an arrival: who, when it was born there, data, TTL and age.
func told(t testing.TB, from wire.Peer, data string, ttl, age time.Duration) Arrival {
	t.Helper()
	origin := from
	if origin == nobody {
		origin = wire.Peer{ID: 9, Epoch: 9}
	}
	birth := dns.Birth{Peer: origin, Clock: at - age}
	return Arrival{Answer: answer(t, data, ttl, birth), Age: age, From: from}
}

// says is a host that has its answers from functions; without an order all are equal.
type says struct {
	keeps func(dns.Question) bool
	order func(a *dns.Answer, own bool, place uint64) Standing
}

func (h says) RanksHigh(q dns.Question) bool { return h.keeps(q) }

func (h says) Standing(a *dns.Answer, own bool, place uint64) Standing {
	if h.order == nil {
		return Standing{Good: true}
	}
	return h.order(a, own, place)
}

func keeping(f func(dns.Question) bool) Host { return says{keeps: f} }

func (c *Cache) orders(f func(a *dns.Answer, own bool, place uint64) Standing) {
	c.host = says{c.host.(says).keeps, f}
}

func newCache() *Cache { return New(1<<20, Key{}, keeping(func(dns.Question) bool { return false })) }

// negative reports whether an entry says that there is none.
func (e Entry) negative() bool { return e.Held() && e.Answer.Kind != dns.Positive }

const (
	one = "203.0.113.1"
	two = "203.0.113.2"
	no  = ""
)

func TestWhichAnswerStands(t *testing.T) {
	const min = time.Minute
	cases := []struct {
		name        string
		held, comes Arrival
		want        Outcome
	}{
		{"same data: the younger", told(t, anna, one, 10*min, 5*min), told(t, bert, one, 10*min, min), Taken},
		{"same data: not the older", told(t, anna, one, 10*min, min), told(t, bert, one, 10*min, 5*min), Kept},
		{"other data, 1 s apart: what is held", told(t, anna, one, 10*min, 2*time.Second), told(t, bert, two, 10*min, time.Second), Kept},
		{"other data, 3 s apart: the younger", told(t, anna, one, 10*min, 4*time.Second), told(t, bert, two, 10*min, time.Second), Taken},
		{"own fetch stands while fresh", told(t, nobody, one, 10*min, 5*min), told(t, bert, two, 10*min, min), Kept},
		{"own fetch stands in its window too", told(t, nobody, one, 10*min, 10*min-time.Second), told(t, bert, two, 10*min, min), Waits},
		{"own fetch yields at its end", told(t, nobody, one, 10*min, 10*min), told(t, bert, two, 10*min, min), Taken},
		{"own fetch stands against its own data, younger", told(t, nobody, one, 10*min, 5*min), told(t, bert, one, 10*min, min), Waits},
		{"what ends before the own fetch does not wait", told(t, nobody, one, 10*min, 5*min), told(t, bert, one, 2*min, min), Kept},
		{"own fetch beats a peer's of the same moment", told(t, anna, one, 10*min, 0), told(t, nobody, two, 10*min, 0), Taken},
		{"a peer's negative: not against a fresh positive", told(t, anna, one, 10*min, 5*min), told(t, bert, no, 10*min, 0), Kept},
		{"a peer's negative: against a stale positive", told(t, anna, one, 10*min, 20*min), told(t, bert, no, 10*min, 0), Taken},
		{"own negative against a fresh positive", told(t, anna, one, 10*min, 5*min), told(t, nobody, no, 10*min, 0), Taken},
		{"a peer's younger positive against a negative", told(t, anna, no, 10*min, 5*min), told(t, bert, one, 10*min, 0), Taken},
		{"a peer's positive against own negative in its time", told(t, nobody, no, 10*min, 5*min), told(t, bert, one, 10*min, 0), Kept},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cc := newCache()
			cc.Put(at, c.held, limits)
			if got, _ := cc.Put(at, c.comes, limits); got != c.want {
				t.Errorf("got %d; want %d", got, c.want)
			}
		})
	}
}

func TestCopyOfOneBirthNeverMakesItYounger(t *testing.T) {
	c := newCache()
	in := told(t, anna, one, time.Hour, 10*time.Minute)
	c.Put(at, in, limits)
	for _, age := range []time.Duration{0, 5 * time.Minute, 20 * time.Minute, time.Minute} {
		in.Age, in.From = age, bert
		if got, _ := c.Put(at, in, limits); got != Same {
			t.Fatalf("age %v: got %d; want Same", age, got)
		}
	}
	if got := c.Get(at, in.Answer.Question).Age(at); got != 20*time.Minute {
		t.Errorf("age is %v; want the oldest told, 20m", got)
	}
}

func TestOwnNegativeHidesAPositiveAndTwoDeleteIt(t *testing.T) {
	q := dns.Question{Name: "host.example.", Type: dns.TypeA}
	c := newCache()
	c.Put(at, told(t, anna, one, time.Minute, 0), limits)
	put := func(now time.Duration) {
		a := answer(t, no, time.Minute, dns.Birth{Peer: wire.Peer{ID: 9, Epoch: 9}, Clock: now})
		c.Put(now, Arrival{Answer: a}, limits)
	}
	put(at + 2*time.Minute)
	if e := c.Get(at+2*time.Minute, q); !e.negative() {
		t.Error("a fresh own negative does not hide the positive")
	}
	if e := c.Get(at+4*time.Minute, q); e.negative() {
		t.Error("a stale own negative hides the stale positive; want the positive")
	}
	put(at + 10*time.Minute)
	if e := c.Get(at+12*time.Minute, q); e.negative() {
		t.Error("two negatives 8 min apart deleted the positive; want 15 min")
	}
	put(at + 17*time.Minute)
	if e := c.Get(at+20*time.Minute, q); !e.negative() {
		t.Error("two negatives 15 min apart: the positive is still there")
	}
}

func TestPeersNegativeNeverHidesAFreshPositive(t *testing.T) {
	q := dns.Question{Name: "host.example.", Type: dns.TypeA}
	c := newCache()
	c.Put(at, told(t, anna, one, time.Hour, 0), limits)
	own := answer(t, no, time.Minute, dns.Birth{Peer: wire.Peer{ID: 9, Epoch: 9}, Clock: at})
	c.Put(at, Arrival{Answer: own}, limits)
	later := at + 5*time.Minute // own negative is stale, the positive under it fresh
	peers := answer(t, no, time.Minute, dns.Birth{Peer: bert, Clock: later})
	c.Put(later, Arrival{Answer: peers, From: bert}, limits)
	if e := c.Get(later, q); e.negative() {
		t.Error("a peer's negative hides a fresh positive")
	}
}

func TestLivesAreCapped(t *testing.T) {
	day := 24 * time.Hour
	cases := []struct {
		name string
		in   Arrival
		want time.Duration
	}{
		{"own", told(t, nobody, one, 7*day, 0), day},
		{"a peer's", told(t, anna, one, 7*day, 0), 4 * time.Hour},
		{"own negative", told(t, nobody, no, day, 0), 15 * time.Minute},
		{"a peer's negative", told(t, anna, no, day, 0), 15 * time.Minute},
		{"short stays short", told(t, nobody, one, time.Second, 0), time.Second},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			cc := newCache()
			cc.Put(at, c.in, limits)
			if got := cc.Get(at, c.in.Answer.Question).Life; got != c.want {
				t.Errorf("life is %v; want %v", got, c.want)
			}
		})
	}
}

func TestZeroTTLIsNeitherKeptNorTakesAPlace(t *testing.T) {
	c := newCache()
	if got, _ := c.Put(at, told(t, nobody, one, 0, 0), limits); got != Kept || c.Len() != 0 || c.Bytes() != 0 {
		t.Errorf("TTL 0: got %d, %d entries, %d bytes; want none", got, c.Len(), c.Bytes())
	}
}

func TestMaxStaleCountsOnlyTimeThisHostWasUp(t *testing.T) {
	c := newCache()
	in := told(t, nobody, one, time.Hour, 0)
	c.Put(at, in, limits)
	asleep, awake := at+2*time.Hour, at+170*time.Hour
	c.Sleep(asleep, awake)
	if got := c.Get(awake, in.Answer.Question).Worn(awake + time.Hour); got != 2*time.Hour {
		t.Errorf("worn %v; want 2h: 1h before the sleep and 1h after", got)
	}
	c.Expire(awake, 72*time.Hour)
	if c.Len() != 1 {
		t.Error("a week of sleep emptied the cache")
	}
	c.Expire(awake+80*time.Hour, 72*time.Hour)
	if c.Len() != 0 || c.Bytes() != 0 {
		t.Errorf("after 80h awake: %d entries, %d bytes; want none", c.Len(), c.Bytes())
	}
}

func TestSavedWornTimeGoesOn(t *testing.T) {
	c := newCache()
	in := told(t, nobody, one, time.Hour, 30*24*time.Hour)
	in.Worn = 71 * time.Hour
	c.Put(at, in, limits)
	q := in.Answer.Question
	if got := c.Get(at, q).Worn(at); got != 71*time.Hour {
		t.Errorf("worn %v at restore; want 71h as saved, whatever the age", got)
	}
	if c.Expire(at+2*time.Hour, 72*time.Hour); c.Len() != 0 {
		t.Error("worn 73h and still held; want max-stale 72h")
	}
}

func TestWornNegativeGivesWayToThePositiveItHides(t *testing.T) {
	c := newCache()
	c.Put(at, told(t, anna, one, 4*time.Hour, 0), limits)
	own := answer(t, no, time.Minute, dns.Birth{Peer: wire.Peer{ID: 9, Epoch: 9}, Clock: at})
	c.Put(at, Arrival{Answer: own}, limits)
	now := at + 74*time.Hour // the negative is stale for 74 h, the positive for 70
	c.Expire(now, 72*time.Hour)
	e := c.Get(now, own.Question)
	if !e.Held() || e.negative() || c.Bytes() != entryOverhead+e.Answer.Size()+originOverhead {
		t.Fatalf("got %+v, %d bytes; want the positive alone", e, c.Bytes())
	}
	c.Expire(now+3*time.Hour, 72*time.Hour)
	if c.Len() != 0 || c.Bytes() != 0 {
		t.Errorf("%d entries, %d bytes; want none", c.Len(), c.Bytes())
	}
}

func TestFullCacheKeepsWhatIsUsedOrRankedFor(t *testing.T) {
	ranked := func(q dns.Question) bool { return q.Name[0] == 'r' }
	c := New(1<<20, Key{}, keeping(ranked))
	put := func(name string) dns.Question {
		a := answerFor(t, name, one, time.Hour, dns.Birth{Peer: anna, Clock: at})
		c.Put(at, Arrival{Answer: a, From: anna}, limits)
		return a.Question
	}
	c.Touch(at, put("used.example."))
	put("ranked.example.")
	before := c.Bytes()
	put("plain.example.")
	size := c.Bytes() - before
	c.SetLimit(c.Bytes() + 8*size)
	for i := range 9 {
		put(fmt.Sprintf("x%d.example.", i))
	}
	held := func(name string) bool {
		return c.Get(at, dns.Question{Name: name, Type: dns.TypeA}).Held()
	}
	if !held("used.example.") || !held("ranked.example.") || held("plain.example.") {
		t.Errorf("used %v, ranked %v, plain %v; want the plain one dropped alone",
			held("used.example."), held("ranked.example."), held("plain.example."))
	}
}

func TestFloodOfNamesStaysWithinTheBudget(t *testing.T) {
	const budget = 1 << 20
	c := New(budget, Key{}, keeping(func(q dns.Question) bool { return q.Hash()%10 < 3 }))
	for i := range 20000 {
		a := answerFor(t, fmt.Sprintf("n%d.example.", i), one, time.Hour, dns.Birth{Peer: anna, Clock: at})
		c.Put(at, Arrival{Answer: a, From: anna}, limits)
		if c.Bytes() > budget {
			t.Fatalf("%d bytes after %d names; want at most %d", c.Bytes(), i+1, budget)
		}
	}
	if c.Len() < 2000 {
		t.Errorf("only %d of 20000 names held in 1 MiB", c.Len())
	}
}

func TestChangesAreToldOnceHiddenOnesFirst(t *testing.T) {
	c := newCache()
	c.Put(at, told(t, anna, one, time.Minute, 0), limits)
	a := answer(t, no, time.Minute, dns.Birth{Peer: wire.Peer{ID: 9, Epoch: 9}, Clock: at})
	c.Put(at+2*time.Minute, Arrival{Answer: a}, limits)
	var kinds []dns.Kind
	note := func(e Entry) { kinds = append(kinds, e.Answer.Kind) }
	mark := c.Changed(0, note)
	if len(kinds) != 2 || kinds[0] != dns.Positive || kinds[1] != dns.NXDomain {
		t.Errorf("told %v; want the hidden positive, then the negative", kinds)
	}
	if kinds = nil; c.Changed(mark, note) != mark || kinds != nil {
		t.Errorf("told %v again", kinds)
	}
}

func TestNobodyAgesWhatThisRunFetched(t *testing.T) {
	c := newCache()
	in := told(t, nobody, one, time.Hour, 0)
	in.Mine = true
	c.Put(at, in, limits)
	copied := in
	copied.From, copied.Mine, copied.Age = anna, false, 30*time.Minute
	if got, _ := c.Put(at, copied, limits); got != Same || c.Get(at, in.Answer.Question).Age(at) != 0 {
		t.Errorf("a peer's older copy: got %d, age %v; want Same, 0", got, c.Get(at, in.Answer.Question).Age(at))
	}
}

// TestWhatCameFromTheFileIsNoChange until something happens to it; what hides it and came
// with it neither.
func TestWhatCameFromTheFileIsNoChange(t *testing.T) {
	c := newCache()
	restored := func(in Arrival) {
		in.Saved = true
		c.Put(at, in, limits)
	}
	denial := told(t, nobody, no, time.Hour, time.Minute)
	restored(told(t, anna, one, time.Minute, time.Hour))
	restored(denial)
	fetched := Arrival{Answer: answerFor(t, "new.example.", one, time.Hour, dns.Birth{Peer: anna, Clock: at})}
	c.Put(at, fetched, limits)
	var told []string
	note := func(e Entry) { told = append(told, fmt.Sprint(e.Answer.Question.Name, e.Answer.Kind)) }
	since := func(mark uint64, want int) (next uint64) {
		t.Helper()
		told = nil
		if next = c.Changed(mark, note); len(told) != want {
			t.Errorf("since %d: told %v; want %d", mark, told, want)
		}
		return next
	}
	since(0, 3)
	mark := since(SavedMark, 1)
	c.Touch(at, denial.Answer.Question)
	mark = since(mark, 0)
	c.Grow(time.Minute)
	mark = since(mark, 3)
	restored(Arrival{Answer: answer(t, two, time.Hour, dns.Birth{Peer: bert, Clock: at + time.Minute}), From: bert})
	since(mark, 0) // a denial of one's own stands for its TTL
	since(SavedMark, 3)
}

// TestFileThatComesLateUndoesNoChange: what was learnt before it is still to be saved.
func TestFileThatComesLateUndoesNoChange(t *testing.T) {
	c := newCache()
	c.Put(at, told(t, anna, one, time.Hour, 30*time.Minute), limits)
	late := told(t, bert, two, time.Hour, time.Minute)
	late.Saved = true
	if out, _ := c.Put(at, late, limits); out != Taken {
		t.Fatalf("got %d; want what is younger taken", out)
	}
	changed := 0
	c.Changed(SavedMark, func(Entry) { changed++ })
	if changed != 1 {
		t.Errorf("%d changes since the file was written; want 1", changed)
	}
}
