package glibc

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"mcdns/daemon/hosts"
	"mcdns/daemon/ownname"
	"mcdns/daemon/resolvconf"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// Name looks the addresses of a name up.
func (l *Lookup) Name(ctx context.Context, r Request) Reply {
	if r.Name == "" {
		return Reply{Status: BadName}
	}
	// Before the search list and whatever its letters, as files does: a name in it
	// is one as it stands.
	if out, known := fromHosts(l.Hosts, r); known {
		return out
	}
	return around(l.Own, func(own *ownname.Machine) (Reply, bool) {
		return fromHosts(own.About(r.Name), r)
	}, func() Reply { return l.fromDNS(ctx, r) }, Reply.found)
}

func (l *Lookup) fromDNS(ctx context.Context, r Request) Reply {
	if !isHostname(r.Name) {
		return Reply{Status: BadName}
	}
	conf := l.Conf.WithEnv(r.Localdomain, r.ResOptions)
	l.options = ownOptions(conf, l.Conf)
	if r.NoSearch {
		conf.Ndots, conf.Search = 0, nil
	}
	types, noAAAA := r.types(conf.NoAAAA)
	var out Reply
	end := search(r.Name, conf, func(absolute string) (o outcome) {
		out, o = l.candidate(ctx, absolute, types)
		out.spell(absolute)
		if noAAAA && o.status == Found {
			o = outcome{status: NoData}
		}
		return o
	})
	if end != Found {
		return Reply{Status: end}
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

// fromHosts is what the table says, if it knows the name.
func fromHosts(t *hosts.Table, r Request) (out Reply, known bool) {
	view, known := t.Name(r.Name, r.Families&Inet != 0, r.Families&Inet6 != 0)
	if len(view.Addrs) == 0 {
		return Reply{Status: NoData}, known
	}
	out = Reply{Status: Found}
	out.add(view, 0)
	return out, known
}

// addressFromHosts is what the table says, if it knows the address.
func addressFromHosts(t *hosts.Table, a netip.Addr) (out Reply, known bool) {
	names, known := t.Address(a)
	if !known {
		return Reply{}, false
	}
	out = Reply{Status: Found}
	out.add(dns.View{Canonical: names[0], Aliases: names[1:]}, 0)
	return out, true
}

// types are the types to ask for. With "options no-aaaa" a request for IPv6
// alone asks for A instead, so that a name that does not exist is still told
// from one without an IPv6 address (glibc 2.36, NEWS): instead is true.
func (r *Request) types(noAAAA bool) (types []uint16, instead bool) {
	switch {
	case r.Families == Inet6 && noAAAA:
		return []uint16{dns.TypeA}, true
	case r.Families == Inet6:
		return []uint16{dns.TypeAAAA}, false
	case r.Families == Inet || noAAAA:
		return []uint16{dns.TypeA}, false
	}
	return []uint16{dns.TypeA, dns.TypeAAAA}, false
}

// candidate asks for all types of one absolute name at once.
func (l *Lookup) candidate(ctx context.Context, name string, types []uint16) (Reply, outcome) {
	var questions []dns.Question
	for _, t := range types {
		q, err := dns.NewQuestion(name, t)
		if err != nil {
			return Reply{}, outcome{status: BadName}
		}
		questions = append(questions, q)
	}
	return combine(l.askAll(ctx, questions))
}

// askAll takes an error, which is that of a caller that left or a daemon that
// stops, for no answer.
func (l *Lookup) askAll(ctx context.Context, questions []dns.Question) []node.Result {
	results, err := l.Ask(ctx, l.options, questions)
	if err != nil {
		return make([]node.Result, len(questions))
	}
	return results
}

// combine joins the results of the families as nss-dns does: what is found
// counts, even beside a failure; else the A result decides unless it is "no such
// record" (glibc res_query.c, __res_context_query).
func combine(results []node.Result) (Reply, outcome) {
	out := Reply{Status: Found}
	end := outcome{status: NoData}
	for _, r := range results {
		o, view := judge(r)
		switch {
		case o.status == Found:
			if r.Held() {
				turn(view.Addrs)
			}
			out.add(view, r.TTL)
		case end.status == NoData:
			o.chain = end.chain || o.chain
			end = o
		}
	}
	if len(out.Addresses) > 0 {
		return out, outcome{status: Found}
	}
	return Reply{}, end
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
		return outcome{status: TryAgain, servfail: r.Said.Rcode == dns.RcodeServerFailure}, dns.View{}
	}
	unasked := r.Stale || r.Source == node.FromHere
	view, err := r.Answer.View()
	switch {
	case errors.Is(err, dns.ErrNoHostName):
		return outcome{status: BadName}, dns.View{}
	case err != nil:
		return outcome{status: TryAgain}, dns.View{}
	case r.Answer.Kind == dns.NXDomain:
		return outcome{status: NoName, unasked: unasked}, view
	case r.Answer.Kind != dns.Positive || len(view.Addrs)+len(view.Names) == 0:
		return outcome{status: NoData, chain: view.Links > 0, unasked: unasked}, view
	}
	return outcome{status: Found}, view
}

// spell gives the name that was asked for the letters it was asked in: a DNS
// server sends the question back as it came, so that is what nss-dns returns.
func (r *Reply) spell(absolute string) {
	asked := strings.TrimSuffix(absolute, ".")
	for i, n := range r.Names {
		if strings.EqualFold(n, asked) {
			r.Names[i] = asked
		}
	}
}

// Address looks the name of an address up.
func (l *Lookup) Address(ctx context.Context, addr netip.Addr) Reply {
	addr = unmap(addr)
	if out, known := addressFromHosts(l.Hosts, addr); known {
		return out
	}
	return around(l.Own, func(own *ownname.Machine) (Reply, bool) {
		return addressFromHosts(own.AboutAddress(addr), addr)
	}, func() Reply { return l.pointer(ctx, addr) }, Reply.found)
}

func (l *Lookup) pointer(ctx context.Context, addr netip.Addr) Reply {
	q, err := dns.NewQuestion(dns.ReverseName(addr), dns.TypePTR)
	if err != nil {
		return Reply{Status: BadName}
	}
	result := l.askAll(ctx, []dns.Question{q})[0]
	o, view := judge(result)
	if o.status != Found {
		return Reply{Status: o.status}
	}
	out := Reply{Status: Found}
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
