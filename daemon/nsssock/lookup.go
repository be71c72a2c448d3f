package nsssock

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"mcdns/daemon/hosts"
	"mcdns/daemon/ownname"
	"mcdns/daemon/resolvconf"
	"mcdns/daemon/survive"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// Ask resolves questions, all at once, with what the program has of its own; a Result
// without an Answer means that nobody can say now.
type Ask func(context.Context, node.Options, []dns.Question) ([]node.Result, error)

// lookup answers one request.
type lookup struct {
	ask   Ask
	conf  resolvconf.Conf
	hosts *hosts.Table // nil: not asked
	own   Own
	// options are the program's, as far as they are not resolv.conf's.
	options node.Options
}

// safely is run, for an answer that cannot be read at all too: nobody can say.
func (l *lookup) safely(ctx context.Context, r request) (out reply) {
	var err error
	defer survive.Into(&err)
	out.status = tryAgain
	return l.run(ctx, r)
}

func (l *lookup) run(ctx context.Context, r request) reply {
	if r.kind == byAddress {
		return l.byAddress(ctx, r.name)
	}
	return l.byName(ctx, r)
}

func (l *lookup) byName(ctx context.Context, r request) reply {
	if r.name == "" {
		return reply{status: badName}
	}
	// Before the search list and whatever its letters, as files does: a name in it
	// is one as it stands.
	if out, known := fromHosts(l.hosts, r); known {
		return out
	}
	return around(l.own, func(own *ownname.Machine) (reply, bool) {
		return fromHosts(own.About(r.name), r)
	}, func() reply { return l.fromDNS(ctx, r) }, reply.found)
}

func (l *lookup) fromDNS(ctx context.Context, r request) reply {
	if !isHostname(r.name) {
		return reply{status: badName}
	}
	conf := l.conf.WithEnv(r.localdomain, r.resOptions)
	l.options = ownOptions(conf, l.conf)
	if r.noSearch {
		conf.Ndots, conf.Search = 0, nil
	}
	types, noAAAA := r.types(conf.NoAAAA)
	var out reply
	end := search(r.name, conf, func(absolute string) (o outcome) {
		out, o = l.candidate(ctx, absolute, types)
		out.spell(absolute)
		if noAAAA && o.status == found {
			o = outcome{status: noData}
		}
		return o
	})
	if end != found {
		return reply{status: end}
	}
	return out
}

// ownOptions are those of a program that differ from the host's. Parsing has bounded
// them: whoever reaches the socket can name any.
func ownOptions(program, host resolvconf.Conf) (own node.Options) {
	if program.Timeout != host.Timeout {
		own.Timeout = program.Timeout
	}
	if program.Attempts != host.Attempts {
		own.Attempts = program.Attempts
	}
	own.TCP = program.UseTCP && !host.UseTCP
	own.Rotate = program.Rotate && !host.Rotate
	return own
}

func (r reply) found() bool { return r.status == found }

// fromHosts is what the table says, if it knows the name.
func fromHosts(t *hosts.Table, r request) (out reply, known bool) {
	view, known := t.Name(r.name, r.families&inet != 0, r.families&inet6 != 0)
	if len(view.Addrs) == 0 {
		return reply{status: noData}, known
	}
	out = reply{status: found}
	out.add(view, 0)
	return out, known
}

// addressFromHosts is what the table says, if it knows the address.
func addressFromHosts(t *hosts.Table, a netip.Addr) (out reply, known bool) {
	names, known := t.Address(a)
	if !known {
		return reply{}, false
	}
	out = reply{status: found}
	out.add(dns.View{Canonical: names[0], Aliases: names[1:]}, 0)
	return out, true
}

// types are the types to ask for. With "options no-aaaa" a request for IPv6
// alone asks for A instead, so that a name that does not exist is still told
// from one without an IPv6 address (glibc 2.36, NEWS): instead is true.
func (r *request) types(noAAAA bool) (types []uint16, instead bool) {
	switch {
	case r.families == inet6 && noAAAA:
		return []uint16{dns.TypeA}, true
	case r.families == inet6:
		return []uint16{dns.TypeAAAA}, false
	case r.families == inet || noAAAA:
		return []uint16{dns.TypeA}, false
	}
	return []uint16{dns.TypeA, dns.TypeAAAA}, false
}

// candidate asks for all types of one absolute name at once.
func (l *lookup) candidate(ctx context.Context, name string, types []uint16) (reply, outcome) {
	var questions []dns.Question
	for _, t := range types {
		q, err := dns.NewQuestion(name, t)
		if err != nil {
			return reply{}, outcome{status: badName}
		}
		questions = append(questions, q)
	}
	return combine(l.askAll(ctx, questions))
}

// askAll takes an error, which is that of a caller that left or a daemon that
// stops, for no answer.
func (l *lookup) askAll(ctx context.Context, questions []dns.Question) []node.Result {
	results, err := l.ask(ctx, l.options, questions)
	if err != nil {
		return make([]node.Result, len(questions))
	}
	return results
}

// combine joins the results of the families as nss-dns does: what is found
// counts, even beside a failure; else the A result decides unless it is "no such
// record" (glibc res_query.c, __res_context_query).
func combine(results []node.Result) (reply, outcome) {
	out := reply{status: found}
	end := outcome{status: noData}
	for _, r := range results {
		o, view := judge(r)
		switch {
		case o.status == found:
			if r.Held() {
				turn(view.Addrs)
			}
			out.add(view, r.TTL)
		case end.status == noData:
			o.chain = end.chain || o.chain
			end = o
		}
	}
	if len(out.addresses) > 0 {
		return out, outcome{status: found}
	}
	return reply{}, end
}

// turn makes any of the addresses the first, in the order of a ring, as a server does
// from reply to reply: else all programs of the LAN took the same one.
func turn(addrs []netip.Addr) {
	if len(addrs) < 2 {
		return
	}
	at := rand.IntN(len(addrs))
	slices.Reverse(addrs[:at])
	slices.Reverse(addrs[at:])
	slices.Reverse(addrs)
}

func judge(r node.Result) (outcome, dns.View) {
	if r.Answer == nil {
		return outcome{status: tryAgain, servfail: r.Said.Rcode == dns.RcodeServerFailure}, dns.View{}
	}
	unasked := r.Stale || r.Source == node.FromHere
	view, err := r.Answer.View()
	switch {
	case errors.Is(err, dns.ErrNoHostName):
		return outcome{status: badName}, dns.View{}
	case err != nil:
		return outcome{status: tryAgain}, dns.View{}
	case r.Answer.Kind == dns.NXDomain:
		return outcome{status: noName, unasked: unasked}, view
	case r.Answer.Kind != dns.Positive || len(view.Addrs)+len(view.Names) == 0:
		return outcome{status: noData, chain: view.Links > 0, unasked: unasked}, view
	}
	return outcome{status: found}, view
}

// add puts one family's answer into the reply. The names are those of the first
// answer: both families have the same chain, or the zone was just changed.
func (r *reply) add(view dns.View, ttl time.Duration) {
	seconds := uint32(min(max(ttl, 0)/time.Second, 1<<31-1))
	if len(r.names) == 0 {
		r.ttl = seconds
		r.names = append(append(r.names, view.Canonical), view.Aliases...)
	}
	r.ttl = min(r.ttl, seconds)
	r.addresses = append(r.addresses, view.Addrs...)
}

// spell gives the name that was asked for the letters it was asked in: a DNS
// server sends the question back as it came, so that is what nss-dns returns.
func (r *reply) spell(absolute string) {
	asked := strings.TrimSuffix(absolute, ".")
	for i, n := range r.names {
		if strings.EqualFold(n, asked) {
			r.names[i] = asked
		}
	}
}

func (l *lookup) byAddress(ctx context.Context, bytes string) reply {
	addr, ok := netip.AddrFromSlice([]byte(bytes))
	if !ok {
		return reply{status: badName}
	}
	addr = unmap(addr)
	if out, known := addressFromHosts(l.hosts, addr); known {
		return out
	}
	return around(l.own, func(own *ownname.Machine) (reply, bool) {
		return addressFromHosts(own.AboutAddress(addr), addr)
	}, func() reply { return l.pointer(ctx, addr) }, reply.found)
}

func (l *lookup) pointer(ctx context.Context, addr netip.Addr) reply {
	q, err := dns.NewQuestion(dns.ReverseName(addr), dns.TypePTR)
	if err != nil {
		return reply{status: badName}
	}
	result := l.askAll(ctx, []dns.Question{q})[0]
	o, view := judge(result)
	if o.status != found {
		return reply{status: o.status}
	}
	out := reply{status: found}
	out.add(dns.View{Canonical: view.Names[0]}, result.TTL) // the first, as nss-dns
	return out
}

// unmap gives the IPv4 address in a mapped or IPv4-compatible one, ::1 left
// alone (glibc nss_dns/dns-host.c, _nss_dns_gethostbyaddr2_r).
func unmap(a netip.Addr) netip.Addr {
	b := a.As16()
	compatible := a.Is6() && [12]byte(b[:12]) == [12]byte{} && a != netip.IPv6Loopback()
	if compatible {
		return netip.AddrFrom4([4]byte(b[12:]))
	}
	return a.Unmap()
}
