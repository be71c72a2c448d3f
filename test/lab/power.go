package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// PowerOff is the mains plug pulled: nothing on the host runs on, nothing says
// good-bye, not even the kernel. The disk (Path of /etc/mcdns and /var/lib/mcdns)
// keeps what was written.
func (h *Host) PowerOff() error { return h.powerDown() }

// PowerOn boots a host that is off: an empty /run, a new boot id, and the units
// that were running. It does not wait for them; see Unit.Ready.
func (h *Host) PowerOn() error {
	if !h.off {
		return nil
	}
	if err := h.newBoot(); err != nil {
		return fmt.Errorf("lab: boot %s: %w", h.Name, err)
	}
	h.off = false
	errs := []error{h.setLinks(true)}
	for _, p := range h.ports {
		errs = append(errs, p.settle(true))
	}
	for _, u := range h.units {
		if u.boots {
			errs = append(errs, u.Start())
		}
	}
	return errors.Join(errs...)
}

// powerDown stops every process first, so that none of them sees the cable go,
// and pulls the cables before it kills, so that no RST or FIN gets out.
func (h *Host) powerDown() error {
	if h.off {
		return nil
	}
	h.off = true
	for _, u := range h.units {
		u.unplug()
	}
	err := h.signalAll(unix.SIGSTOP)
	err = errors.Join(err, h.setLinks(false), h.killAll())
	for _, u := range h.units {
		u.bury()
	}
	return err
}

func (h *Host) setLinks(up bool) error {
	var errs []error
	for _, p := range h.ports {
		errs = append(errs, p.setLink(up))
	}
	return errors.Join(errs...)
}

// unplug keeps the unit from being started again before the host is, and
// remembers whether it runs.
func (u *Unit) unplug() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.boots, u.wanted = u.wanted, false
}

// bury waits until the lab has seen the end of a unit that was killed.
func (u *Unit) bury() {
	if p := u.unwant(); p != nil {
		<-p.gone
	}
	u.lockedCloseSockets()
}

// killAll ends every process of the host and waits until they are gone.
func (h *Host) killAll() error {
	for range 2000 {
		pids, err := h.processes()
		if err != nil || len(pids) == 0 {
			return err
		}
		for _, pid := range pids {
			unix.Kill(pid, unix.SIGKILL)
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("lab: processes of %s outlive SIGKILL", h.Name)
}

func (h *Host) signalAll(s unix.Signal) error {
	pids, err := h.processes()
	for _, pid := range pids {
		unix.Kill(pid, s)
	}
	return err
}

// processes lists what lives in the host's network namespace. The lab itself
// has threads there, but its main thread is elsewhere.
func (h *Host) processes() ([]int, error) {
	entries, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		return nil, err
	}
	var pids []int
	for _, e := range entries {
		// A process that has just ended, or is another user's, has no link.
		if ns, err := os.Readlink(e + "/ns/net"); err != nil || ns != h.nsid {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(e))
		if err != nil || pid == os.Getpid() {
			continue
		}
		pids = append(pids, pid)
	}
	return pids, nil
}

// Powered says whether the host has power.
func (h *Host) Powered() bool { return !h.off }
