package main

import (
	"fmt"
	"strings"

	"mcdns/test/chart"
	"mcdns/test/sim/figures"
)

// page is the charts of mcdns against the models.
func (f *found) page() string {
	var b strings.Builder
	b.WriteString("<!doctype html><html lang=en><meta charset=utf-8><title>mcdns and its rivals</title>" + chart.Style)
	b.WriteString(`<h1>mcdns and its rivals</h1><p>mcdns is the shipped node on a virtual LAN. The rivals are models that serve the same lookups without loss or membership traffic.</p><div class="grid2">`)
	for _, c := range f.charts() {
		b.WriteString(c.SVG())
	}
	b.WriteString("</div></html>\n")
	return b.String()
}

func (f *found) charts() []chart.Chart {
	out := []chart.Chart{
		f.against("Network chatter.", "received /s and host", true,
			func(w figures.Work) float64 { return w.Received }, func(w work) float64 { return w.Received }),
		f.against("Questions to the DNS server against one ideal shared cache.", "× ideal", false,
			func(w figures.Work) float64 { return w.Ratio + w.Extra }, func(w work) float64 { return w.Ratio }),
		f.against("Answered on the host itself.", "share of lookups", false,
			func(w figures.Work) float64 { return w.LocalHits }, func(w work) float64 { return w.LocalHits }),
		f.against("Mean time of a lookup.", "ms", false,
			func(w figures.Work) float64 { return w.MeanMS }, func(w work) float64 { return w.MeanMS }),
		f.against("Bytes on the LAN for each lookup: HELLOs and streams are mcdns's alone.", "bytes", true,
			func(w figures.Work) float64 { return w.BytesLookup }, func(w work) float64 { return w.BytesLookup }),
		f.against("Storage: answers held by the median host.", "answers", true,
			func(w figures.Work) float64 { return w.Held.Median }, func(w work) float64 { return max(w.Held.Median, 1) }),
		f.against("Balance: datagrams sent (mcdns), answers served (rivals), the busiest host.", "busiest / median", false,
			func(w figures.Work) float64 { return worst(w.Sent) }, func(w work) float64 { return max(worst(w.Served), 1) }),
	}
	big := f.biggest()
	return append(out, big.hops(), big.killed())
}

func worst(s figures.Spread) float64 { return s.Max / max(s.Median, 1) }

// against is a chart of one figure by the number of hosts.
func (f *found) against(title, unit string, log bool, ours func(figures.Work) float64, theirs func(work) float64) chart.Chart {
	c := chart.Chart{Title: title, XName: "hosts", YName: unit, LogX: true, LogY: log, Lines: []chart.Series{{Name: "mcdns", Ours: true}}}
	for i := len(f.Cases) - 1; i >= 0; i-- { // small groups first
		one := f.Cases[i]
		hosts := float64(one.Mcdns.Hosts)
		add(&c, 0, "mcdns", hosts, ours(one.Mcdns.Work))
		for k, r := range one.Rivals {
			add(&c, k+1, r.Name, hosts, theirs(r))
		}
	}
	return c
}

// add adds a point to the chart's ith line.
func add(c *chart.Chart, i int, name string, x, y float64) {
	if i == len(c.Lines) {
		c.Lines = append(c.Lines, chart.Series{Name: name})
	}
	l := &c.Lines[i]
	l.X, l.Y = append(l.X, x), append(l.Y, y)
}

func (f *found) biggest() comparison {
	best := f.Cases[0]
	for _, c := range f.Cases {
		if c.Mcdns.Hosts > best.Mcdns.Hosts {
			best = c
		}
	}
	return best
}

// hops is how many calls to other hosts a lookup takes.
func (c comparison) hops() chart.Chart {
	out := chart.Chart{
		Title: fmt.Sprintf("Calls to other hosts for a lookup, %d hosts.", c.Mcdns.Hosts), Note: "mcdns makes none in normal times.",
		XName: "calls", YName: "share of lookups", YTo: 1.02, Lines: []chart.Series{{Name: "mcdns", Ours: true, X: []float64{0}, Y: []float64{1}}},
	}
	for k, r := range c.Rivals {
		for n, share := range r.Hops[:min(len(r.Hops), 10)] {
			add(&out, k+1, r.Name, float64(n), share)
		}
	}
	return out
}

// killed is availability by the share of hosts that died with the server.
func (c comparison) killed() chart.Chart {
	out := chart.Chart{
		Title: fmt.Sprintf("Hosts dead in an outage, %d hosts.", c.Mcdns.Hosts), Note: "All lookups; the bound is what any host ever had.",
		XName: "% of the hosts dead", YName: "answered", YTo: 1.02, Lines: []chart.Series{{Name: "mcdns", Ours: true}},
	}
	for i := len(c.Outages) - 1; i >= 0; i-- {
		o, us := c.Outages[i], c.Mcdns.Outages[i]
		add(&out, 0, "mcdns", o.Dead*100, us.Answered)
		add(&out, 1, "bound", o.Dead*100, us.Bound)
		for k, r := range c.Rivals {
			add(&out, k+2, r.Name, o.Dead*100, o.Answered[r.Name])
		}
	}
	return out
}
