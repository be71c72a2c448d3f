package figures

import (
	"fmt"
	"html"
	"strings"
)

// earlier sets what the papers on earlier systems reported beside what came
// out here.
func (a *All) earlier(b *strings.Builder) {
	big := a.biggest()
	b.WriteString("<h2>What earlier systems had, and what this has</h2><table class=text><tr><th>question</th><th>then</th><th>here</th></tr>")
	say := func(q, then, here string, args ...any) { row(b, "", q, then, fmt.Sprintf(here, args...)) }
	say("Johnson 2010: network chatter", "to be simulated; no figure", "%.2f datagrams received a second and host at %d hosts, %.2f datagrams a lookup", big.Work.Received, big.Hosts, big.Work.PerLookup)
	say("Johnson 2010: degradation of the network in an outage", "names in heavy use expected to stay", "%s", a.degradation())
	say("DDNS 2002: storage balance", "median 120 records a node, worst 827 (6.9×)", "median %.0f, most %.0f (%.2f×): every host keeps everything", big.Work.Held.Median, big.Work.Held.Max, big.Work.Held.Max/max(big.Work.Held.Median, 1))
	say("DDNS 2002: load balance", "a popular block served about 10 times by each node", "datagrams sent a host: median %.0f, most %.0f (%.2f×)", big.Work.Sent.Median, big.Work.Sent.Max, big.Work.Sent.Max/max(big.Work.Sent.Median, 1))
	say("DDNS 2002: remote calls a lookup", "about log₂ N; 20 for a million nodes", "0: a lookup is a local hit or a question to the DNS server (%s)", "QUERY only in an outage, for what nobody here has")
	say("DDNS 2002: latency", "median 350 ms against 43 ms of the DNS, no tail of 60 s", "median %.2f ms, 99.9 %% within %.0f ms", big.Work.MedianMS, big.Work.within(.999))
	say("Beehive 2004: hops", "2.34 with Pastry, 1.54 with caches along the path, 0.98 with Beehive after 17 hours", "0 in normal times, from the first minute")
	say("CoDoNS 2004: storage a node", "4217 records (13 MB), 10 % of all", "%.0f answers in the median host, every host a replica of what the group uses", big.Work.Held.Median)
	say("DDNS 2002: failed lookups", "220,000 of 480,000 of its trace; no negative caching", "%d of %d in normal times; negatives are answers", big.Work.Failed, big.Work.Lookups)
	s := a.Slashdot
	say("DDNS 2002: slashdot test, 1000 nodes, one name 100,000 times", "spread over all nodes after a few thousand", "%d hosts, %d lookups: %d questions to the DNS server, every host has it after %d lookups", s.Hosts, s.Lookups, s.Asked, s.UntilAllHave)
	say("CoDoNS 2004: latency", "median 2 ms against 39 ms of the DNS; half of the queries without network delay", "median %.2f ms, mean %.2f ms against 20 ms; %.0f %% without network delay", big.Work.MedianMS, big.Work.MeanMS, big.Work.LocalHits*100)
	say("CoDoNS 2004: update propagation", "98 % of the replicas within 1 s", "98 %% of %d hosts within %.0f ms, worst of %d changes %.0f ms", a.Propagation.Hosts, a.Propagation.MedianMS, a.Propagation.Changes, a.Propagation.WorstMS)
	say("CoDoNS 2004: bandwidth a node", "12.2 KB/s at 6.5 queries/s of the whole system", "%.2f KB/s sent to the LAN by the whole group at %.1f lookups/s, all of it received by every host", big.Work.BytesLookup*float64(big.Work.Lookups)/big.Work.Hours/3600/1000, float64(big.Work.Lookups)/big.Work.Hours/3600)
	say("CoDoNS 2004: flash crowd", "a temporary rise of the median, then low values again", "%s", a.crowd())
	b.WriteString("</table>")
}

func (a *All) degradation() string {
	var out []string
	for _, r := range a.Results {
		for _, o := range r.Outages {
			if o.Dead == .9 && r.Hosts >= 20 {
				out = append(out, fmt.Sprintf("%d hosts, 90 %% dead, %g %% loss: %.2f %% of what any host ever had", r.Hosts, r.Loss*100, o.OfBound*100))
			}
		}
	}
	return strings.Join(out, "; ")
}

func (a *All) crowd() string {
	var before, peak, after, median, highest float64
	for _, p := range a.Flash.Points {
		switch {
		case p.Minute <= a.Flash.At:
			before, median = p.MeanMS, p.MedianMS
		default:
			peak, highest = max(peak, p.MeanMS), max(highest, p.MedianMS)
			after = p.MeanMS
		}
	}
	return fmt.Sprintf("median %.2f ms before, at most %.2f ms after the turn; mean %.1f ms before, at most %.1f ms after the turn, %.1f ms at the end", median, highest, before, peak, after)
}

// within is what so many of the lookups take at most, in milliseconds.
func (w Work) within(share float64) float64 {
	for _, l := range w.Latency {
		if l.Share >= share {
			return l.MS
		}
	}
	return 0
}

// details are the tables behind the pictures.
func (a *All) details(b *strings.Builder) {
	b.WriteString("<h2>The figures</h2><table><tr><th>case</th><th>local</th><th>mean ms</th><th>p99 ms</th><th>× ideal</th><th>extra</th><th>datagrams/lookup</th><th>bytes/lookup</th><th>received /s host</th><th>KiB/host</th><th>CPU per host and hour</th></tr>")
	for _, r := range a.Results {
		w := r.Work
		row(b, "us", r.Name, pct(w.LocalHits), f2(w.MeanMS), f2(w.P99MS), f3(w.Ratio), f3(w.Extra), f2(w.PerLookup), f2(w.BytesLookup), f2(w.Received), fmt.Sprintf("%.0f", r.Cost.Bytes/1024), fmt.Sprintf("%.1f ms", r.Cost.HourUS/1000))
	}
	b.WriteString("</table><h2>The outages</h2><table><tr><th>case</th><th>dead</th><th>answered</th><th>of what any host ever had</th><th>all know after ms</th><th>lookups that waited</th><th>worst ms</th><th>all back after s</th><th>received /s host</th></tr>")
	for _, r := range a.Results {
		for _, o := range r.Outages {
			row(b, "", r.Name, pct(o.Dead), pct(o.Answered), fmt.Sprintf("%.3f %%", o.OfBound*100), f2(o.DownMS), fmt.Sprint(o.Waited), f2(o.WorstMS), f2(o.Back), f2(o.Received))
		}
	}
	b.WriteString("</table>")
	if h := a.Huge; h != nil {
		fmt.Fprintf(b, "<h2>The largest group</h2><p>%d hosts start, learn %d names and lose their server: %.3f %% of what any host ever had is answered; %.2f datagrams received a second and host; %d KiB a host.</p>",
			h.Hosts, h.Names, h.Answered*100, h.Received, h.PerHost/1024)
	}
	b.WriteString("<h2>Simulator and lab</h2><table class=text><tr><th>case of the common table</th><th>promised</th><th>simulated</th></tr>")
	for _, c := range a.Common {
		row(b, "", c.Name, c.Want, c.Got)
	}
	b.WriteString("</table>")
	for _, r := range a.Results {
		if r.Faults != "" {
			fmt.Fprintf(b, "<h2 class=bad>%s: promises broken</h2><pre>%s</pre>", r.Name, html.EscapeString(r.Faults))
		}
	}
}

func pct(v float64) string { return fmt.Sprintf("%.1f %%", v*100) }
func f2(v float64) string  { return fmt.Sprintf("%.2f", v) }
func f3(v float64) string  { return fmt.Sprintf("%.3f", v) }

// tables are the same as CSVs.
func (a *All) tables() map[string]string {
	var work, out, flash, latency strings.Builder
	latency.WriteString("hosts,loss,both_families,who,what,value,share\n")
	work.WriteString("hosts,loss,who,local_hits,mean_ms,upstream_ratio,datagrams_per_lookup,bytes_per_lookup,received_per_host_second\n")
	out.WriteString("hosts,loss,dead,hour,lookups,answered,ever_had\n")
	flash.WriteString("minute,mean_ms,median_ms,local_hits,upstream_per_lookup,received_per_host_second\n")
	for _, r := range a.Results {
		w := r.Work
		fmt.Fprintf(&work, "%d,%g,mcdns,%g,%g,%g,%g,%g,%g\n", r.Hosts, r.Loss, w.LocalHits, w.MeanMS, w.Ratio, w.PerLookup, w.BytesLookup, w.Received)
		for _, l := range w.Latency {
			fmt.Fprintf(&latency, "%d,%g,%t,mcdns,ms at most,%g,%g\n", r.Hosts, r.Loss, r.Both, l.MS, l.Share)
		}
		for _, o := range r.Outages {
			for i, h := range o.Hours {
				fmt.Fprintf(&out, "%d,%g,%g,%d,%d,%d,%d\n", r.Hosts, r.Loss, o.Dead, i+1, h.Lookups, h.Answered, h.Bound)
			}
		}
	}
	for _, p := range a.Flash.Points {
		fmt.Fprintf(&flash, "%g,%g,%g,%g,%g,%g\n", p.Minute, p.MeanMS, p.MedianMS, p.Hits, p.Asked, p.Received)
	}
	return map[string]string{"work.csv": work.String(), "outage.csv": out.String(), "flash.csv": flash.String(), "latency.csv": latency.String()}
}
