// Package glibc does with a program's question what nss-dns would do around the
// questions to DNS: hosts(5), the search list, ndots, both families of addresses,
// checks of names, and this host's own names where a service behind mcdns knows them.
//
// Read glibc.go first (what is asked and said), then lookup.go (a program's question),
// search.go (the names it stands for), find.go (the same for a person) and own.go
// (this host's own names).
package glibc

import (
	"context"
	"net/netip"
	"time"

	"mcdns/daemon/hosts"
	"mcdns/daemon/resolvconf"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// Status is how a lookup ended.
type Status uint8

// The ways a lookup ends, numbered as in nss/protocol.h.
const (
	Found    Status = iota + 1
	NoName          // no such name
	NoData          // the name has no such record
	TryAgain        // nobody can say now
	BadName         // it is not asked for
)

// Families are those of the addresses that a program wants, as bits.
type Families uint8

// The families, as bits of nss/protocol.h.
const (
	Inet  Families = 1
	Inet6 Families = 2
)

// A Request is what a program asks: the addresses of a name.
type Request struct {
	Name     string // as the program wrote it, any bytes
	Families Families
	NoSearch bool // the name is absolute
	// LOCALDOMAIN and RES_OPTIONS in the program's environment, nil if not set.
	Localdomain, ResOptions *string
}

// A Reply is what a program is told; it is empty but for Status unless that is Found.
type Reply struct {
	Status    Status
	TTL       uint32 // seconds
	Addresses []netip.Addr
	Names     []string // the canonical name, then the aliases
}

// Ask resolves questions, all at once, with what the program has of its own; a Result
// without an Answer means that nobody can say now.
type Ask func(context.Context, node.Options, []dns.Question) ([]node.Result, error)

// Lookup has what a lookup goes by. It is for one alone.
type Lookup struct {
	Ask   Ask
	Conf  resolvconf.Conf // the host's
	Hosts *hosts.Table    // nil: not asked
	Own   Own
	// options are the program's, as far as they are not resolv.conf's.
	options node.Options
}

func (r Reply) found() bool { return r.Status == Found }

// add puts one family's answer into the reply. The names are those of the first
// answer: both families have the same chain, or the zone was just changed.
func (r *Reply) add(view dns.View, ttl time.Duration) {
	seconds := uint32(min(max(ttl, 0)/time.Second, 1<<31-1))
	if len(r.Names) == 0 {
		r.TTL = seconds
		r.Names = append(append(r.Names, view.Canonical), view.Aliases...)
	}
	r.TTL = min(r.TTL, seconds)
	r.Addresses = append(r.Addresses, view.Addrs...)
}
