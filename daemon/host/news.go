package host

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"mcdns/gocore/node"
)

// sayProblems says what is wrong since this refresh, and what a host without a key is.
func (h *Host) sayProblems(before, v view, first bool) {
	if !slices.Equal(before.warnings, v.warnings) {
		for _, w := range v.warnings {
			h.log.Warn(w.String())
		}
	}
	if !slices.Equal(before.ours, v.ours) && len(v.ours) > 0 && len(v.settings.Servers) == 0 {
		h.log.Warn("no DNS server but our own listener is named in resolv.conf; name those to ask in servers.servers")
	}
	if v.problem != before.problem && v.problem != "" {
		h.log.Error("not all of the group's keys and sockets can be used", "problem", v.problem)
	}
	if first && !v.hasKey {
		h.log.Info("no group key: solo, nothing is shared", "key_file", v.config.KeyFile,
			"hint", "mcdns key generate on one host, and copy it to the others")
	}
}

// sayChanges says what is otherwise than at the last refresh.
func (h *Host) sayChanges(before, now view) {
	was, is := before.settings, now.settings
	if !slices.Equal(was.Servers, is.Servers) {
		h.log.Info("DNS servers changed", "servers", addrs(is.Servers))
	}
	switch {
	case was.Shares && !is.Shares:
		h.log.Info("solo: nothing is shared any more")
	case !was.Shares && is.Shares:
		h.log.Info("sharing with the group", "keys", now.keys)
	case is.Shares && !slices.Equal(before.keys, now.keys):
		h.log.Info("group keys changed", "before", before.keys, "keys", now.keys)
	}
	if now := domains(now.routes); !slices.Equal(domains(before.routes), now) {
		h.log.Info("domains with servers of their own changed", "count", len(now))
	}
	if names := linkNames(is.Links); names != linkNames(was.Links) {
		h.log.Info("links changed", "links", names)
	}
}

func addrs(servers []node.Server) (out []netip.AddrPort) {
	for _, s := range servers {
		out = append(out, s.Addr)
	}
	return out
}

func linkNames(ls []node.Link) string {
	var names []string
	for _, l := range ls {
		names = append(names, l.Name)
	}
	return cmp.Or(strings.Join(names, " "), "none")
}
