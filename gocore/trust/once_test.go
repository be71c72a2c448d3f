package trust

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestEachPassesOnceForAsLongAsItMayPassForNew, whatever the order and the times.
func TestEachPassesOnceForAsLongAsItMayPassForNew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var o Once
		now := time.Duration(rapid.Int64Range(0, int64(100*24*time.Hour)).Draw(t, "boot"))
		last := map[uint64]time.Duration{}
		for range rapid.IntRange(1, 300).Draw(t, "datagrams") {
			now += time.Duration(rapid.Int64Range(0, int64(50*time.Millisecond)).Draw(t, "later"))
			hash := rapid.Uint64Range(1, 400).Draw(t, "which") * 0x9e3779b97f4a7c15
			at, heard := last[hash]
			fresh := o.First(now, hash)
			switch {
			case !heard && !fresh:
				t.Fatalf("%x is new and did not pass", hash)
			case heard && now-at <= MaxTransit && fresh:
				t.Fatalf("%x passed again after %v", hash, now-at)
			case heard && now-at > OnceFor+2*onceTick && !fresh:
				t.Fatalf("%x is still remembered after %v", hash, now-at)
			}
			if fresh {
				last[hash] = now
			}
		}
	})
}

// TestOnceIsBounded: of a flood copies pass, and what is said after it once.
func TestOnceIsBounded(t *testing.T) {
	var o Once
	for i := range uint64(100_000) {
		if now := time.Hour + time.Duration(i)*10*time.Microsecond; !o.First(now, i*0x9e3779b97f4a7c15) {
			t.Fatalf("datagram %d did not pass", i)
		}
	}
	if len(o.slots) > onceMost {
		t.Errorf("%d are remembered; want %d at most", len(o.slots), onceMost)
	}
	var few Once
	for i := range uint64(20) {
		few.First(time.Hour, i*0x9e3779b97f4a7c15)
	}
	if len(few.slots) != onceLeast {
		t.Errorf("20 datagrams take %d places; want %d", len(few.slots), onceLeast)
	}
}

func BenchmarkOnce(b *testing.B) {
	var o Once
	for i := range b.N {
		o.First(time.Duration(i)*time.Millisecond, uint64(i)*0x9e3779b97f4a7c15)
	}
}
