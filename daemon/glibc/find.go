package glibc

import (
	"context"
	"net/netip"
	"slices"

	"mcdns/daemon/hosts"
	"mcdns/daemon/ownname"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// A Finding is what a lookup came to, with everything the node said.
type Finding struct {
	Status Status
	// Results are those of the last name asked for, one for each type.
	Results []node.Result
}

// Find looks a name or an address up for a person, as for a program without variables
// in its environment. types are those of records; none means the addresses of a name,
// the name of an address, which PTR alone finds too.
func (l *Lookup) Find(ctx context.Context, name string, types ...uint16) Finding {
	f := finder{Lookup: l, types: types}
	if len(types) == 0 {
		f.types, _ = (&Request{Families: Inet | Inet6}).types(l.Conf.NoAAAA)
	}
	names := len(types) == 0 || slices.Equal(types, []uint16{dns.TypePTR})
	about := func(own *ownname.Machine) *hosts.Table { return own.About(name) }
	if addr, err := netip.ParseAddr(name); err == nil && names {
		addr = unmap(addr.WithZone(""))
		f.types, name = []uint16{dns.TypePTR}, dns.ReverseName(addr)
		about = func(own *ownname.Machine) *hosts.Table { return own.AboutAddress(addr) }
	}
	if out, known := f.fromTable(l.Hosts, name); known {
		return out
	}
	if name == "" || len(types) == 0 && !isHostname(name) {
		return Finding{Status: BadName}
	}
	return around(l.Own, func(own *ownname.Machine) (Finding, bool) {
		return f.fromTable(about(own), name)
	}, func() Finding {
		end := search(name, l.Conf, func(absolute string) outcome { return f.try(ctx, absolute) })
		return Finding{Status: end, Results: f.results}
	}, func(f Finding) bool { return f.Status == Found })
}

func (f finder) fromTable(t *hosts.Table, name string) (out Finding, known bool) {
	if f.results = fromTable(t, name, f.types); f.results == nil {
		return Finding{}, false
	}
	return Finding{Status: f.judge().status, Results: f.results}, true
}

type finder struct {
	*Lookup
	types   []uint16
	results []node.Result
}

func (f *finder) try(ctx context.Context, name string) outcome {
	var questions []dns.Question
	for _, t := range f.types {
		q, err := dns.NewQuestion(name, t)
		if err != nil {
			return outcome{status: BadName}
		}
		questions = append(questions, q)
	}
	f.results = f.askAll(ctx, questions)
	return f.judge()
}

// fromTable is what the table says, nil if it does not have the name as it stands.
func fromTable(t *hosts.Table, name string, types []uint16) (out []node.Result) {
	for _, typ := range types {
		q, err := dns.NewQuestion(name, typ)
		if err != nil {
			return nil
		}
		a := t.Answer(q)
		if a == nil {
			return nil
		}
		out = append(out, node.Result{Answer: a, Source: node.FromHere})
	}
	return out
}

// judge makes one of the results for all types: any record will do.
func (f *finder) judge() outcome {
	for _, r := range f.results {
		if r.Answer != nil && r.Answer.Kind == dns.Positive {
			return outcome{status: Found}
		}
	}
	_, o := combine(f.results)
	return o
}
