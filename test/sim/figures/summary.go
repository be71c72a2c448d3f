package figures

import (
	"fmt"
	"strings"
)

// Summary is the result in a few lines.
func (r Result) Summary() string {
	var b strings.Builder
	w := r.Work
	b.WriteString(r.Cost.summary(r.Name))
	fmt.Fprintf(&b, "  work: %d lookups, %.1f %% local, %.2f ms mean, upstream %.3fx the ideal (+%.3fx refreshes, probes and fetch-ahead), %.2f datagrams and %.0f bytes a lookup, %.2f received a second and host\n",
		w.Lookups, w.LocalHits*100, w.MeanMS, w.Ratio, w.Extra, w.PerLookup, w.BytesLookup, w.Received)
	for _, row := range w.Kinds.rows() {
		fmt.Fprintf(&b, "        %s\n", row)
	}
	fmt.Fprintf(&b, "        streams  %.3f a second, %.0f bytes a lookup\n", w.Pulls, w.StreamBytes)
	for _, o := range r.Outages {
		fmt.Fprintf(&b, "  outage, %.0f %% dead: %.4f answered, %.5f of what any host ever had; all knew after %.0f ms, %d lookups waited over 100 ms in the first minute, back after %.1f s; worst %.0f ms; %.2f received\n",
			o.Dead*100, o.Answered, o.OfBound, o.DownMS, o.Waited, o.Back, o.WorstMS, o.Received)
		for _, row := range o.Kinds.rows() {
			fmt.Fprintf(&b, "        %s\n", row)
		}
		if o.Faults != "" {
			fmt.Fprintf(&b, "  FAULTS: %s\n", o.Faults)
		}
	}
	if r.Faults != "" {
		fmt.Fprintf(&b, "  FAULTS: %s\n", r.Faults)
	}
	fmt.Fprintf(&b, "  digest %s\n", r.Digest)
	return b.String()
}

func (c Cost) summary(name string) string {
	return fmt.Sprintf("%s: %.0f s of the processor (%.0f s for %.3g h of warm-up); a host and hour of work: %.0f us, %.0f of them without deliveries (%.0f ns each); a host: %.0f KiB, peers %.0f, answers %.0f, the rest %.0f\n",
		name, c.AllS, c.WarmS, c.WarmHours, c.HourUS, c.RestUS, c.DeliveryNS, c.Bytes/1024, c.Members/1024, c.Entries/1024, c.Rest/1024)
}

func (kinds Kinds) rows() []string {
	var out []string
	for _, k := range kindOrder {
		if kinds[k] > 0 {
			out = append(out, fmt.Sprintf("%-8s %.3f a second", k, kinds[k]))
		}
	}
	return out
}

var kindOrder = []string{"HELLO", "PROVE", "PROOF", "ANNOUNCE", "QUERY", "ANSWER", "ASK", "BYE"}

// Summary is the set in as many lines as it needs.
func (a All) Summary() string {
	var b strings.Builder
	for _, r := range a.Results {
		b.WriteString(r.Summary())
	}
	fmt.Fprintf(&b, "slashdot: %d hosts, %d lookups, %d questions to the server, every host had it after %d lookups\n",
		a.Slashdot.Hosts, a.Slashdot.Lookups, a.Slashdot.Asked, a.Slashdot.UntilAllHave)
	fmt.Fprintf(&b, "propagation: 98 %% of %d hosts after %.1f ms, worst of %d changes %.1f ms\n", a.Propagation.Hosts, a.Propagation.MedianMS, a.Propagation.Changes, a.Propagation.WorstMS)
	if h := a.Huge; h != nil {
		fmt.Fprintf(&b, "%d hosts: %.5f answered, %d KiB a host, took %.0f s\n", h.Hosts, h.Answered, h.PerHost/1024, h.TookS)
	}
	fmt.Fprintf(&b, "took %.0f s\n", a.TookS)
	return b.String()
}
