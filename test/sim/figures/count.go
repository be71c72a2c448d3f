package figures

import (
	"slices"

	"mcdns/gocore/node"
	"mcdns/gocore/wire"
	"mcdns/test/sim"
)

// counts is what a world has counted up to a moment.
type counts struct {
	tally    sim.Tally
	took     sim.Histogram
	received uint64
	asked    [4]uint64 // for lookups, refreshes, probes, ahead of lookups
	sent     []uint64  // by host
	lookups  uint64
	at       float64
}

var askCounters = [4]node.Counter{node.UpstreamAsked, node.UpstreamRefresh, node.UpstreamProbe, node.UpstreamAhead}

func snapshot(w *sim.World) counts {
	c := counts{tally: *w.Tally, took: w.Tally.Took, received: w.Received(), lookups: w.Tally.Lookups(), at: w.Now().Seconds()}
	for i, n := range askCounters {
		c.asked[i] = w.Count(n)
	}
	for _, h := range w.Hosts() {
		c.sent = append(c.sent, h.Sent())
	}
	return c
}

// minus is what was counted since.
func (c counts) minus(b counts) counts {
	for k := range c.tally.Group {
		c.tally.Group[k] -= b.tally.Group[k]
		c.tally.Single[k] -= b.tally.Single[k]
		c.tally.Bytes[k] -= b.tally.Bytes[k]
	}
	for i := range c.tally.By {
		c.tally.By[i] -= b.tally.By[i]
	}
	c.tally.Pulls -= b.tally.Pulls
	c.tally.StreamBytes -= b.tally.StreamBytes
	for i := range c.took.Bin {
		c.took.Bin[i] -= b.took.Bin[i]
	}
	c.took.N -= b.took.N
	c.took.Sum -= b.took.Sum
	c.received -= b.received
	c.lookups -= b.lookups
	for i := range c.asked {
		c.asked[i] -= b.asked[i]
	}
	for i := range c.sent {
		c.sent[i] -= b.sent[i]
	}
	c.at -= b.at
	return c
}

// kinds is how many datagrams of each kind left in a second.
func (c counts) kinds() Kinds {
	k := Kinds{}
	for i := range wire.EachKind {
		k[i.String()] = float64(c.tally.Group[i]+c.tally.Single[i]) / c.at
	}
	return k
}

// work turns counts into figures.
func (c Case) work(w *sim.World, before counts, m *meter) Work {
	d := snapshot(w).minus(before)
	n, hosts := max(float64(d.lookups), 1), float64(c.Hosts)
	central := m.ideal.questions
	group, single, bytes := d.tally.Datagrams()
	out := Work{
		Hours: d.at / 3600, Lookups: d.lookups, Fetches: d.asked[0], Refreshes: d.asked[1], Probes: d.asked[2], Ahead: d.asked[3],
		Central: central, Ratio: float64(d.asked[0]) / float64(central),
		Extra:     float64(d.asked[1]+d.asked[2]+d.asked[3]) / float64(central),
		LocalHits: float64(d.tally.Local()) / n, Stale: d.tally.Stale(), Failed: d.tally.Failed(),
		MeanMS: ms(d.took.Mean()), MedianMS: ms(d.took.At(.5)), P99MS: ms(d.took.At(.99)),
		PerLookup: float64(group+single) / n, BytesLookup: float64(bytes+d.tally.StreamBytes) / n,
		Received: float64(d.received) / hosts / d.at, Unicast: float64(single) / hosts / d.at,
		Kinds: d.kinds(), Pulls: float64(d.tally.Pulls) / d.at, StreamBytes: float64(d.tally.StreamBytes) / n,
	}
	for i := range wire.EachKind {
		if i != wire.KindAnnounce {
			out.Control += out.Kinds[i.String()] / hosts
			out.ControlIn += (float64(d.tally.Group[i])*(hosts-1) + float64(d.tally.Single[i])) / hosts / d.at
		}
	}
	for _, share := range []float64{.1, .25, .5, .75, .9, .95, .98, .99, .995, .999, .9999} {
		out.Latency = append(out.Latency, Within{share, ms(d.took.At(share))})
	}
	var held []float64
	for _, h := range w.Hosts() {
		held = append(held, float64(h.Status(w).Entries))
	}
	out.Held, out.Sent = spread(held), SpreadOf(d.sent)
	return out
}

// SpreadOf is how unevenly whole numbers lie.
func SpreadOf[N int | uint64](in []N) Spread {
	var out []float64
	for _, v := range in {
		out = append(out, float64(v))
	}
	return spread(out)
}

func spread(v []float64) Spread {
	if len(v) == 0 {
		return Spread{}
	}
	v = slices.Clone(v)
	slices.Sort(v)
	return Spread{Median: v[len(v)/2], Max: v[len(v)-1], Min: v[0]}
}
