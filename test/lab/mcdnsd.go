package lab

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// readyTime is what a daemon may take to start, on a busy machine.
const readyTime = 20 * time.Second

// peersTime is what a group may take to find itself: by the protocol, hosts say
// hello within 2 s and are proven soon after; with a fifth of the frames lost, 20
// hosts took 20 s.
const peersTime = 60 * time.Second

// startMcdnsd gives every host its configuration and its daemon.
func (l *LAN) startMcdnsd() error {
	if !l.cfg.hasMcdns() {
		return nil
	}
	for _, h := range l.Hosts {
		if err := h.addMcdnsd(); err != nil {
			return err
		}
	}
	if l.cfg.Stopped {
		return nil
	}
	return l.StartMcdnsd()
}

// StartMcdnsd starts mcdnsd on all hosts where it does not run, and waits until
// all are ready.
func (l *LAN) StartMcdnsd() error {
	for _, h := range l.Hosts {
		if err := h.Mcdnsd.Start(); err != nil {
			return err
		}
	}
	return l.WaitReady()
}

// WaitReady waits until every mcdnsd on a host with power is ready.
func (l *LAN) WaitReady() error {
	var errs []error
	for _, h := range l.Hosts {
		if h.Mcdnsd != nil && !h.off {
			errs = append(errs, h.Mcdnsd.Ready(readyTime))
		}
	}
	return errors.Join(errs...)
}

// WaitPeers waits until every host with power that runs mcdnsd has heard every
// other one, and knows that it is alive now.
func (l *LAN) WaitPeers() error {
	var alive []*Host
	for _, h := range l.Hosts {
		if h.Mcdnsd != nil && !h.off {
			alive = append(alive, h)
		}
	}
	for _, h := range alive {
		if err := h.waitPeers(len(alive) - 1); err != nil {
			return err
		}
	}
	return nil
}

func (h *Host) waitPeers(want int) error {
	begin := time.Now()
	for {
		status, err := h.Status()
		if err == nil && status.Group.Proven == want {
			return nil
		}
		if time.Since(begin) > peersTime {
			return fmt.Errorf("lab: %s has proven %d of %d peers (%s, %v) after %v%s", h.Name,
				status.Group.Proven, want, status.Group.State, err, peersTime, h.Mcdnsd.tail())
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (h *Host) addMcdnsd() error {
	if h.lan.cfg.Conf != "" {
		if err := os.WriteFile(h.Path("/etc/mcdns/mcdnsd.conf"), []byte(h.lan.cfg.Conf), 0o644); err != nil {
			return err
		}
	}
	if !h.lan.cfg.NoKey {
		if err := os.WriteFile(h.Path("/etc/mcdns/group.key"), h.lan.key, 0o640); err != nil {
			return err
		}
	}
	h.Mcdnsd = &Unit{host: h, Service: Service{
		Name: "mcdnsd", Path: h.lan.cfg.Binaries.Mcdnsd,
		Env:    []string{"STATE_DIRECTORY=/var/lib/mcdns"},
		Socket: "/run/mcdns/nss.sock", FDName: "nss", Notify: true,
		Nice: h.lan.cfg.Binaries.Nice,
	}}
	h.units = append(h.units, h.Mcdnsd)
	return nil
}

// Configure replaces the host's mcdnsd.conf; the daemon reads it when it starts.
func (h *Host) Configure(text string) error {
	return os.WriteFile(h.Path("/etc/mcdns/mcdnsd.conf"), []byte(text), 0o644)
}
