// Package groupkey reads the key that makes a host a member of a group, and
// refuses one that is no secret on this host.
package groupkey

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"mcdns/daemon/files"
	"mcdns/gocore/trust"
)

// maxKeys bounds keys.d; two are there while a key is being changed.
const maxKeys = 16

// MaxFile is how much is read of what should be a key: enough to say how long a
// key in hexadecimal, or another file, is.
const MaxFile = 64 << 10

// Dir is where the keys that only open lie: keys.d beside the key file.
func Dir(file string) string { return filepath.Join(filepath.Dir(file), "keys.d") }

// Load reads the key file and keys.d/*.key beside it. Without a key file there
// is no ring, and that is no error: the host is solo. Keys of keys.d that are
// not usable are left out; problems says why, for each once.
func Load(file string) (ring *trust.Ring, problems []error) {
	seal, err := readKey(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, []error{fmt.Errorf("%s: %w", file, err)}
	}
	var open []trust.Key
	files, err := list(Dir(file))
	if err != nil {
		problems = append(problems, err)
	}
	if len(files) > maxKeys {
		problems = append(problems, fmt.Errorf("%s: more than %d keys; only the first are used", Dir(file), maxKeys))
		files = files[:maxKeys]
	}
	for _, f := range files {
		k, err := readKey(f)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", f, err))
			continue
		}
		open = append(open, k)
	}
	return trust.NewRing(seal, open...), problems
}

// list names the keys that only open, in order. Without keys.d there are none.
func list(dir string) (keys []string, err error) {
	entries, err := os.ReadDir(dir) // what it gives is sorted
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: cannot be listed: %w", dir, reason(err))
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".key") {
			keys = append(keys, filepath.Join(dir, e.Name()))
		}
	}
	return keys, nil
}

func readKey(file string) (trust.Key, error) {
	f, err := files.Open(file)
	if err != nil {
		return trust.Key{}, reason(err)
	}
	defer f.Close()
	if err := check(f); err != nil {
		return trust.Key{}, err
	}
	b, err := files.ReadFrom(f, MaxFile)
	if err != nil && !errors.Is(err, files.ErrTooLarge) { // ParseKey says how long it is
		return trust.Key{}, reason(err)
	}
	return trust.ParseKey(b)
}

// reason leaves the path out: it stands before the error already.
func reason(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// secret says what is wrong with a key file's mode, given its group.
func secret(mode fs.FileMode, gid int) error {
	switch {
	case mode&0o006 != 0:
		return fmt.Errorf("mode %04o lets others read or write the key; it is not used (chmod 0640 makes it usable)", mode)
	case mode&0o020 != 0:
		return fmt.Errorf("mode %04o lets a group write the key; it is not used (chmod 0640 makes it usable)", mode)
	case mode&0o040 != 0 && !ours(gid):
		return fmt.Errorf("mode %04o lets group %d read the key; it is not used (chgrp mcdns makes it usable)", mode, gid)
	}
	return nil
}

// ours reports whether a group is one that mcdnsd reads keys by: the service's, or
// root's. Of others nobody knows who is in them.
func ours(gid int) bool {
	if gid == 0 || gid == os.Getegid() {
		return true
	}
	g, err := user.LookupGroup("mcdns")
	return err == nil && g.Gid == strconv.Itoa(gid)
}

// check refuses a key that others can read, or write: they would be members, or
// choose who is.
func check(f *os.File) error {
	st, err := f.Stat()
	if err != nil {
		return reason(err)
	}
	id := st.Sys().(*syscall.Stat_t)
	if err := secret(st.Mode().Perm(), int(id.Gid)); err != nil {
		return err
	}
	owner := id.Uid
	if owner != 0 && int(owner) != os.Geteuid() {
		return fmt.Errorf("owned by user %d, who could change it; it is not used (chown root makes it usable)", owner)
	}
	return nil
}
