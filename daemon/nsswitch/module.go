package nsswitch

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
)

// module is what glibc loads for the word mcdns.
const module = "libnss_mcdns.so.2"

// usual are the directories that glibc looks in without being told (ld.so(8)): those
// of Debian, and those of the others.
var usual = []string{"/lib/*-linux-gnu*", "/usr/lib/*-linux-gnu*", "/lib64", "/usr/lib64", "/lib", "/usr/lib"}

var inCache = regexp.MustCompile(`/[ -~]+/` + regexp.QuoteMeta(module) + "\x00")

// Module is the file that glibc loads for mcdns, "" where there is none. Programs then
// go on to the next service, as if mcdnsd did not run.
func (s System) Module() string {
	for _, dir := range usual {
		if found, _ := filepath.Glob(s.at(dir + "/" + module)); len(found) > 0 {
			return found[0]
		}
	}
	cache, _ := os.ReadFile(s.at("/etc/ld.so.cache")) // of ldconfig: where LIBDIR was another
	for _, name := range inCache.FindAll(cache, -1) {
		if path := string(bytes.TrimRight(name, "\x00")); s.exists(path) {
			return s.at(path)
		}
	}
	return ""
}

// Faults are what keeps the programs of this machine from mcdns, in one look: its hosts
// line, then the module.
func (s System) Faults(readsHosts bool) []*Fault {
	text, err := s.read(path)
	if err != nil {
		return []*Fault{{"cannot read " + path, err.Error()}}
	}
	var all []*Fault
	if f := FaultOf(text, readsHosts); f != nil {
		all = append(all, f)
	}
	if s.Module() == "" {
		all = append(all, &Fault{"the module " + module + " is not there, so programs do not ask mcdns", "install libnss-mcdns (nss-mcdns on Fedora)"})
	}
	return all
}

// Line is the machine's hosts line (Hosts).
func (s System) Line() string {
	text, _ := s.read(path)
	return Hosts(text)
}
