package host

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"mcdns/daemon/config"
	"mcdns/gocore/node"
)

// metrics is the page for Prometheus.
func (h *Host) metrics(ctx context.Context) ([]byte, error) {
	s, err := h.Status(ctx)
	if err != nil {
		return nil, err
	}
	return h.counts.Page(&s), nil
}

// ask asks a DNS server, and counts what becomes of it.
func (h *Host) ask(ask node.Ask, report func(node.Replied)) {
	begun := time.Now()
	h.client.Ask(ask, func(r node.Replied) {
		h.counts.Upstream.Note(r.Failure, time.Since(begun))
		report(r)
	})
}

// scrapes are the addresses on which the configuration wants metrics served.
func scrapes(c config.Config) []netip.AddrPort {
	return slices.DeleteFunc(slices.Clone(c.Metrics), func(a netip.AddrPort) bool {
		return !c.MetricsBeyond && !a.Addr().Unmap().IsLoopback()
	})
}

// listenMetrics makes the endpoint follow the configuration. It says once what
// could not be opened and is tried again.
func (h *Host) listenMetrics(c config.Config) {
	want := scrapes(c)
	if !slices.Equal(c.Metrics, h.scrapes) && len(want) < len(c.Metrics) {
		h.log.Warn("metrics.listen: not all addresses are loopback; set metrics.beyond to use others")
	}
	h.scrapes = c.Metrics
	err := h.scraped.Set(want)
	if was := h.mute.Swap(err != nil); err != nil && !was {
		h.log.Error("cannot serve metrics; trying again", "problem", err)
	}
}
