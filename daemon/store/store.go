// Package store keeps what this host learnt over restarts and power cuts: its
// identity, and the answers it holds. A kill at any byte loses at most what was
// not saved yet, never the file; a disk that is full, read-only or damaged is
// said once and never fatal.
//
// Read saver.go first: when what is saved and restored. Then store.go (the files, and
// when one is written anew), identity.go (who this host is), format.go (their bytes) and load.go (what a file that
// may end anywhere still says).
package store

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"mcdns/daemon/files"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

const (
	answersName = "answers"
	// maxFile bounds what is read at start; the log is at most compactAt times
	// leftAt times what the cache may hold.
	maxFile = 1 << 30
	// compactBelow: rewriting so small a file is not worth waiting for.
	compactBelow = 64 << 10
	// compactAt is how many times larger than what is live the log may grow.
	compactAt = 3
	// leftAt is how many times larger than when it was last written anew what is
	// live may get: what the cache let go of since is in it, in the file as in
	// memory, and with ever new names nothing else would end that.
	leftAt = 2
)

// Store is the directory of saved state. The zero Store saves nothing.
type Store struct {
	dir  string
	shut error // why it could not be opened

	mu   sync.Mutex
	file *os.File
	size int64 // of the file
	live int64 // each question's last record
	kept int64 // live when the file was last written anew: what was held then
	// last is a hash of what the last record of each question in the file says, by
	// the question's own: it tells a refresh with the same data from another answer.
	// The answers themselves would be kept in memory after the cache let them go.
	last map[uint64]uint64
	// adrift: ages in the file hold for this run alone, the next save is a whole one.
	adrift bool
}

// Open opens the directory, made if need be.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("saved state: %w", err)
	}
	return &Store{dir: dir}, nil
}

// Shut makes one that saves nothing, because Open gave that error.
func Shut(why error) *Store { return &Store{shut: why} }

// At is the store of a directory, or one that saves nothing: where dir is "", or cannot
// be used, as the log says.
func At(dir string, log *slog.Logger) *Store {
	if dir == "" {
		return &Store{}
	}
	s, err := Open(dir)
	if err != nil {
		log.Warn("nothing will be saved; answers are lost when mcdnsd stops", Why(err)...)
		return Shut(err)
	}
	return s
}

// Load reads the saved answers, aged to now. What is readable is returned with
// whatever error; Append repairs the file.
func (s *Store) Load(now Stamp) ([]node.Entry, error) {
	if s.dir == "" {
		return nil, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	path := filepath.Join(s.dir, answersName)
	f, err := files.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("saved answers: %w", err)
	}
	defer f.Close()
	got, err := parse(io.LimitReader(f, maxFile), length(f), now)
	entries := got.all()
	if err != nil {
		// Leave s.file nil: the next Append writes the file anew.
		return entries, fmt.Errorf("saved answers: %s: %w", path, err)
	}
	s.adopt(path, entries, got.size)
	s.kept = (s.live + leftAt - 1) / leftAt // nobody knows what of it the cache held at the end
	s.adrift = got.adrift
	return entries, nil
}

// length is that of a file, 0 if nobody knows.
func length(f *os.File) int64 {
	st, err := f.Stat()
	if err != nil {
		return 0
	}
	return min(st.Size(), maxFile)
}

// adopt goes on appending to a file that is whole.
func (s *Store) adopt(path string, entries []node.Entry, size int64) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|syscall.O_CLOEXEC, 0)
	if err != nil {
		return // Append writes it anew or says why it cannot
	}
	s.file, s.size = f, size
	s.last = make(map[uint64]uint64, len(entries))
	s.live = headerLen
	for i := range entries {
		a := entries[i].Answer
		s.last[a.Question.Hash()] = a.DataHash()
		s.live += answerSize(&entries[i])
	}
	s.kept = s.live
}

func answerSize(e *node.Entry) int64 {
	return int64(prefixLen + 1 + metaLen + wire.AgedSize(e.Answer))
}

// whole reports whether the file still stands in its place, as long as it was left: what
// is appended to one that was removed, replaced or cut is lost at the next start.
func (s *Store) whole() bool {
	ours, err := s.file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(filepath.Join(s.dir, answersName))
	return err == nil && os.SameFile(ours, there) && there.Size() == s.size
}

// Due reports whether the next save should be a whole one (Rewrite): there is no
// sound file, or it has grown too large.
func (s *Store) Due() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dir != "" && (s.file == nil || s.adrift || !s.whole() || s.size > max(compactAt*s.live, compactBelow) ||
		s.live > max(leftAt*s.kept, compactBelow))
}

// Append saves entries that are new or changed, as they are at now, and waits
// until the disk has them. After an error the next save must be a Rewrite.
func (s *Store) Append(now Stamp, entries []node.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == "" || len(entries) == 0 {
		return nil
	}
	if s.file == nil {
		return errors.New("saved answers: no sound file to append to")
	}
	n, err := writeAll(s.file, appendStamp(nil, now), entries, s.appendEntry)
	if err == nil {
		err = datasync(s.file)
	}
	if err != nil {
		s.abandon()
		return fmt.Errorf("saved answers: %w", err)
	}
	s.size += n
	return nil
}

// piece is how much is encoded before it is written: a full cache in one would take
// as much memory once more.
const piece = 64 << 10

// writeAll writes what b holds and then the entries, each as encode appends it. It
// returns how many bytes that were.
func writeAll(to io.Writer, b []byte, entries []node.Entry, encode func([]byte, *node.Entry) []byte) (int64, error) {
	written := int64(0)
	for i := range entries {
		b = encode(b, &entries[i])
		if len(b) < piece && i < len(entries)-1 {
			continue
		}
		if _, err := to.Write(b); err != nil {
			return written, err
		}
		written += int64(len(b))
		b = b[:0]
	}
	_, err := to.Write(b) // of no entries
	return written + int64(len(b)), err
}

func (s *Store) appendEntry(b []byte, e *node.Entry) []byte {
	q, now := e.Answer.Question.Hash(), e.Answer.DataHash()
	before, saved := s.last[q]
	s.last[q] = now
	if saved && before == now {
		return appendAgain(b, e)
	}
	if !saved {
		s.live += answerSize(e)
	}
	return appendAnswer(b, e)
}

// abandon gives the file up after a failed write: what stands at its end is
// unknown, a reader leaves it out.
func (s *Store) abandon() {
	s.file.Close()
	s.file, s.last, s.size, s.live, s.kept, s.adrift = nil, nil, 0, 0, 0, false
}

// Rewrite replaces the file by one with these entries alone, which must be all
// that are held. The old file stays until the new one is safe on disk.
func (s *Store) Rewrite(now Stamp, entries []node.Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dir == "" {
		return nil
	}
	path, size := filepath.Join(s.dir, answersName), int64(0)
	err := replace(path, func(f io.Writer) (err error) {
		size, err = writeAll(f, appendStamp(append([]byte(nil), header[:]...), now), entries, appendAnswer)
		return err
	})
	if err != nil {
		return fmt.Errorf("saved answers: %w", err)
	}
	if s.file != nil {
		s.abandon()
	}
	s.adopt(path, entries, size)
	return nil
}

// Close closes the file; nothing is lost by leaving it out.
func (s *Store) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.file != nil {
		s.abandon()
	}
}

// replace puts what write writes in the file's place so that either the old or the new
// stands there after a power cut: write beside it, sync, rename, sync the
// directory.
func replace(path string, write func(io.Writer) error) error {
	tmp := path + ".new"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		os.Remove(tmp)
		return err
	}
	if dir, err := os.Open(filepath.Dir(path)); err == nil {
		dir.Sync() // not all file systems can; the rename is done either way
		dir.Close()
	}
	return nil
}

func datasync(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	if err := raw.Control(func(fd uintptr) { failed = syscall.Fdatasync(int(fd)) }); err != nil {
		return err
	}
	return failed
}
