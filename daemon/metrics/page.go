package metrics

import (
	"strconv"
	"strings"
)

// ContentType is that of the text format that Prometheus reads
// (https://prometheus.io/docs/instrumenting/exposition_formats/).
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// prefix is what every name begins with.
const prefix = "mcdns_"

// page is a page in the text format.
type page []byte

func (p *page) write(texts ...string) {
	for _, t := range texts {
		*p = append(*p, t...)
	}
}

// family begins a metric of a kind: counter, gauge or histogram.
func (p *page) family(name, kind, help string) {
	p.write("# HELP ", prefix, name, " ", help, "\n# TYPE ", prefix, name, " ", kind, "\n")
}

// sample writes one value; labels are names and values in turn.
func (p *page) sample(name string, value float64, labels ...string) {
	p.write(prefix, name)
	for i := 0; i+1 < len(labels); i += 2 {
		p.write(first(i == 0, "{", ","), labels[i], `="`, escape.Replace(strings.ToValidUTF8(labels[i+1], "?")), `"`)
	}
	p.write(first(len(labels) > 0, "} ", " "))
	*p = append(strconv.AppendFloat(*p, value, 'f', -1, 64), '\n')
}

// escape: Prometheus drops the whole page for any other escape or broken UTF-8, and
// an address may have the name of an interface in it.
var escape = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func first(is bool, one, other string) string {
	if is {
		return one
	}
	return other
}

// one is a metric of one value.
func (p *page) one(name, kind, help string, value float64) {
	p.family(name, kind, help)
	p.sample(name, value)
}

// state writes 1 for the state that is and 0 for the others, so that each can be
// drawn and waited for.
func state[S ~string](p *page, name string, is S, states []S, labels ...string) {
	for _, s := range states {
		p.sample(name, flag(s == is), append(labels[:len(labels):len(labels)], "state", string(s))...)
	}
}

func flag(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// histogram writes a histogram's samples.
func (p *page) histogram(name string, h *Histogram, labels ...string) {
	total := uint64(0)
	for i := range h.counts {
		total += h.counts[i].Load()
		bound := "+Inf"
		if i < len(bounds) {
			bound = strconv.FormatFloat(bounds[i].Seconds(), 'f', -1, 64)
		}
		p.sample(name+"_bucket", float64(total), append(labels[:len(labels):len(labels)], "le", bound)...)
	}
	p.sample(name+"_sum", float64(h.nanos.Load())/1e9, labels...)
	p.sample(name+"_count", float64(total), labels...)
}
