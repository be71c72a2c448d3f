package figures

import (
	"fmt"
	"math"
	"slices"

	"mcdns/test/checks"
)

// checks writes sim.json to dir: each promised figure, and what came out.
func (a *All) checks(dir string) error {
	r := checks.New("sim")
	r.Set("quick", a.Quick)
	r.Set("took_s", a.TookS)
	for _, res := range a.Results {
		r.Set(res.Name, res)
		res.check(r, a.Quick)
	}
	a.grow(r)
	a.fast(r)
	r.Set("parts", a.Parts)
	r.Set("flash_crowd", a.Flash)
	r.Set("slashdot", a.Slashdot)
	r.Set("propagation", a.Propagation)
	most := 1 + a.Slashdot.Lookups/1000
	r.Want("slashdot: questions that reached the DNS server", fmt.Sprintf("<= %d of %d", most, a.Slashdot.Lookups), a.Slashdot.Asked, a.Slashdot.Asked <= most)
	for _, part := range []struct{ name, faults string }{{flashName, a.Flash.Faults}, {slashdotName, a.Slashdot.Faults}, {propagationName, a.Propagation.Faults}} {
		r.None(part.name+": promises broken", part.faults)
	}
	r.Want("propagation: worst ms to 98 % of the hosts", "<= 1000", a.Propagation.WorstMS, a.Propagation.WorstMS <= 1000)
	for _, c := range a.Common {
		r.Want("common case: "+c.Name, c.Want, c.Got, c.OK())
	}
	r.Set("day", a.Day)
	r.None(fmt.Sprintf("%.3g hours while hosts come and go: what grew, and promises broken", a.Day.Hours), a.Day.Faults)
	if h := a.Huge; h != nil {
		r.Set("huge", h)
		r.Want("hosts in the largest group", 10_000, h.Hosts, h.Hosts >= 10_000)
		r.Want("largest group: peers that the median host knows", h.Hosts-1, h.Peers.Median, int(h.Peers.Median) == h.Hosts-1)
		r.Want("largest group: answered in the outage of what any host ever had", ">= 0.999", h.Answered, h.Answered >= .999)
		r.None("largest group: promises broken", h.Faults)
	}
	return r.End(dir, ", sim/report.html in charts")
}

// check is for one case. The ratios are promised at 100 and 1000 hosts, and
// only where the warm state is as long as the promise means.
func (res *Result) check(r *checks.Report, quick bool) {
	want := func(what string, bound string, got float64, ok bool) {
		r.Want(res.Name+": "+what, bound, round4(got), ok)
	}
	if res.Loss == 0 && res.Hosts >= 100 {
		want("upstream questions for lookups / ideal central cache", "<= 1.03", res.Work.Ratio, res.Work.Ratio <= 1.03)
		want("refreshes, probes and fetch-ahead / ideal central cache", "<= 0.05", res.Work.Extra, res.Work.Extra <= .05)
	}
	for _, o := range res.Outages {
		what := fmt.Sprintf("outage with %.0f %% dead: answered of what any host ever had", o.Dead*100)
		want(what, ">= 0.999", o.OfBound, o.OfBound >= .999)
		want(fmt.Sprintf("outage with %.0f %% dead: seconds until all hosts know that the server is back", o.Dead*100), "<= 10", o.Back, o.Back <= 10)
		if o.Faults != "" {
			r.None(res.Name+": promises broken in the outage", o.Faults)
		}
	}
	r.None(res.Name+": promises broken", res.Faults)
}

// grow checks what must not grow with the number of hosts.
func (a *All) grow(r *checks.Report) {
	for _, loss := range []float64{0, .05} {
		sent, before := a.big(loss, func(w Work) float64 { return w.Control })
		r.Want(fmt.Sprintf("%g %% loss: control datagrams sent per host and second, over 20 hosts against 20 and fewer", loss*100),
			fmt.Sprintf("<= %.3f", before), round4(sent), sent <= before)
		if a.Quick {
			continue // the hosts of a big group are proving themselves for much of it
		}
		// Of 20 hosts each hears 19, of a thousand all but a thousandth.
		received, before := a.big(loss, func(w Work) float64 { return w.ControlIn })
		r.Want(fmt.Sprintf("%g %% loss: control datagrams received per host and second, over 20 hosts against 20 and fewer", loss*100),
			fmt.Sprintf("<= %.3f", before*20/19), round4(received), received <= before*20/19)
	}
	if a.Quick {
		return // too short and too few for what follows
	}
	for _, f := range []struct {
		what   string
		figure func(Cost) float64
	}{
		{"time of a host and hour of work, without deliveries", func(c Cost) float64 { return c.RestUS }},
		{"memory of a host, without peers and answers", func(c Cost) float64 { return c.Rest }},
	} {
		grown := a.grown(f.figure)
		r.Want("simulator: "+f.what+", over log N: 1000 hosts against 300", "<= 1", round4(grown), grown <= 1)
	}
}

// big is the most of a figure at more than 20 hosts, and at 20 and fewer.
func (a *All) big(loss float64, figure func(Work) float64) (over, upTo float64) {
	for _, res := range a.bySize(loss) {
		if v := figure(res.Work); res.Hosts > 20 {
			over = max(over, v)
		} else {
			upTo = max(upTo, v)
		}
	}
	return over, upTo
}

// grown says how a figure for one host, divided by the logarithm of the number of
// hosts, stands at the most hosts against the most at fewer that are simulated alike,
// without sealing: 1 is growth as N log N for all hosts together.
func (a *All) grown(figure func(Cost) float64) float64 {
	before, last := 0.0, 0.0
	for _, res := range a.bySize(0) {
		if res.Hosts > sealedUpTo {
			before, last = max(before, last), figure(res.Cost)/math.Log2(float64(res.Hosts))
		}
	}
	return last / max(before, 1e-9)
}

// fast checks what the set may take.
func (a *All) fast(r *checks.Report) {
	for _, res := range a.Results {
		if res.Hosts == 100 && res.Cost.WarmHours >= 24 {
			r.Want(res.Name+": seconds of the processor for 24 hours", "<= 180", round4(res.Cost.WarmS), res.Cost.WarmS <= 180)
		}
		for _, o := range res.Outages {
			if took := res.Cost.ElapsedS + o.ElapsedS; res.Hosts >= 1000 {
				r.Want(fmt.Sprintf("%s: seconds for 2 hours of work and 24 of outage, %.0f %% dead", res.Name, o.Dead*100), "<= 900", round4(took), took <= 900)
			}
		}
	}
	var beside []int64
	for _, p := range a.Parts {
		if !p.Alone {
			beside = append(beside, p.MiB)
		}
		room := 8192.0
		if p.Name == hugeName {
			room = 16384
		}
		r.Want(p.Name+": MiB at most", fmt.Sprintf("<= %.0f", room), p.MiB, float64(p.MiB) <= room)
	}
	slices.Sort(beside)
	if two := len(beside) - 2; two >= 0 {
		sum := beside[two] + beside[two+1]
		r.Want("MiB of the two biggest parts that may run beside each other", "<= 16384", sum, sum <= 16384)
	}
	if !a.Quick {
		r.Want("seconds for the whole set", "<= 3600", round4(a.TookS), a.TookS <= 3600)
	}
}

func round4(v float64) float64 { return float64(int(v*1e4+.5)) / 1e4 }
