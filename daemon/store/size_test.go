package store

import (
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"
	"weak"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// TestADayOfNewNamesStaysSmall: a node with a full cache meets 30 names a minute that
// nobody knew, refreshes others, and is saved as mcdnsd does it.
func TestADayOfNewNamesStaysSmall(t *testing.T) {
	const room, fresh, refreshed = 256 << 10, 30, 20
	n := node.New(node.Config{Self: wire.Peer{ID: 1, Epoch: 1}, Rand: rand.New(rand.NewPCG(1, 2))})
	n.Handle(0, node.Configure{Settings: node.Settings{CacheBytes: room, MaxTTL: time.Hour, MaxStale: 72 * time.Hour}})
	s, mark, written, rewrites := open(t, t.TempDir()), uint64(0), int64(0), 0
	for minute := range 24 * 60 {
		now := time.Duration(minute+1) * time.Minute
		var come []node.Entry
		for i := range fresh + refreshed {
			one := minute*fresh + i
			if i >= fresh {
				one = max(0, one-10*fresh)
			}
			e := entry(t, one, time.Hour, 0)
			e.Answer.Birth.Clock = now
			come = append(come, e)
		}
		n.Handle(now, node.Restore{Entries: come})
		before := s.size
		save, since := s.Append, mark
		if s.Due() {
			save, since, before = s.Rewrite, 0, 0
			rewrites++
		}
		entries, next := n.Changes(now, since)
		must(t, save(at(boot1, now, noon), entries))
		mark = next
		written += s.size - before
		if s.size > 3*room {
			t.Fatalf("%d bytes on disk after %v, for a cache of %d", s.size, now, room)
		}
	}
	held := n.Status(24 * time.Hour).Entries
	t.Logf("%d answers held; %d bytes at the end, %d written, %d times anew", held, s.size, written, rewrites)
	if len(s.last) > 3*held || rewrites > 24*4 {
		t.Errorf("%d questions in mind for %d held, written anew %d times", len(s.last), held, rewrites)
	}
}

// TestWhatTheCacheLetsGoOfIsFree: the file has it until it is written anew, which may
// be a day later; memory must not.
func TestWhatTheCacheLetsGoOfIsFree(t *testing.T) {
	s := open(t, t.TempDir())
	now := at(boot1, time.Hour, noon)
	must(t, s.Rewrite(now, nil))
	var held [2]weak.Pointer[dns.Answer]
	for i := range held {
		e := entry(t, i, time.Hour, 0)
		held[i] = weak.Make(e.Answer)
		if i == 0 {
			must(t, s.Append(now, []node.Entry{e}))
		} else {
			must(t, s.Rewrite(now, []node.Entry{e}))
		}
	}
	runtime.GC()
	for i := range held {
		if held[i].Value() != nil {
			t.Errorf("answer %d is still in memory", i)
		}
	}
	runtime.KeepAlive(s)
}

// TestSavingTakesLessMemoryThanTheFile: with a full cache the file is 30 MB, and a
// daemon that needs that twice at once is what gets killed.
func TestSavingTakesLessMemoryThanTheFile(t *testing.T) {
	s := open(t, t.TempDir())
	var all []node.Entry
	for i := range 20000 {
		all = append(all, entry(t, i, time.Hour, 0))
	}
	for name, save := range map[string]func(Stamp, []node.Entry) error{"Rewrite": s.Rewrite, "Append": s.Append} {
		if s.file == nil {
			must(t, s.Rewrite(at(boot1, time.Hour, noon), nil))
		}
		before := s.size
		var m0, m1 runtime.MemStats
		runtime.ReadMemStats(&m0)
		must(t, save(at(boot1, time.Hour, noon), all))
		runtime.ReadMemStats(&m1)
		if took, size := int64(m1.TotalAlloc-m0.TotalAlloc), s.size; took > size*3/4 {
			t.Errorf("%s took %d bytes of memory to make the file %d bytes of %d", name, took, size, before)
		}
	}
}

// repeat is a file that ends with the same save again and again. It looks at the
// memory in use after each megabyte.
type repeat struct {
	head, tail []byte
	times      int
	at, heap   int
}

func (r *repeat) Read(b []byte) (int, error) {
	if len(r.head) == 0 {
		if r.times == 0 {
			return 0, io.EOF
		}
		r.head, r.times = r.tail, r.times-1
	}
	n := copy(b, r.head)
	r.head = r.head[n:]
	if r.at += n; r.at > 1<<20 {
		r.at = 0
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		r.heap = max(r.heap, int(m.HeapAlloc))
	}
	return n, nil
}

// TestLoadingReadsTheFilePieceByPiece: a log may be several times what is live.
func TestLoadingReadsTheFilePieceByPiece(t *testing.T) {
	dir, now := t.TempDir(), at(boot1, time.Hour, noon)
	s := open(t, dir)
	var all []node.Entry
	for i := range 200 {
		all = append(all, entry(t, i, time.Hour, 0))
	}
	must(t, s.Rewrite(now, all))
	size := s.size
	must(t, s.Append(now, all))
	file, err := os.ReadFile(filepath.Join(dir, answersName))
	must(t, err)
	log := &repeat{head: file, tail: file[size:], times: 1000}
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	got, err := parse(log, 0, now)
	whole := int64(len(file)) + 1000*int64(len(file)-int(size))
	if err != nil || len(got.entries) != len(all) || got.size != whole {
		t.Fatalf("got %d of %d answers, %d of %d bytes, %v", len(got.entries), len(all), got.size, whole, err)
	}
	if most := window + 4<<20; log.heap-int(m.HeapAlloc) > most {
		t.Errorf("%d bytes of memory more to read %d; want %d", log.heap-int(m.HeapAlloc), whole, most)
	}
}
