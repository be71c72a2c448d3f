// Package watch says when files may have changed, without polling. A file here
// may be absent, come late, be replaced by renaming, or be a symbolic link whose
// target is: resolv.conf is all of these on one distribution or another.
package watch

import (
	"os"
	"path/filepath"
	"slices"
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
	watched []string
	done    chan struct{}
}

// Files calls changed, on a goroutine of its own, after any of the files may
// have become another. It may call without need: compare. paths is asked again
// after each change, which may have been one of what there is to watch. The error
// is that of a machine out of inotify instances (fs.inotify.max_user_instances).
func Files(changed func(), paths func() []string) (*Watcher, error) {
	n, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, err
	}
	w := &Watcher{paths: paths, changed: changed, notify: n, done: make(chan struct{})}
	w.follow()
	go w.run()
	return w, nil
}

// Close ends the watch; changed is not running and not called any more when it
// returns.
func (w *Watcher) Close() error {
	err := w.notify.Close()
	<-w.done
	return err
}

func (w *Watcher) run() {
	defer close(w.done)
	// Armed by the first event and not put off by more of them: a directory in
	// which something is always written must not hide a change for ever.
	var settled <-chan time.Time
	for {
		var ok bool
		select {
		case _, ok = <-w.notify.Events:
		case _, ok = <-w.notify.Errors: // events were lost: look
		case <-settled:
			settled = nil
			w.follow()
			w.changed()
			// What changed before there was a watch on it made no event.
			if w.follow() {
				settled = time.After(settle)
			}
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
