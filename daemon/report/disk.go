package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"mcdns/daemon/control"
	"mcdns/daemon/nsswitch"
)

// onDisk is what a report has from files, and how old that is: nil if they were never
// read.
type onDisk struct {
	wiring nsswitch.Wiring
	key    bool // there is a key file
	ageS   *float64
}

const (
	// readWithin is how long a report waits for files: they are in memory, or their disk
	// has two seconds or hangs.
	readWithin = 200 * time.Millisecond
	// unreadAfter is how old what was read must be before it is a trouble: longer than a
	// disk takes that spins up.
	unreadAfter = 15
)

// readDisk reads files beside: with a disk that hung, status and check said that mcdnsd
// is frozen, which it is not.
func (r *Reporter) readDisk(v Seen) onDisk {
	d, age, known := r.disk.Get(readWithin, func() onDisk {
		return onDisk{wiring: r.config.Wiring(v.Hosts), key: there(v.Group.KeyFile)}
	})
	if known {
		s := age.Seconds()
		d.ageS = &s
	}
	return d
}

// unread is the trouble that files cannot be read, nil if they can.
func (d *onDisk) unread(uptimeS float64) *control.Trouble {
	what := "the files that tell programs of mcdns cannot be read: the disk hangs"
	switch {
	case d.ageS == nil && uptimeS < unreadAfter, d.ageS != nil && *d.ageS < unreadAfter:
		return nil
	case d.ageS != nil:
		what = fmt.Sprintf("the files that tell programs of mcdns have not been read for %d s: the disk hangs", int(*d.ageS))
	}
	return &control.Trouble{Kind: control.Unread, What: what, Remedy: "the file system of " + nsswitch.Path + ": dmesg"}
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission)
}
