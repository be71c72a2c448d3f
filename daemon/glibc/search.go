package glibc

import (
	"strings"

	"mcdns/daemon/resolvconf"
)

// search walks the names that a program's word may stand for, in the order of
// glibc's res_search (resolv/res_query.c, __res_context_search), and returns how
// it ended. try asks for one name, whose final dot says that it is absolute.
//
// Kept from glibc: with enough dots the name itself goes first and its failure
// is what counts in the end; "no such record" of one candidate is remembered
// over the others' "no such name"; the walk goes on at a SERVFAIL that a server
// sent. At any other failure it ends, but for the name itself, which may be meant as
// it stands: with the servers dead another domain's name, held by chance, would
// lead to another host.
func search(name string, conf resolvconf.Conf, try func(absolute string) outcome) Status {
	rooted := strings.HasSuffix(name, ".")
	dots := strings.Count(name, ".")
	if rooted {
		return try(name).status
	}
	asIs, tried := outcome{}, false
	if dots >= conf.Ndots {
		asIs, tried = try(name+"."), true
		if asIs.final() {
			return asIs.status
		}
	}
	var sawNoData, sawServfail, silent bool
	rootListed := false
	for _, domain := range conf.Search {
		rootListed = rootListed || domain == "."
		last := try(join(name, domain))
		if last.final() {
			return last.status
		}
		sawNoData = sawNoData || last.status == NoData
		sawServfail = sawServfail || last.servfail
		silent = last.status == TryAgain && !last.servfail
		if silent || last.status == BadName { // too long: glibc ends the walk
			break
		}
	}
	if tried {
		return asIs.status
	}
	end := NoName
	asTLD := dots > 0 || len(conf.Search) == 0 || !conf.NoTLDQuery
	if !rootListed && asTLD {
		last := try(name + ".")
		if last.final() {
			return last.status
		}
		end, silent = last.status, silent && last.unasked
	}
	switch {
	case sawNoData:
		return NoData
	case sawServfail || silent:
		return TryAgain
	}
	return end
}

func join(name, domain string) string {
	if domain == "." {
		return name + "."
	}
	return name + "." + domain + "."
}

// outcome is what one candidate came to.
type outcome struct {
	status Status
	// chain: the name exists, as an alias that leads to no address. For glibc
	// that is an answer, so the walk ends there.
	chain bool
	// servfail: try again, because a server said SERVFAIL.
	servfail bool
	// unasked: no server said so now; it is stale, or a name that stays here.
	unasked bool
}

// final: no other candidate is asked after it.
func (o outcome) final() bool {
	return o.status == Found || o.status == NoData && o.chain
}

// isHostname is res_hnok(3): what glibc lets through as the name of a host.
// The name is in presentation form; an escape in it stands for a byte that no
// host name has.
func isHostname(name string) bool {
	if strings.HasPrefix(name, "-") {
		return false
	}
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.':
		default:
			return false
		}
	}
	return true
}
