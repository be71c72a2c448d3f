// Package watch says when files, or the host's name, may have changed, without
// asking again and again. A file here may be absent, come late, be replaced by
// renaming, be mounted over, or be a symbolic link whose target is: resolv.conf is
// all of these on one distribution or another.
package watch

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle lets a writer finish: most write in several steps, and half a
// resolv.conf is a wrong one.
const settle = 20 * time.Millisecond

// maxLinks bounds chains of symbolic links (the kernel follows 40).
const maxLinks = 8

// A Watcher watches until it is closed.
type Watcher struct {
	paths   func() []string
	changed func()
	notify  *fsnotify.Watcher
	kernel  *kernel
	watched []string
	found   string // what stood there when it was looked at last
	done    chan struct{}
}

// Files calls changed, on a goroutine of its own, after any of the files, or the
// host's name, may have become another. It may call without need: compare. paths is asked again
// after each change, which may have been one of what there is to watch. The error
// is that of a machine out of inotify instances (fs.inotify.max_user_instances).
func Files(changed func(), paths func() []string) (*Watcher, error) {
	n, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &Watcher{paths: paths, changed: changed, notify: n, kernel: newKernel(), done: make(chan struct{})}
	w.follow()
	w.found = w.find()
	go w.run()
	return w, nil
}

// Close ends the watch; changed is not running and not called any more when it
// returns.
func (w *Watcher) Close() error {
	err := w.notify.Close()
	<-w.done
	w.kernel.close()
	return err
}

func (w *Watcher) run() {
	defer close(w.done)
	// Armed by the first event and not put off by more of them: a directory in
	// which something is always written must not hide a change for ever.
	var settled <-chan time.Time
	var touched, mounted bool
	for {
		ok := true
		select {
		case _, ok = <-w.notify.Events:
			touched = true
		case _, ok = <-w.notify.Errors: // events were lost: look
			touched = true
		case <-w.kernel.name:
			touched = true
		case <-w.kernel.mounts:
			mounted = true
		case <-settled:
			settled = nil
			if w.look(touched, mounted) {
				settled = time.After(settle)
			}
			touched, mounted = false, false
			continue
		}
		if !ok {
			return
		}
		if settled == nil {
			settled = time.After(settle)
		}
	}
}

// look calls changed if there is a need. Where containers start and stop, mounts come
// and go all day: for those alone there is a need if something else stands there now.
// It reports whether to look once more.
func (w *Watcher) look(touched, mounted bool) (again bool) {
	if mounted {
		w.unwatch() // the directory below a mount has its name
	}
	moved := w.follow()
	before := w.found
	w.found = w.find()
	if !touched && !moved && w.found == before {
		return false
	}
	w.changed()
	// What changed before there was a watch on it made no event.
	return w.follow()
}

// find says what stands at the paths, and which directories decide that.
func (w *Watcher) find() string {
	var b strings.Builder
	for _, path := range append(w.paths(), w.watched...) {
		if st, err := os.Stat(path); err == nil {
			sys := st.Sys().(*syscall.Stat_t)
			fmt.Fprintln(&b, path, sys.Dev, sys.Ino, sys.Size, sys.Mtim, sys.Ctim)
		}
	}
	return b.String()
}

func (w *Watcher) unwatch() {
	for _, dir := range w.watched {
		w.notify.Remove(dir)
	}
}

// follow watches the directories that decide what the paths are now. What
// changes between a look and the watch is seen: follow looks again until the
// directories stay the same. All are added anew each time, because a directory
// that was removed and made again has the same name and no watch. It reports
// whether they are others than before.
func (w *Watcher) follow() (moved bool) {
	for range maxLinks {
		want := w.directories()
		for _, dir := range w.watched {
			if !slices.Contains(want, dir) {
				w.notify.Remove(dir)
			}
		}
		for _, dir := range want {
			w.notify.Add(dir) // one that is gone by now is seen in the next look
		}
		if slices.Equal(want, w.watched) {
			break
		}
		w.watched, moved = want, true
	}
	return moved
}

func (w *Watcher) directories() []string {
	var out []string
	for _, path := range w.paths() {
		for range maxLinks {
			out = append(out, existing(filepath.Dir(path)))
			if isMount(path) { // what is written to it shows elsewhere
				out = append(out, path)
			}
			target, err := os.Readlink(path)
			if err != nil {
				break
			}
			if !filepath.IsAbs(target) {
				target = filepath.Join(filepath.Dir(path), target)
			}
			path = target
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// existing is dir, or the nearest directory above it that is there.
func existing(dir string) string {
	for dir != "/" && dir != "." {
		if st, err := os.Stat(dir); err == nil && st.IsDir() {
			return dir
		}
		dir = filepath.Dir(dir)
	}
	return dir
}
