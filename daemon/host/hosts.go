package host

import (
	"mcdns/daemon/files"
	"mcdns/daemon/hosts"
)

// hostsFile is what known.hosts are of.
type hostsFile struct {
	files.Kept[*hosts.Table]
	unread bool // it could not be read, as was said
}

// readHosts reads /etc/hosts if it is to be asked and is another: a block list of
// 13 MB, read for each file made in /etc and each link that came, took 91 % of a
// core. What was read before stands while it cannot be read.
func (h *Host) readHosts(wanted bool, path string) {
	if !wanted {
		h.known.hosts.Store(nil)
		h.hostsFile.Forget()
		return
	}
	t, _, err := h.hostsFile.Get(path, hosts.Load)
	if err != nil {
		if !h.hostsFile.unread {
			h.log.Warn("cannot read the hosts file; what it said before stands", "error", err)
		}
		h.hostsFile.unread = true
		return
	}
	h.hostsFile.unread = false
	h.known.hosts.Store(t)
}
