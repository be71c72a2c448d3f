package figures

import (
	"fmt"
	"html"
	"sort"
	"strings"
)

const style = `<style>
:root{--ink:#1b1f24;--soft:#5b6570;--line:#e3e7ec;--paper:#fff}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ed;--soft:#9aa5b1;--line:#30363d;--paper:#14181d}}
body{font:16px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:1360px;margin:2.5rem auto;padding:0 1.5rem}
h1{font-size:1.7rem;margin:0}h2{margin:2.6rem 0 .4rem;font-size:1.2rem}p{max-width:46rem}
.grid2{display:grid;grid-template-columns:repeat(auto-fit,minmax(520px,1fr));gap:1.6rem}
figure{margin:0}figcaption{font-size:.9rem;color:var(--soft)}figcaption b{color:var(--ink)}
svg{width:100%;height:auto}svg .grid{stroke:var(--line)}svg text{font:12px system-ui,sans-serif;fill:var(--soft)}svg .name{fill:currentColor;font-weight:600}
table{border-collapse:collapse;font-size:.88rem;margin:.6rem 0}td,th{padding:.28rem .7rem;border-bottom:1px solid var(--line);text-align:right;vertical-align:top}
td:first-child,th:first-child,.text td{text-align:left}th{color:var(--soft);font-weight:600}.us td{font-weight:700}
.facts{display:flex;flex-wrap:wrap;gap:1.2rem 3rem;margin:1.4rem 0}.facts div{max-width:15rem}.facts b{display:block;font-size:1.7rem;line-height:1.2}.facts span{color:var(--soft);font-size:.88rem}
.bad{color:#c0392b}
</style>`

// report is the page: pictures first, tables below them.
func (a *All) report() string {
	var b strings.Builder
	b.WriteString("<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width,initial-scale=1'><title>mcdns, simulated</title>" + style)
	b.WriteString("<h1>mcdns, simulated</h1><p>The shipped node on a virtual LAN. Every host makes 200 lookups an hour among 50,000 names (Zipf 0.95); TTLs from 20 s to a day; the DNS server takes 20 ms, the LAN 0.4 ms there and back. The rivals are models that serve the same lookups without loss or membership traffic.</p>")
	a.facts(&b)
	b.WriteString(`<h2>Normal times</h2><div class="grid2">`)
	for _, c := range a.normalCharts() {
		b.WriteString(c.svg())
	}
	b.WriteString(`</div><h2>Outages</h2><div class="grid2">`)
	for _, c := range a.outageCharts() {
		b.WriteString(c.svg())
	}
	b.WriteString(`</div><h2>A flash crowd</h2><div class="grid2">`)
	for _, c := range a.flashCharts() {
		b.WriteString(c.svg())
	}
	b.WriteString(`</div><h2>Where it lies</h2><div class="grid2">`)
	for _, c := range a.loadCharts() {
		b.WriteString(c.svg())
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

// against is a chart of one figure against the number of hosts, ours and the
// rivals'.
func (a *All) against(title, note, y string, ours func(Result) float64, theirs func(RivalWork) float64, logY bool) chart {
	c := chart{title: title, note: note, xName: "hosts", yName: y, logX: true, logY: logY}
	us := series{name: "mcdns", ours: true}
	rivals := map[string]*series{}
	var order []string
	for _, r := range a.bySize(0) {
		us.x, us.y = append(us.x, float64(r.Hosts)), append(us.y, ours(r))
		for _, w := range r.Rivals {
			if theirs == nil {
				continue
			}
			s := rivals[w.Name]
			if s == nil {
				s = &series{name: w.Name}
				rivals[w.Name] = s
				order = append(order, w.Name)
			}
			s.x, s.y = append(s.x, float64(r.Hosts)), append(s.y, theirs(w))
		}
	}
	c.lines = append(c.lines, us)
	for _, n := range order {
		c.lines = append(c.lines, *rivals[n])
	}
	return c
}

func (a *All) normalCharts() []chart {
	return []chart{
		a.against("Network chatter.", "Datagrams that each host receives in a second.", "received /s and host",
			func(r Result) float64 { return r.Work.Received }, func(w RivalWork) float64 { return w.Received }, true),
		a.against("Questions to the DNS server,", "as a multiple of what one ideal shared cache asks.", "× ideal",
			func(r Result) float64 { return r.Work.Ratio + r.Work.Extra }, func(w RivalWork) float64 { return w.Ratio }, false),
		a.against("Answered on the host itself.", "No packet, no wait.", "share of lookups",
			func(r Result) float64 { return r.Work.LocalHits }, func(w RivalWork) float64 { return w.LocalHits }, false),
		a.against("Mean time of a lookup.", "", "ms",
			func(r Result) float64 { return r.Work.MeanMS }, func(w RivalWork) float64 { return w.MeanMS }, false),
		a.against("Bytes on the LAN for each lookup.", "HELLOs and streams included for mcdns, none for the others.", "bytes",
			func(r Result) float64 { return r.Work.BytesLookup }, func(w RivalWork) float64 { return w.BytesLookup }, true),
		a.against("Control traffic of one host.", "HELLO, PROVE, PROOF, QUERY and the rest; it must not grow with the group.", "sent /s and host",
			func(r Result) float64 { return r.Work.Control }, nil, true),
		a.latency(), a.hops(),
	}
}

// latency is how many lookups are over within which time.
func (a *All) latency() chart {
	c := chart{title: "How long lookups take.", note: "The share that is over within so many milliseconds, 0 % loss.", xName: "ms", yName: "share of lookups", logX: true, yFrom: 0, yTo: 1.02}
	for _, r := range a.bySize(0) {
		s := series{name: fmt.Sprintf("%d hosts", r.Hosts), ours: r.Hosts == a.biggest().Hosts}
		for _, w := range r.Work.Latency {
			s.x, s.y = append(s.x, max(w.MS, .01)), append(s.y, w.Share)
		}
		c.lines = append(c.lines, s)
	}
	return c
}

// hops is how many calls to other hosts a lookup takes. Here it is none: what is not
// on the host is asked of the DNS server, and of the group in an outage alone.
func (a *All) hops() chart {
	big := a.biggest()
	c := chart{title: fmt.Sprintf("Calls to other hosts for a lookup, %d hosts.", big.Hosts), note: "mcdns makes none in normal times.", xName: "calls", yName: "share of lookups", yFrom: 0, yTo: 1.02}
	c.lines = append(c.lines, series{name: "mcdns", ours: true, x: []float64{0}, y: []float64{1}})
	for _, w := range big.Rivals {
		s := series{name: w.Name}
		for n, share := range w.Hops[:min(len(w.Hops), 10)] {
			s.x, s.y = append(s.x, float64(n)), append(s.y, share)
		}
		c.lines = append(c.lines, s)
	}
	return c
}

func (a *All) outageCharts() []chart {
	var out []chart
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
func hours(r Result) chart {
	c := chart{
		title: fmt.Sprintf("Hours of an outage, %d hosts, %g %% loss.", r.Hosts, r.Loss*100),
		note:  "Lookups answered, of those any host ever had an answer to.", xName: "hours", yName: "answered", yFrom: .99, yTo: 1.0005,
	}
	for _, o := range r.Outages {
		for _, h := range o.Hours { // a fault is drawn where it is
			c.yFrom = min(c.yFrom, float64(h.Answered)/max(float64(h.Bound), 1))
		}
		s := series{name: fmt.Sprintf("%.0f %% dead", o.Dead*100), ours: o.Dead == 0}
		for i, h := range o.Hours {
			s.x, s.y = append(s.x, float64(i+1)), append(s.y, float64(h.Answered)/max(float64(h.Bound), 1))
		}
		c.lines = append(c.lines, s)
	}
	return c
}

// killed is availability against the share of hosts that died with the server.
func killed(r Result) chart {
	c := chart{
		title: fmt.Sprintf("Hosts dead, %d hosts, %g %% loss.", r.Hosts, r.Loss*100),
		note:  "All lookups; the bound is what any host ever had.", xName: "% of the hosts dead", yName: "answered", yFrom: 0, yTo: 1.02,
	}
	us, bound := series{name: "mcdns", ours: true}, series{name: "bound"}
	rivals := map[string]*series{}
	var order []string
	for i := len(r.Outages) - 1; i >= 0; i-- {
		o := r.Outages[i]
		us.x, us.y = append(us.x, o.Dead*100), append(us.y, o.Answered)
		bound.x, bound.y = append(bound.x, o.Dead*100), append(bound.y, o.Bound)
		for _, s := range o.Rivals[min(1, len(o.Rivals)):] {
			if rivals[s.Name] == nil {
				rivals[s.Name] = &series{name: s.Name}
				order = append(order, s.Name)
			}
			l := rivals[s.Name]
			l.x, l.y = append(l.x, o.Dead*100), append(l.y, s.Answered)
		}
	}
	c.lines = []series{us, bound}
	for _, n := range order {
		c.lines = append(c.lines, *rivals[n])
	}
	return c
}

func (a *All) flashCharts() []chart {
	f := a.Flash
	mean, hits, received := series{name: "mean", ours: true}, series{name: "local hits", ours: true}, series{name: "received", ours: true}
	for _, p := range f.Points {
		h := p.Minute / 60
		mean.x, mean.y = append(mean.x, h), append(mean.y, p.MeanMS)
		hits.x, hits.y = append(hits.x, h), append(hits.y, p.Hits)
		received.x, received.y = append(received.x, h), append(received.y, p.Received)
	}
	note := fmt.Sprintf("%d hosts; the popularity of all names is turned around after %.0f h.", f.Hosts, f.At/60)
	return []chart{
		{title: "Time of a lookup.", note: note, xName: "hours", yName: "ms", lines: []series{mean}},
		{title: "Answered on the host itself.", note: note, xName: "hours", yName: "share of lookups", lines: []series{hits}},
		{title: "Network chatter.", note: note, xName: "hours", yName: "received /s and host", lines: []series{received}},
	}
}

func (a *All) loadCharts() []chart {
	held := func(f func(Spread) float64) func(RivalWork) float64 {
		return func(w RivalWork) float64 { return max(f(w.Held), 1) }
	}
	worst := func(s Spread) float64 { return s.Max / max(s.Median, 1) }
	return []chart{
		a.against("Storage.", "Answers held by the median host: every host is a replica.", "answers",
			func(r Result) float64 { return r.Work.Held.Median }, held(func(s Spread) float64 { return s.Median }), true),
		a.against("Balance.", "Datagrams sent (ours), answers served (rivals): the busiest host against the median.", "busiest / median",
			func(r Result) float64 { return worst(r.Work.Sent) }, func(w RivalWork) float64 { return max(worst(w.Served), 1) }, false),
	}
}

func row(b *strings.Builder, class string, cells ...string) {
	fmt.Fprintf(b, "<tr class=%q>", class)
	for _, c := range cells {
		fmt.Fprintf(b, "<td>%s</td>", html.EscapeString(c))
	}
	b.WriteString("</tr>")
}
