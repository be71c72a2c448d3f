package nsssock

import (
	"context"
	"net/netip"
	"slices"

	"mcdns/daemon/hosts"
	"mcdns/daemon/ownname"
	"mcdns/daemon/resolvconf"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// A Finding is what a lookup came to, with everything the node said.
type Finding struct {
	// Status is found, no such name, no such record, no answer or bad name.
	Status string
	// Results are those of the last name asked for, one for each type.
	Results []node.Result
}

var statusWords = map[status]string{
	found: "found", noName: "no such name", noData: "no such record", tryAgain: "no answer", badName: "bad name",
}

// Find looks a name or an address up as Serve would for a program without
// variables in its environment. types are those of records; none means the
// addresses of a name, the name of an address, which PTR alone finds too. table is
// what hosts(5) says, nil if it is not to be asked; own as in Config.
func Find(ctx context.Context, ask Ask, conf resolvconf.Conf, table *hosts.Table, own Own, name string, types ...uint16) Finding {
	f := finder{lookup: lookup{ask: ask, conf: conf}, types: types}
	if len(types) == 0 {
		f.types, _ = (&request{families: inet | inet6}).types(conf.NoAAAA)
	}
	names := len(types) == 0 || slices.Equal(types, []uint16{dns.TypePTR})
	about := func(own *ownname.Machine) *hosts.Table { return own.About(name) }
	if addr, err := netip.ParseAddr(name); err == nil && names {
		addr = unmap(addr.WithZone(""))
		f.types, name = []uint16{dns.TypePTR}, dns.ReverseName(addr)
		about = func(own *ownname.Machine) *hosts.Table { return own.AboutAddress(addr) }
	}
	if out, known := f.fromTable(table, name); known {
		return out
	}
	if name == "" || len(types) == 0 && !isHostname(name) {
		return Finding{Status: statusWords[badName]}
	}
	return around(own, func(own *ownname.Machine) (Finding, bool) {
		return f.fromTable(about(own), name)
	}, func() Finding {
		end := search(name, conf, func(absolute string) outcome { return f.try(ctx, absolute) })
		return Finding{Status: statusWords[end], Results: f.results}
	}, func(f Finding) bool { return f.Status == statusWords[found] })
}

func (f finder) fromTable(t *hosts.Table, name string) (out Finding, known bool) {
	if f.results = fromTable(t, name, f.types); f.results == nil {
		return Finding{}, false
	}
	return Finding{Status: statusWords[f.judge().status], Results: f.results}, true
}

type finder struct {
	lookup
	types   []uint16
	results []node.Result
}

func (f *finder) try(ctx context.Context, name string) outcome {
	var questions []dns.Question
	for _, t := range f.types {
		q, err := dns.NewQuestion(name, t)
		if err != nil {
			return outcome{status: badName}
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
			return outcome{status: found}
		}
	}
	_, o := combine(f.results)
	return o
}
