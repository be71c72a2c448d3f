package store

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"mcdns/daemon/clock"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

var (
	boot1 = [16]byte{1}
	boot2 = [16]byte{2}
	noon  = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
)

func at(boot [16]byte, since time.Duration, wall time.Time) Stamp {
	return Stamp{BootID: boot, Boot: since, Wall: wall}
}

// entry is host i's answer; the address says which.
func entry(t testing.TB, i int, ttl, age time.Duration) node.Entry {
	t.Helper()
	q, err := dns.NewQuestion(fmt.Sprintf("host%d.example", i), 1)
	if err != nil {
		t.Fatal(err)
	}
	record := fmt.Sprintf("%s %d IN A 192.%d.%d.%d", q.Name, int(ttl.Seconds()), i>>16, i>>8&255, i&255)
	a, err := dns.ParseAnswer(q, 0, []string{record})
	if err != nil {
		t.Fatal(err)
	}
	a.Birth = dns.Birth{Peer: wire.Peer{ID: 7, Epoch: 8}, Clock: time.Second}
	a.Server = 9
	return node.Entry{Answer: a, Age: age, From: wire.Peer{ID: 3, Epoch: 4}, Place: 5, Asked: 6, Worn: time.Minute}
}

func show(e node.Entry) string {
	return fmt.Sprintf("%s ttl=%v age=%v birth=%v server=%d from=%v place=%d asked=%d worn=%v %v",
		e.Answer.Question, e.Answer.TTL, e.Age, e.Answer.Birth, e.Answer.Server, e.From, e.Place, e.Asked, e.Worn, e.Answer.Records())
}

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestSavedAnswersComeBackAsTheyWere(t *testing.T) {
	dir, now := t.TempDir(), at(boot1, time.Hour, noon)
	s := open(t, dir)
	first := []node.Entry{entry(t, 1, time.Hour, 0), entry(t, 2, time.Hour, time.Minute)}
	must(t, s.Rewrite(now, first))
	third, again := entry(t, 3, time.Hour, 0), entry(t, 1, time.Hour, 0)
	again.Answer.Birth.Clock, again.Asked, again.From = 5*time.Second, 60, wire.Peer{}
	must(t, s.Append(now, []node.Entry{third, again}))
	got, err := open(t, dir).Load(now)
	must(t, err)
	want := []node.Entry{again, first[1], third}
	if len(got) != len(want) {
		t.Fatalf("got %d entries; want %d", len(got), len(want))
	}
	for i := range want {
		if show(got[i]) != show(want[i]) {
			t.Errorf("got  %s\nwant %s", show(got[i]), show(want[i]))
		}
	}
}

func TestRefreshWithTheSameDataIsASmallRecord(t *testing.T) {
	dir, now := t.TempDir(), at(boot1, time.Hour, noon)
	s := open(t, dir)
	must(t, s.Rewrite(now, []node.Entry{entry(t, 1, time.Hour, 0)}))
	before := s.size
	must(t, s.Append(now, []node.Entry{entry(t, 1, time.Hour, 0)}))
	if grown, most := s.size-before, int64(2*prefixLen+stampLen+againLen); grown != most {
		t.Errorf("a refresh wrote %d bytes; want %d", grown, most)
	}
	// And after a restart the first refresh still is.
	s2 := open(t, dir)
	if _, err := s2.Load(now); err != nil {
		t.Fatal(err)
	}
	before = s2.size
	must(t, s2.Append(now, []node.Entry{entry(t, 1, time.Hour, 0)}))
	if grown := s2.size - before; grown > 2*prefixLen+stampLen+againLen {
		t.Errorf("after a restart a refresh wrote %d bytes", grown)
	}
}

func TestAgesGoOnWithinABootAndAreNeverYoungerAfterOne(t *testing.T) {
	const ttl = time.Hour
	saved := at(boot1, 10*time.Hour, noon)
	cases := []struct {
		name string
		now  Stamp
		age  time.Duration // when saved
		want time.Duration
		worn time.Duration
	}{
		{"same boot", at(boot1, 10*time.Hour+5*time.Minute, noon), 0, 5 * time.Minute, time.Minute},
		{"same boot, wall clock set back", at(boot1, 11*time.Hour, noon.Add(-1000*time.Hour)), 0, time.Hour, time.Minute},
		{"same boot, paused in between", at(boot1, 10*time.Hour+5*time.Minute, noon.Add(8*time.Hour)), 0, 8 * time.Hour, 6 * time.Minute},
		{"same boot, past the TTL", at(boot1, 13*time.Hour, noon), 0, 3 * time.Hour, 2*time.Hour + time.Minute},
		{"same boot, was past the TTL", at(boot1, 11*time.Hour, noon), 5 * time.Hour, 6 * time.Hour, time.Hour + time.Minute},
		{"another boot is stale", at(boot2, time.Minute, noon.Add(time.Minute)), 0, ttl, time.Minute},
		{"another boot, two hours later", at(boot2, time.Minute, noon.Add(2*time.Hour)), time.Minute, 2*time.Hour + time.Minute, time.Minute},
		{"another boot, wall clock set back", at(boot2, time.Minute, noon.Add(-time.Hour)), 2 * time.Hour, 2 * time.Hour, time.Minute},
		{"another boot, flat battery", at(boot2, time.Minute, noon.Add(9000*24*time.Hour)), 0, clock.MostAway, time.Minute},
		{"a week of holidays wears nothing", at(boot2, time.Minute, noon.Add(7*24*time.Hour)), 0, 7 * 24 * time.Hour, time.Minute},
		{"unknown boot", Stamp{Boot: 11 * time.Hour, Wall: noon.Add(time.Minute)}, 0, ttl, time.Minute},
		{"same boot id, clock ran back", at(boot1, time.Hour, noon.Add(time.Minute)), 0, ttl, time.Minute},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, open(t, dir).Rewrite(saved, []node.Entry{entry(t, 1, ttl, c.age)}))
			got, err := open(t, dir).Load(c.now)
			must(t, err)
			if got[0].Age != c.want || got[0].Worn != c.worn {
				t.Errorf("got age %v, worn %v; want %v, %v", got[0].Age, got[0].Worn, c.want, c.worn)
			}
		})
	}
	// A boot that the kernel does not name is never the same one.
	dir := t.TempDir()
	must(t, open(t, dir).Rewrite(Stamp{Boot: time.Hour, Wall: noon}, []node.Entry{entry(t, 1, ttl, 0)}))
	if got, err := open(t, dir).Load(Stamp{Boot: time.Hour + 1, Wall: noon}); err != nil || got[0].Age != ttl {
		t.Errorf("got %v, %v; want age %v", got, err, ttl)
	}
}

// sample is a file of three saves and the number of bytes after each.
func sample(t testing.TB) (file []byte, ends []int) {
	dir, now := t.TempDir(), at(boot1, time.Hour, noon)
	s, path := open(t, dir), filepath.Join(dir, answersName)
	must(t, s.Rewrite(now, []node.Entry{entry(t, 1, time.Hour, 0)}))
	for i := range 2 {
		ends = append(ends, size(t, path))
		must(t, s.Append(now, []node.Entry{entry(t, 2+i, time.Hour, 0), entry(t, 1, time.Hour, 0)}))
	}
	ends = append(ends, size(t, path))
	file, err := os.ReadFile(path)
	must(t, err)
	return file, ends
}

func size(t testing.TB, path string) int {
	st, err := os.Stat(path)
	must(t, err)
	return int(st.Size())
}

func TestKillAtAnyByteLosesAtMostTheLastSave(t *testing.T) {
	file, ends := sample(t)
	now := at(boot1, time.Hour, noon)
	for n := range file {
		saves := 0
		for saves < len(ends) && ends[saves] <= n {
			saves++
		}
		got, err := parse(bytes.NewReader(file[:n]), 0, now)
		if len(got.entries) < saves {
			t.Fatalf("cut at byte %d: %d answers (%v); want at least %d", n, len(got.entries), err, saves)
		}
		if whole := slices.Contains(ends, n); whole != (err == nil) && !boundary(file, n) {
			t.Errorf("cut at byte %d: error %v", n, err)
		}
	}
}

// boundary: n is the end of a record, where a cut cannot be seen.
func boundary(file []byte, n int) bool {
	for rest := file[headerLen:]; ; {
		if len(file)-len(rest) == n {
			return true
		}
		_, next, ok := nextRecord(rest)
		if !ok {
			return false
		}
		rest = next
	}
}

func TestFlippedBitsAreSeenAndTheFileIsMadeSound(t *testing.T) {
	file, _ := sample(t)
	now := at(boot1, time.Hour, noon)
	good, err := parse(bytes.NewReader(file), 0, now)
	must(t, err)
	dir := t.TempDir()
	path := filepath.Join(dir, answersName)
	for i := range file {
		bad := slices.Clone(file)
		bad[i] ^= 1 << (i % 8)
		must(t, os.WriteFile(path, bad, 0o600))
		s, err := Open(dir)
		must(t, err)
		got, err := s.Load(now)
		if err == nil {
			t.Fatalf("flip in byte %d was not seen", i)
		}
		for _, e := range got {
			i, held := good.at[e.Answer.Question.Hash()]
			if !held || !good.entries[i].Answer.SameData(e.Answer) {
				t.Fatalf("flip in byte %d changed an answer: %s", i, show(e))
			}
		}
		if !s.Due() {
			t.Fatalf("flip in byte %d: the damaged file would be appended to", i)
		}
		s.Close()
	}
	s := open(t, dir)
	entries, _ := s.Load(now)
	must(t, s.Rewrite(now, entries))
	if _, err := open(t, dir).Load(now); err != nil {
		t.Errorf("after a rewrite: %v", err)
	}
}

func TestForeignFilesAreLeftOut(t *testing.T) {
	for name, content := range map[string]string{
		"empty": "", "text": "hello, world, this is a text", "zeros": strings.Repeat("\x00", 1000),
		"next version": "mcdns\x00\x00\x02rest", "header only": string(header[:7]),
	} {
		dir := t.TempDir()
		must(t, os.WriteFile(filepath.Join(dir, answersName), []byte(content), 0o600))
		s := open(t, dir)
		if got, err := s.Load(at(boot1, 0, noon)); err == nil || len(got) != 0 || !s.Due() {
			t.Errorf("%s: got %d entries, %v, due %v", name, len(got), err, s.Due())
		}
	}
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, answersName), 0o700))
	if _, err := open(t, dir).Load(at(boot1, 0, noon)); err == nil {
		t.Error("a directory in the file's place was read")
	}
	dir = t.TempDir()
	must(t, syscall.Mkfifo(filepath.Join(dir, answersName), 0o600))
	if _, err := open(t, dir).Load(at(boot1, 0, noon)); err == nil {
		t.Error("a fifo in the file's place was read")
	}
}

func TestLogIsCompactedAtThreeTimesItsLiveSize(t *testing.T) {
	dir, now := t.TempDir(), at(boot1, time.Hour, noon)
	s := open(t, dir)
	var all []node.Entry
	for i := range 1000 {
		all = append(all, entry(t, i, time.Hour, 0))
	}
	must(t, s.Rewrite(now, all))
	live := s.size
	for range 100 {
		if s.Due() {
			must(t, s.Rewrite(now, all))
			if s.size > live+1000 {
				t.Errorf("rewritten to %d bytes; want %d", s.size, live)
			}
			return
		}
		if s.size > compactAt*s.live+live {
			break
		}
		must(t, s.Append(now, all))
	}
	t.Errorf("at %d bytes with %d live no rewrite is due", s.size, live)
}

// TestNamesThatNobodyHoldsAnyMoreAreForgotten: of a crawler's ever new names only
// those that the cache holds stay, in the file and in memory, over restarts too.
func TestNamesThatNobodyHoldsAnyMoreAreForgotten(t *testing.T) {
	const held, round, rounds = 1000, 500, 60
	dir, now := t.TempDir(), at(boot1, time.Hour, noon)
	s := open(t, dir)
	var cache []node.Entry
	for r := range rounds {
		var fresh []node.Entry
		for i := range round {
			fresh = append(fresh, entry(t, r*round+i, time.Hour, 0))
		}
		cache = append(cache, fresh...)
		cache = cache[max(0, len(cache)-held):]
		if r%7 == 6 {
			s.Close()
			s = open(t, dir)
			_, err := s.Load(now)
			must(t, err)
		}
		if s.Due() {
			must(t, s.Rewrite(now, cache))
		} else {
			must(t, s.Append(now, fresh))
		}
		if len(s.last) > 4*held || s.size > 4*held*answerSize(&fresh[0]) {
			t.Fatalf("after %d names with a cache of %d: %d in memory, %d bytes in the file",
				(r+1)*round, held, len(s.last), s.size)
		}
	}
	got, err := open(t, dir).Load(now)
	must(t, err)
	if len(got) < held {
		t.Errorf("%d answers were saved; want the %d that are held", len(got), held)
	}
}

func TestFullDiskIsSaidAndPasses(t *testing.T) {
	dir, now := t.TempDir(), at(boot1, time.Hour, noon)
	s := open(t, dir)
	must(t, s.Rewrite(now, []node.Entry{entry(t, 1, time.Hour, 0)}))
	s.file.Close()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	must(t, err)
	s.file = full
	if err := s.Append(now, []node.Entry{entry(t, 2, time.Hour, 0)}); err == nil {
		t.Fatal("a full disk was not noticed")
	}
	if !s.Due() {
		t.Fatal("no rewrite is due after a failed write")
	}
	must(t, s.Rewrite(now, []node.Entry{entry(t, 1, time.Hour, 0), entry(t, 2, time.Hour, 0)}))
	if got, err := open(t, dir).Load(now); err != nil || len(got) != 2 {
		t.Errorf("got %d entries, %v; want 2", len(got), err)
	}
}

// TestFileThatIsTakenAwayIsWrittenAnew: what was appended to it would be lost at the next start.
func TestFileThatIsTakenAwayIsWrittenAnew(t *testing.T) {
	now := at(boot1, time.Hour, noon)
	for name, take := range map[string]func(path string) error{
		"removed":  os.Remove,
		"replaced": func(path string) error { return errors.Join(os.Remove(path), os.WriteFile(path, nil, 0o600)) },
		"cut":      func(path string) error { return os.Truncate(path, 20) },
	} {
		dir := t.TempDir()
		s := open(t, dir)
		must(t, s.Rewrite(now, []node.Entry{entry(t, 1, time.Hour, 0)}))
		if s.Due() {
			t.Fatalf("%s: nothing has happened, and a rewrite is due", name)
		}
		must(t, take(filepath.Join(dir, answersName)))
		if !s.Due() {
			t.Errorf("%s: no rewrite is due", name)
		}
		must(t, s.Rewrite(now, []node.Entry{entry(t, 1, time.Hour, 0), entry(t, 2, time.Hour, 0)}))
		if got, err := open(t, dir).Load(now); err != nil || len(got) != 2 || s.Due() {
			t.Errorf("%s: got %d entries, %v; want 2, and no rewrite due", name, len(got), err)
		}
	}
}

// TestDirectoryThatTakesNothingIsSaid: it is gone, as root writes to any other.
func TestDirectoryThatTakesNothingIsSaid(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mcdns")
	s := open(t, dir)
	must(t, os.Remove(dir))
	if is, err := s.Identity("m1"); err == nil || is.ID == 0 {
		t.Errorf("got id %d, %v; want an id for this run and an error", is.ID, err)
	}
	if err := s.Rewrite(at(boot1, 0, noon), nil); err == nil {
		t.Error("Rewrite: no error")
	}
}

func TestZeroStoreSavesNothing(t *testing.T) {
	s := &Store{}
	now := at(boot1, 0, noon)
	is, err := s.Identity("m1")
	entries, err2 := s.Load(now)
	if is.ID == 0 || err != nil || err2 != nil || entries != nil || s.Due() || s.Append(now, []node.Entry{entry(t, 1, 1, 0)}) != nil {
		t.Errorf("got %x, %v, %v, %v", is.ID, err, entries, err2)
	}
}

func FuzzParse(f *testing.F) {
	file, _ := sample(f)
	f.Add(file)
	f.Add(file[:len(file)/2])
	for rest := file[headerLen:]; len(rest) > 0; {
		body, next, _ := nextRecord(rest)
		f.Add(body)
		rest = next
	}
	now := at(boot1, 2*time.Hour, noon)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, _ := parse(bytes.NewReader(b), 0, now)
		check(t, got)
		// The same bytes as the contents of a sound record, between others.
		whole := appendStamp(slices.Clone(header[:]), at(boot1, time.Hour, noon))
		whole = record(whole, func(dst []byte) []byte { return append(dst, b...) })
		e := entry(t, 1, time.Hour, 0)
		got, _ = parse(bytes.NewReader(appendAgain(appendAnswer(whole, &e), &e)), 0, now)
		if len(got.entries) == 0 && 0 < len(b) && len(b) <= maxBody && b[0] != kindStamp {
			t.Fatal("a record took its neighbours along")
		}
		check(t, got)
	})
}

func check(t *testing.T, got saved) {
	for _, e := range got.entries {
		if e.Answer == nil || e.Age < 0 || e.Worn < 0 {
			t.Fatalf("got %+v", e)
		}
		if _, err := e.Answer.View(); err != nil && err != dns.ErrNoHostName {
			t.Fatalf("%s: %v", e.Answer.Question, err)
		}
	}
}

func BenchmarkLoad100000(b *testing.B) {
	dir, now := b.TempDir(), at(boot1, time.Hour, noon)
	s := open(b, dir)
	var all []node.Entry
	for i := range 100000 {
		all = append(all, entry(b, i, time.Hour, 0))
	}
	must(b, s.Rewrite(now, all))
	for b.Loop() {
		s, err := Open(dir)
		must(b, err)
		if got, err := s.Load(now); err != nil || len(got) != len(all) {
			b.Fatalf("got %d, %v", len(got), err)
		}
		s.Close()
	}
}

// denied is the negative that took the place of a positive.
func denied(t testing.TB, e node.Entry, age time.Duration) node.Entry {
	t.Helper()
	name := e.Answer.Question.Name
	a, err := dns.ParseAnswer(e.Answer.Question, 3, []string{"example. 60 IN SOA ns.example. root.example. 1 2 3 4 60"})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	a.Birth = dns.Birth{Peer: e.Answer.Birth.Peer, Clock: e.Answer.Birth.Clock + time.Second}
	return node.Entry{Answer: a, Age: age, Place: e.Place, Asked: e.Asked}
}

func TestHiddenPositiveIsSavedWithTheNegative(t *testing.T) {
	now := at(boot1, time.Hour, noon)
	positive := entry(t, 1, time.Hour, time.Minute)
	pair, other := []node.Entry{positive, denied(t, positive, 0)}, []node.Entry{entry(t, 2, time.Hour, 0)}
	cases := []struct {
		name  string
		saves [][]node.Entry
		want  []node.Entry
	}{
		{"together", [][]node.Entry{pair}, pair},
		{"after the positive", [][]node.Entry{other, pair[:1], pair}, append(other[:1:1], pair...)},
		{"again and again", [][]node.Entry{pair, other, pair, pair}, append(pair[:2:2], other...)},
		{"believed the second time", [][]node.Entry{pair, pair[1:]}, pair[1:]},
		{"believed at once", [][]node.Entry{pair[:1], pair[1:]}, pair[1:]},
		{"found again", [][]node.Entry{pair, pair[:1]}, pair[:1]},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			s := open(t, dir)
			must(t, s.Rewrite(now, nil))
			for _, save := range c.saves {
				must(t, s.Append(now, save))
			}
			for _, how := range []string{"appended", "written anew"} {
				got, err := open(t, dir).Load(now)
				must(t, err)
				if a, b := shown(got), shown(c.want); a != b {
					t.Errorf("%s: got\n%swant\n%s", how, a, b)
				}
				must(t, s.Rewrite(now, got))
			}
		})
	}
}

func shown(entries []node.Entry) string {
	var b strings.Builder
	for _, e := range entries {
		fmt.Fprintln(&b, show(e))
	}
	return b.String()
}

// TestRestartKeepsWhatAWrongDenialHides: from one node to the next through the
// file, as mcdnsd does it.
func TestRestartKeepsWhatAWrongDenialHides(t *testing.T) {
	start := func(now time.Duration, entries []node.Entry) *node.Node {
		n := node.New(node.Config{Self: wire.Peer{ID: 1, Epoch: 1}, Rand: rand.New(rand.NewPCG(1, 2))})
		n.Handle(now, node.Configure{Settings: node.Settings{CacheBytes: 1 << 20, MaxTTL: time.Hour, MaxStale: 72 * time.Hour}})
		n.Handle(now, node.Restore{Entries: entries})
		return n
	}
	positive := entry(t, 1, time.Minute, 10*time.Minute)
	positive.From, positive.Worn = wire.Peer{}, 0
	before := start(time.Hour, []node.Entry{positive, denied(t, positive, 5*time.Minute)})
	dir := t.TempDir()
	entries, _ := before.Changes(time.Hour, 0)
	must(t, open(t, dir).Rewrite(at(boot1, time.Hour, noon), entries))
	entries, err := open(t, dir).Load(at(boot2, time.Minute, noon.Add(time.Hour)))
	must(t, err)
	after := start(time.Minute, entries)
	if e, held := after.Entry(time.Minute, positive.Answer.Question); !held || e.Answer.Kind != dns.Positive {
		t.Errorf("after a restart %d entries, and %+v for a stale denial; want the positive", len(entries), e)
	}
}
