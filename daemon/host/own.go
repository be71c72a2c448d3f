package host

import (
	"os"

	"mcdns/daemon/files"
	"mcdns/daemon/glibc"
	"mcdns/daemon/links"
	"mcdns/daemon/nsswitch"
	"mcdns/daemon/ownname"
)

// own knows this host's own names if a service behind mcdns on the hosts line does.
func (h *Host) own() glibc.Own {
	v := h.known.shown.Load()
	if !v.ownNames {
		return glibc.Own{}
	}
	return glibc.Own{First: v.ownFirst, Machine: &ownname.Machine{
		Hostname: os.Hostname, Interfaces: func() []links.Interface { return v.all }, Way: links.Out,
	}}
}

// readSwitch looks at who stands behind mcdns. What cannot be read is empty: glibc
// then asks dns and files alone.
func (v *view) readSwitch(path string) {
	if text, err := files.Read(path, 1<<20); err == nil {
		v.ownNames, v.ownFirst = nsswitch.OwnNames(string(text))
	}
}
