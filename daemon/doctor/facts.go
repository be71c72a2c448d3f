package doctor

import (
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"mcdns/daemon/control"
	"mcdns/daemon/files"
	"mcdns/daemon/nsswitch"
)

// Facts are what the checks look at. The zero value of each knows nothing.
type Facts struct {
	// Root is put before the paths of the machine's files.
	Root string
	// Version is that of the command.
	Version string
	// Status and Peers are what mcdnsd says, nil if it says nothing: Silence is why, Hint
	// what to do.
	Status        *control.Status
	Peers         *control.Peers
	Silence, Hint string
	// Now is the wall clock, Built the earliest that it can be.
	Now, Built time.Time
	// Wiring is how programs get to mcdnsd.
	Wiring nsswitch.Wiring
	// NSSSocket is that of the module; Root is not put before it.
	NSSSocket string
	// Free is the room on the file system of a path, in bytes; nil for the machine's own.
	Free func(path string) (bytes uint64, known bool)
	// Run runs a program for a second at most, and returns what it prints.
	Run func(name string, args ...string) (string, error)
}

// What is read of the machine's files is bounded, and so is the end of its logs.
const (
	maxFile = 64 << 10
	maxLog  = 1 << 20
)

func (f *Facts) at(path string) string { return filepath.Join(f.Root, path) }

func (f *Facts) read(path string) (string, error) {
	text, err := files.Read(f.at(path), maxFile)
	return string(text), err
}

// end is the last of a log.
func (f *Facts) end(path string) (string, error) {
	file, err := files.Open(f.at(path))
	if err != nil {
		return "", err
	}
	defer file.Close()
	if st, err := file.Stat(); err == nil && st.Size() > maxLog {
		file.Seek(-maxLog, io.SeekEnd)
	}
	text, err := files.ReadFrom(file, maxLog)
	return string(text), err
}

func (f *Facts) stat(path string) (fs.FileInfo, error) { return os.Stat(f.at(path)) }

// number reads a file of /proc/sys.
func (f *Facts) number(path string) (int, bool) {
	text, err := f.read(path)
	n, bad := strconv.Atoi(strings.TrimSpace(text))
	return n, err == nil && bad == nil
}

// nameservers are those of resolv.conf.
func (f *Facts) nameservers() (servers []string, err error) {
	text, err := f.read("/etc/resolv.conf")
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "nameserver" {
			servers = append(servers, words[1])
		}
	}
	return servers, err
}

func (f *Facts) room(path string) (uint64, bool) {
	if f.Free != nil {
		return f.Free(path)
	}
	var st syscall.Statfs_t
	if syscall.Statfs(f.at(path), &st) != nil {
		return 0, false
	}
	return st.Bavail * uint64(st.Bsize), true
}

// knocks connects to a Unix socket.
func knocks(path string) error {
	c, err := net.DialTimeout("unix", path, time.Second)
	if err == nil {
		c.Close()
	}
	return err
}
