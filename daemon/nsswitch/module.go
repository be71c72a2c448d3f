package nsswitch

import (
	"bytes"
	"errors"
	"io/fs"
	"path/filepath"
	"regexp"

	"mcdns/daemon/files"
)

// module is what glibc loads for the word mcdns.
const module = "libnss_mcdns.so.2"

// usual are the directories that glibc looks in without being told (ld.so(8)): those
// of Debian, and those of the others.
var usual = []string{"/lib/*-linux-gnu*", "/usr/lib/*-linux-gnu*", "/lib64", "/usr/lib64", "/lib", "/usr/lib"}

// maxCache bounds what is read of ldconfig's file: 20 kB to 200 kB.
const maxCache = 8 << 20

var inCache = regexp.MustCompile(`/[ -~]+/` + regexp.QuoteMeta(module) + "\x00")

// Module is the file that glibc loads for mcdns, "" where there is none. Programs then
// go on to the next service, as if mcdnsd did not run.
func (s System) Module() string {
	for _, dir := range usual {
		if found, _ := filepath.Glob(s.at(dir + "/" + module)); len(found) > 0 {
			return found[0]
		}
	}
	cache, _ := files.Read(s.at("/etc/ld.so.cache"), maxCache) // of ldconfig: where LIBDIR was another
	for _, name := range inCache.FindAll(cache, -1) {
		if path := string(bytes.TrimRight(name, "\x00")); s.exists(path) {
			return s.at(path)
		}
	}
	return ""
}

// Wiring is how programs of this machine get to mcdns.
type Wiring struct {
	// Line is the hosts line (Hosts), Module the file (System.Module).
	Line, Module string
	// OfLine and OfModule are what keeps programs from mcdns, nil for nothing.
	OfLine, OfModule *Fault
}

// Faults are those that there are.
func (w Wiring) Faults() (all []*Fault) {
	for _, f := range []*Fault{w.OfLine, w.OfModule} {
		if f != nil {
			all = append(all, f)
		}
	}
	return all
}

// reason is an error without the path.
func reason(err error) string {
	var of *fs.PathError
	if errors.As(err, &of) {
		return of.Err.Error()
	}
	return err.Error()
}

// Wiring is read from the disk, in one look.
func (s System) Wiring(readsHosts bool) Wiring {
	text, err := s.read(path)
	if err != nil {
		return Wiring{OfLine: &Fault{"cannot read " + path + ": " + reason(err), "write it anew, with the line \"hosts: files " + Service + " dns\""}}
	}
	w := Wiring{Line: Hosts(text), Module: s.Module(), OfLine: FaultOf(text, readsHosts)}
	if w.Module == "" {
		w.OfModule = &Fault{"the module " + module + " is not there, so programs do not ask mcdns", "install libnss-mcdns (nss-mcdns on Fedora)"}
	}
	return w
}
