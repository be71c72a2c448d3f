package report

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"mcdns/daemon/control"
	"mcdns/daemon/links"
	"mcdns/daemon/streams"
)

// Group is how the group's datagrams and streams go (links.LAN, streams.Streams).
type Group struct {
	// Refused reports whether this machine lets nothing out to the group.
	Refused func() bool
	// Blocked is a peer that no stream gets to, as none of so many peers is got to; not
	// valid if there is none.
	Blocked func(peers int) netip.Addr
	// Reach opens a stream to a peer and closes it again.
	Reach func(ctx context.Context, to netip.AddrPort) (streams.Reached, error)
	// Refusals are who sent what is not taken, the latest first.
	Refusals func() []links.Refusal
}

// isolatedFor is how long a host may hear nobody: longer than a start, or a restart of
// the whole group, takes.
const isolatedFor = 60

// troubles judges a status. A foreign key or version on the link is none: anybody can
// send such a datagram.
func (r *Reporter) troubles(s *control.Status, disk onDisk) []control.Trouble {
	all := []control.Trouble{}
	note := func(kind control.TroubleKind, what, remedy string) {
		all = append(all, control.Trouble{Kind: kind, What: what, Remedy: remedy})
	}
	g := &s.Group
	switch {
	case g.Problem != "":
		note(control.KeyRefused, "the group's key or port cannot be used: "+g.Problem, "mcdnsd(8), KEYS")
	case g.State == control.Solo && disk.key:
		note(control.KeyUnused, g.KeyFile+" is there and not used", "systemctl reload mcdnsd")
	case g.State == control.Isolated && g.StateS >= isolatedFor:
		note(control.LongIsolated, fmt.Sprintf("no peer has been heard for %d min", int(g.StateS)/60),
			fmt.Sprintf("%s; all hosts need the key %s (mcdns key show-id)", letPass(g.Port), strings.Join(g.KeyIDs, " or ")))
	}
	if g.State != control.Solo && r.config.Group.Refused() {
		note(control.Unsent, fmt.Sprintf("this machine lets nothing out to the group (UDP port %d): operation not permitted", g.Port), letPass(g.Port))
	}
	if peer := r.config.Group.Blocked(g.Peers); g.State == control.WithPeers && peer.IsValid() {
		note(control.TCPBlocked, fmt.Sprintf("peers are heard, but TCP port %d does not get through (tried %s last): what they held before is not here", g.Port, peer),
			letPass(g.Port)+", on both hosts")
	}
	if s.Saved.State == control.Failing {
		note(control.Unsaved, "nothing is saved: "+s.Saved.Problem, "cache.save in mcdnsd.conf(5)")
	}
	for _, f := range disk.wiring.Faults() {
		note(control.Unwired, f.What, f.Remedy)
	}
	if t := disk.unread(s.UptimeS); t != nil {
		all = append(all, *t)
	}
	return all
}

// letPass is the remedy for a closed firewall.
func letPass(port uint16) string {
	return fmt.Sprintf("let UDP and TCP port %d pass in and out: mcdnsd(8), FIREWALL", port)
}

// ongoing is a trouble that SayTroubles follows.
type ongoing struct {
	what  string
	since time.Time
	said  bool
}

// lasts is how long a trouble must last before the log has it: the packages put the
// hosts line in place after they have started mcdnsd.
const lasts = 30 * time.Second

// sayElsewhere are the kinds that the log has from who met them.
var sayElsewhere = map[control.TroubleKind]bool{control.KeyRefused: true, control.Unsaved: true}

// SayTroublesBeside is SayTroubles on a goroutine of its own, one at a time: it waits
// for files, and must not hold up the watchdog's food.
func (r *Reporter) SayTroublesBeside() {
	if !r.looking.CompareAndSwap(false, true) {
		return
	}
	go func() {
		defer r.looking.Store(false)
		r.SayTroubles()
	}()
}

// SayTroubles logs each trouble when it has lasted, and its end. It is to be called
// again and again, by one goroutine at a time.
func (r *Reporter) SayTroubles() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if s, err := r.Status(ctx); err == nil {
		r.say(s.Troubles, time.Now())
	}
}

func (r *Reporter) say(troubles []control.Trouble, now time.Time) {
	next := map[control.TroubleKind]ongoing{}
	for _, t := range troubles {
		if _, twice := next[t.Kind]; twice || sayElsewhere[t.Kind] {
			continue
		}
		is := r.named[t.Kind]
		if is.since.IsZero() {
			is = ongoing{what: t.What, since: now}
		}
		if !is.said && now.Sub(is.since) >= lasts {
			is.said = true
			r.config.Log.Warn(t.What, "hint", t.Remedy)
		}
		next[t.Kind] = is
	}
	for kind, was := range r.named {
		if _, still := next[kind]; !still && was.said {
			r.config.Log.Info("over: " + was.what)
		}
	}
	r.named = next
}
