package report

import (
	"context"
	"net/netip"
	"time"

	"mcdns/daemon/control"
	"mcdns/daemon/glibc"
	"mcdns/daemon/loop"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// Query is for `mcdns query`.
func (r *Reporter) Query(ctx context.Context, name string, types []uint16) (control.Answer, error) {
	begin := time.Now()
	found := r.config.Find(ctx, name, types, nil)
	return r.answer(ctx, name, found, begin)
}

// Fresh is Query for who wants the servers asked now, and to be told what that changes.
func (r *Reporter) Fresh(ctx context.Context, name string, types []uint16) (control.Answer, error) {
	begin := time.Now()
	var asked []dns.Question // the last of them are those of found.Results
	var before []node.Entry
	found := r.config.Find(ctx, name, types, func(ctx context.Context, own node.Options, questions []dns.Question) (_ []node.Result, err error) {
		asked = questions
		before, err = loop.See(ctx, r.config.Loop, func(v loop.View) []node.Entry { return entriesOf(v, questions) })
		if err != nil {
			return nil, err
		}
		return r.config.Renew(ctx, own, questions)
	})
	out, err := r.answer(ctx, name, found, begin)
	set := r.config.Seen().Settings
	for i := range out.Results {
		was := node.Entry{}
		if i < len(before) {
			was = before[i]
			out.Results[i].Name, out.Results[i].Type = asked[i].Name, dns.TypeName(asked[i].Type)
		}
		out.Results[i].Renewed = renewed(found.Results[i], was, set)
	}
	return out, err
}

// entriesOf are what is held for questions, none where nothing is.
func entriesOf(v loop.View, questions []dns.Question) []node.Entry {
	out := make([]node.Entry, len(questions))
	for i, q := range questions {
		out[i], _ = v.Node.Entry(v.Now, q)
	}
	return out
}

// renewed says what asking anew came to, beside what was held before.
func renewed(now node.Result, was node.Entry, set node.Settings) *control.Renewed {
	var out control.Renewed
	switch {
	case now.Answer == nil || now.Source != node.FromServer && now.Source != node.FromHere:
		out.Change = control.NotAsked
	case now.Source == node.FromHere:
		out.Change = control.StaysHere
	case was.Answer == nil:
		out.Change = control.NothingHeld
	case was.Answer.SameData(now.Answer):
		out.Change = control.Unchanged
	default:
		out.Change = control.Changed
	}
	if was.Answer != nil {
		old := result(node.Result{Answer: was.Answer, Age: was.Age}, set)
		out.WasKind, out.WasValues, out.WasRecords, out.WasAgeS = old.Kind, old.Values, old.Records, was.Age.Seconds()
	}
	return &out
}

func (r *Reporter) answer(ctx context.Context, name string, found glibc.Finding, begin time.Time) (control.Answer, error) {
	out := control.Answer{
		Schema: control.AnswerSchema, Name: name, Status: outcomes[found.Status], Results: []control.Result{},
		DurationMS: float64(time.Since(begin).Microseconds()) / 1000,
	}
	seen, err := loop.See(ctx, r.config.Loop, origins)
	if err != nil {
		return out, err
	}
	out.Upstream = seen.upstream
	for _, one := range found.Results {
		result := result(one, r.config.Seen().Settings)
		if result.Origin != nil {
			result.PeerAddr = seen.addrs[one.Peer]
		}
		out.Results = append(out.Results, result)
	}
	return out, nil
}

// from is what Query has to say beside the answer.
type from struct {
	upstream control.State
	addrs    map[wire.Peer]string
}

func origins(v loop.View) from {
	f := from{upstream: control.State(v.Node.Upstream().String()), addrs: map[wire.Peer]string{}}
	for _, p := range v.Node.Peers(v.Now) {
		f.addrs[p.Peer] = p.Addr.Addr().String()
	}
	return f
}

var outcomes = map[glibc.Status]control.Outcome{
	glibc.Found: control.Found, glibc.NoName: control.NoName, glibc.NoData: control.NoRecord,
	glibc.TryAgain: control.NoAnswer, glibc.BadName: control.BadName,
}

var kinds = map[dns.Kind]control.Kind{
	dns.Positive: control.Positive, dns.NoData: control.NoSuchRecord, dns.NXDomain: control.NoSuchName,
}

var sources = map[node.Source]control.Source{
	node.FromCache: control.FromCache, node.FromServer: control.FromServer, node.FromPeer: control.FromPeer, node.FromHere: control.FromHere,
}

func result(r node.Result, set node.Settings) control.Result {
	a := r.Answer
	if a == nil {
		return control.Result{Kind: control.None, Records: []string{}, Values: []string{}}
	}
	out := control.Result{
		Name: a.Question.Name, Type: dns.TypeName(a.Question.Type), Kind: kinds[a.Kind],
		Records: append([]string{}, a.RecordsLeft(r.Age, r.TTL)...), Values: []string{},
		Origin: &control.Origin{
			TTLs: r.TTL.Seconds(), LifeS: r.Life.Seconds(), OriginalTTLs: a.TTL.Seconds(), AgeS: r.Age.Seconds(),
			Stale: r.Stale, Source: sources[r.Source], Server: serverName(set, a.Server),
		},
	}
	if r.Peer != (wire.Peer{}) {
		out.Peer = idString(r.Peer.ID)
	}
	if view, err := a.View(); err == nil {
		for _, addr := range view.Addrs {
			out.Values = append(out.Values, addr.String())
		}
		out.Values = append(out.Values, view.Names...)
	}
	return out
}

// serverName is the address of a server that this host knows by its hash.
func serverName(set node.Settings, id dns.ServerID) string {
	for _, list := range [][]node.Server{set.Servers, set.Fallback} {
		for _, s := range list {
			if s.ID == id && id != 0 {
				return addrString(s.Addr)
			}
		}
	}
	return ""
}

// addrString leaves the usual port out.
func addrString(a netip.AddrPort) string {
	if a.Port() == 53 {
		return a.Addr().String()
	}
	return a.String()
}
