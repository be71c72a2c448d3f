package files

import (
	"os"
	"syscall"
	"time"
)

// Kept is what was made of a file the last time, as long as the file is the same:
// what asks for it is often an event of something else beside it. The zero Kept is
// empty. It is not safe for concurrent use.
type Kept[T any] struct {
	// Now is time.Now if it is nil.
	Now   func() time.Time
	path  string
	stamp stamp
	value T
}

// stamp tells one state of what stands at a path from another.
type stamp struct {
	dev, ino     uint64
	size         int64
	written, set syscall.Timespec // when the bytes were, and the inode
	made         bool
}

// young is the age below which a time tells nothing: a file that is written again
// within one tick of the kernel's clock, 10 ms, keeps its times, and some file
// systems count in whole seconds or two.
const young = 2 * time.Second

// Get returns what load makes of the file at path, and whether load was called. An
// error is not kept, nor is what came of a file that was just written.
func (k *Kept[T]) Get(path string, load func(path string) (T, error)) (value T, anew bool, err error) {
	clock := time.Now
	if k.Now != nil {
		clock = k.Now
	}
	now := stampOf(path, clock())
	if now.made && now == k.stamp && path == k.path {
		return k.value, false, nil
	}
	k.Forget()
	if value, err = load(path); err == nil && now.made {
		k.path, k.stamp, k.value = path, now, value
	}
	return value, true, err
}

// Forget makes the next Get load.
func (k *Kept[T]) Forget() { *k = Kept[T]{Now: k.Now} }

// stampOf is the zero stamp where nothing can be told.
func stampOf(path string, now time.Time) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || !info.Mode().IsRegular() {
		return stamp{}
	}
	latest := max(st.Mtim.Nano(), st.Ctim.Nano())
	if now.UnixNano()-latest < int64(young) { // a time in the future is young too
		return stamp{}
	}
	return stamp{st.Dev, st.Ino, st.Size, st.Mtim, st.Ctim, true}
}
