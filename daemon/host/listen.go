package host

import (
	"net/netip"
	"slices"

	"mcdns/daemon/config"
)

// listens are the addresses on which the configuration wants DNS questions
// answered. A wildcard address is none: replies would leave from another address
// than the one that was asked.
func listens(c config.Config) []netip.AddrPort {
	var all []netip.AddrPort
	for _, a := range c.Listen {
		if ip := a.Addr().Unmap(); ip.IsLoopback() || c.ListenBeyond && !ip.IsUnspecified() && !ip.IsMulticast() {
			all = append(all, a)
		}
	}
	return all
}

// listen53 makes the listener follow the configuration. It says once what could
// not be opened and is tried again.
func (h *Host) listen53(v view) {
	want := listens(v.config)
	changed := !slices.Equal(v.config.Listen, h.listens)
	if changed && len(want) < len(v.config.Listen) {
		h.log.Warn("listener.listen: not all addresses are loopback; set listener.beyond to use others that are not wildcards")
	}
	h.listens = v.config.Listen
	if changed && len(want) > 0 && len(v.settings.Servers) == 0 {
		h.log.Warn("no DNS server but our own listener is named in resolv.conf; name those to ask in servers.servers")
	}
	err := h.dns.Set(want)
	if was := h.deaf.Swap(err != nil); err != nil && !was {
		h.log.Error("cannot answer DNS questions; trying again", "problem", err,
			"hint", "ports below 1024 need CAP_NET_BIND_SERVICE, see mcdnsd.conf(5)")
	}
}

// notOurs leaves out servers that are our own listener: a question would run in
// a circle for ever once resolv.conf points here.
func notOurs(servers, ours []netip.AddrPort) []netip.AddrPort {
	return slices.DeleteFunc(slices.Clone(servers), func(s netip.AddrPort) bool {
		return slices.ContainsFunc(ours, func(o netip.AddrPort) bool {
			return s.Port() == o.Port() && s.Addr().Unmap() == o.Addr().Unmap()
		})
	})
}
