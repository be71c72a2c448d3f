package host

import (
	"errors"
	"net/netip"
	"slices"
	"syscall"

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

// listen53 makes the listener follow the configuration and returns what it holds
// now. What could not be opened is tried again: until then the address is somebody
// else's, such as the stub of systemd-resolved, which may be the only server there is.
func (h *Host) listen53(c config.Config) (ours []netip.AddrPort) {
	want := listens(c)
	if !slices.Equal(c.Listen, h.current.config.Listen) && len(want) < len(c.Listen) {
		h.log.Warn("listener.listen: not all addresses are loopback; set listener.beyond to use others that are not wildcards")
	}
	h.dns.Set(want)
	return h.dns.Addrs()
}

// cannotListen says once what could not be opened, and what to do.
func (h *Host) cannotListen(err error) {
	h.log.Error("cannot answer DNS questions; trying again", "problem", err, "hint", listenHint(err))
}

// listenHint is what to do about an address that could not be opened.
func listenHint(err error) string {
	switch {
	case errors.Is(err, syscall.EACCES):
		return "ports below 1024 need CAP_NET_BIND_SERVICE, see mcdnsd.conf(5)"
	case errors.Is(err, syscall.EADDRINUSE):
		return "another program has that address: systemd-resolved has 127.0.0.53, dnsmasq often all; set listener.listen to a free one, such as 127.0.0.153"
	}
	return "see listener.listen in mcdnsd.conf(5)"
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

// scrapes are the addresses on which the configuration wants metrics served.
func scrapes(c config.Config) []netip.AddrPort {
	return slices.DeleteFunc(slices.Clone(c.Metrics), func(a netip.AddrPort) bool {
		return !c.MetricsBeyond && !a.Addr().Unmap().IsLoopback()
	})
}

// listenMetrics makes the endpoint follow the configuration; what could not be opened
// is tried again.
func (h *Host) listenMetrics(before, now config.Config) {
	want := scrapes(now)
	if !slices.Equal(now.Metrics, before.Metrics) && len(want) < len(now.Metrics) {
		h.log.Warn("metrics.listen: not all addresses are loopback; set metrics.beyond to use others")
	}
	h.scraped.Set(want)
}

func (h *Host) cannotServeMetrics(err error) {
	h.log.Error("cannot serve metrics; trying again", "problem", err)
}
