package lab

import (
	"errors"
	"os"
	"time"
)

// readyTime is what a daemon may take to start, on a busy machine.
const readyTime = 20 * time.Second

// startMcdnsd gives every host its configuration and its daemon.
func (l *LAN) startMcdnsd() error {
	if !l.cfg.hasMcdns() {
		return nil
	}
	if l.cfg.LogDir != "" {
		if err := os.MkdirAll(l.cfg.LogDir, 0o755); err != nil {
			return err
		}
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
	}}
	h.units = append(h.units, h.Mcdnsd)
	return nil
}
