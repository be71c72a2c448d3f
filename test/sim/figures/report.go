package figures

import (
	"fmt"
	"html"
	"sort"
	"strings"

	"mcdns/test/chart"
)

// report is the page: pictures first, tables below them.
func (a *All) report() string {
	var b strings.Builder
	b.WriteString("<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width,initial-scale=1'><title>mcdns, simulated</title>" + chart.Style)
	b.WriteString("<h1>mcdns, simulated</h1><p>The shipped node on a virtual LAN. Every host makes 200 lookups an hour among 50,000 names (Zipf 0.95); TTLs from 20 s to a day; the DNS server takes 20 ms, the LAN 0.4 ms there and back. How models of other systems serve the same lookups: make rivals.</p>")
	a.facts(&b)
	b.WriteString(`<h2>Normal times</h2><div class="grid2">`)
	for _, c := range a.normalCharts() {
		b.WriteString(c.SVG())
	}
	b.WriteString(`</div><h2>Outages</h2><div class="grid2">`)
	for _, c := range a.outageCharts() {
		b.WriteString(c.SVG())
	}
	b.WriteString(`</div><h2>A flash crowd</h2><div class="grid2">`)
	for _, c := range a.flashCharts() {
		b.WriteString(c.SVG())
	}
	b.WriteString(`</div><h2>Where it lies</h2><div class="grid2">`)
	for _, c := range a.loadCharts() {
		b.WriteString(c.SVG())
	}
	b.WriteString("</div>")
	a.earlier(&b)
	a.details(&b)
	b.WriteString("</html>\n")
	return b.String()
}

// biggest is the result with the most hosts without loss.
func (a *All) biggest() Result {
	var best Result
	for _, r := range a.Results {
		if r.Loss == 0 && !r.Both && r.Hosts > best.Hosts {
			best = r
		}
	}
	return best
}

// bySize are the results of one loss, small groups first.
func (a *All) bySize(loss float64) []Result {
	var out []Result
	for _, r := range a.Results {
		if r.Loss == loss && !r.Both {
			out = append(out, r)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Hosts < out[j].Hosts })
	return out
}

func (a *All) facts(b *strings.Builder) {
	big := a.biggest()
	worst := 1.0
	for _, r := range a.Results {
		for _, o := range r.Outages {
			worst = min(worst, o.OfBound)
		}
	}
	b.WriteString(`<div class="facts">`)
	fact := func(figure, text string) { fmt.Fprintf(b, "<div><b>%s</b><span>%s</span></div>", figure, text) }
	fact(fmt.Sprintf("%.2f %%", worst*100), "of the lookups that any host, dead or alive, ever had an answer to are answered in an outage: the worst case of all, 90 % of the hosts dead and 5 % loss included")
	fact(fmt.Sprintf("%.3f×", big.Work.Ratio), fmt.Sprintf("the questions that one ideal shared cache would put to the DNS server, at %d hosts", big.Hosts))
	fact(fmt.Sprintf("%.1f /s", big.Work.Received), fmt.Sprintf("datagrams received by each of %d hosts", big.Hosts))
	fact(fmt.Sprintf("%.0f ms", a.Propagation.MedianMS), "until a changed record is on 98 % of the hosts, from its first fetch")
	b.WriteString("</div>")
}

// byHosts is a chart of one figure by the number of hosts.
func (a *All) byHosts(title, note, y string, figure func(Result) float64, logY bool) chart.Chart {
	us := chart.Series{Name: "mcdns", Ours: true}
	for _, r := range a.bySize(0) {
		us.X, us.Y = append(us.X, float64(r.Hosts)), append(us.Y, figure(r))
	}
	return chart.Chart{Title: title, Note: note, XName: "hosts", YName: y, LogX: true, LogY: logY, Lines: []chart.Series{us}}
}

func (a *All) normalCharts() []chart.Chart {
	return []chart.Chart{
		a.byHosts("Network chatter.", "Datagrams that each host receives in a second.", "received /s and host",
			func(r Result) float64 { return r.Work.Received }, true),
		a.byHosts("Questions to the DNS server,", "as a multiple of what one ideal shared cache asks.", "× ideal",
			func(r Result) float64 { return r.Work.Ratio + r.Work.Extra }, false),
		a.byHosts("Answered on the host itself.", "No packet, no wait.", "share of lookups",
			func(r Result) float64 { return r.Work.LocalHits }, false),
		a.byHosts("Mean time of a lookup.", "", "ms",
			func(r Result) float64 { return r.Work.MeanMS }, false),
		a.byHosts("Bytes on the LAN for each lookup.", "HELLOs and streams included.", "bytes",
			func(r Result) float64 { return r.Work.BytesLookup }, true),
		a.byHosts("Control traffic of one host.", "HELLO, PROVE, PROOF, QUERY and the rest; it must not grow with the group.", "sent /s and host",
			func(r Result) float64 { return r.Work.Control }, true),
		a.latency(),
	}
}

// latency is how many lookups are over within which time.
func (a *All) latency() chart.Chart {
	c := chart.Chart{Title: "How long lookups take.", Note: "The share that is over within so many milliseconds, 0 % loss.", XName: "ms", YName: "share of lookups", LogX: true, YFrom: 0, YTo: 1.02}
	for _, r := range a.bySize(0) {
		s := chart.Series{Name: fmt.Sprintf("%d hosts", r.Hosts), Ours: r.Hosts == a.biggest().Hosts}
		for _, w := range r.Work.Latency {
			s.X, s.Y = append(s.X, max(w.MS, .01)), append(s.Y, w.Share)
		}
		c.Lines = append(c.Lines, s)
	}
	return c
}

func (a *All) outageCharts() []chart.Chart {
	var out []chart.Chart
	for _, r := range []Result{a.biggest(), a.at(100, .05)} {
		if len(r.Outages) > 0 {
			out = append(out, hours(r), killed(r))
		}
	}
	return out
}

func (a *All) at(hosts int, loss float64) Result {
	for _, r := range a.Results {
		if r.Hosts == hosts && r.Loss == loss && !r.Both {
			return r
		}
	}
	return Result{}
}

// hours is availability against the hours of an outage.
func hours(r Result) chart.Chart {
	c := chart.Chart{
		Title: fmt.Sprintf("Hours of an outage, %d hosts, %g %% loss.", r.Hosts, r.Loss*100),
		Note:  "Lookups answered, of those any host ever had an answer to.", XName: "hours", YName: "answered", YFrom: .99, YTo: 1.0005,
	}
	for _, o := range r.Outages {
		for _, h := range o.Hours { // a fault is drawn where it is
			c.YFrom = min(c.YFrom, float64(h.Answered)/max(float64(h.Bound), 1))
		}
		s := chart.Series{Name: fmt.Sprintf("%.0f %% dead", o.Dead*100), Ours: o.Dead == 0}
		for i, h := range o.Hours {
			s.X, s.Y = append(s.X, float64(i+1)), append(s.Y, float64(h.Answered)/max(float64(h.Bound), 1))
		}
		c.Lines = append(c.Lines, s)
	}
	return c
}

// killed is availability against the share of hosts that died with the server.
func killed(r Result) chart.Chart {
	c := chart.Chart{
		Title: fmt.Sprintf("Hosts dead, %d hosts, %g %% loss.", r.Hosts, r.Loss*100),
		Note:  "All lookups; the bound is what any host ever had.", XName: "% of the hosts dead", YName: "answered", YFrom: 0, YTo: 1.02,
	}
	us, bound := chart.Series{Name: "mcdns", Ours: true}, chart.Series{Name: "bound"}
	for i := len(r.Outages) - 1; i >= 0; i-- {
		o := r.Outages[i]
		us.X, us.Y = append(us.X, o.Dead*100), append(us.Y, o.Answered)
		bound.X, bound.Y = append(bound.X, o.Dead*100), append(bound.Y, o.Bound)
	}
	c.Lines = []chart.Series{us, bound}
	return c
}

func (a *All) flashCharts() []chart.Chart {
	f := a.Flash
	mean, hits, received := chart.Series{Name: "mean", Ours: true}, chart.Series{Name: "local hits", Ours: true}, chart.Series{Name: "received", Ours: true}
	for _, p := range f.Points {
		h := p.Minute / 60
		mean.X, mean.Y = append(mean.X, h), append(mean.Y, p.MeanMS)
		hits.X, hits.Y = append(hits.X, h), append(hits.Y, p.Hits)
		received.X, received.Y = append(received.X, h), append(received.Y, p.Received)
	}
	note := fmt.Sprintf("%d hosts; the popularity of all names is turned around after %.0f h.", f.Hosts, f.At/60)
	return []chart.Chart{
		{Title: "Time of a lookup.", Note: note, XName: "hours", YName: "ms", Lines: []chart.Series{mean}},
		{Title: "Answered on the host itself.", Note: note, XName: "hours", YName: "share of lookups", Lines: []chart.Series{hits}},
		{Title: "Network chatter.", Note: note, XName: "hours", YName: "received /s and host", Lines: []chart.Series{received}},
	}
}

func (a *All) loadCharts() []chart.Chart {
	worst := func(s Spread) float64 { return s.Max / max(s.Median, 1) }
	return []chart.Chart{
		a.byHosts("Storage.", "Answers held by the median host: every host is a replica.", "answers",
			func(r Result) float64 { return r.Work.Held.Median }, true),
		a.byHosts("Balance.", "Datagrams sent: the busiest host against the median.", "busiest / median",
			func(r Result) float64 { return worst(r.Work.Sent) }, false),
	}
}

func row(b *strings.Builder, class string, cells ...string) {
	fmt.Fprintf(b, "<tr class=%q>", class)
	for _, c := range cells {
		fmt.Fprintf(b, "<td>%s</td>", html.EscapeString(c))
	}
	b.WriteString("</tr>")
}
