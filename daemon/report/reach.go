package report

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"time"

	"mcdns/daemon/control"
	"mcdns/daemon/loop"
	"mcdns/daemon/trips"
	"mcdns/gocore/node"
)

const (
	// reachTries PROVEs go to each address, and each is waited for so long.
	reachTries  = 3
	reachWithin = 500 * time.Millisecond
	// reachMost peers are tried at one time, and reachGap lies between their beginnings: a
	// group of hundreds must not be asked in one moment.
	reachMost = 64
	reachGap  = 10 * time.Millisecond
)

// errReaching: one look at the group at a time.
var errReaching = errors.New("somebody else has peers tried right now; ask again in a few seconds")

// Reach tries the ways to peers: to the one of an id or address, to all for "".
func (r *Reporter) Reach(ctx context.Context, who string) (control.Reach, error) {
	if !r.reaching.TryLock() {
		return control.Reach{}, errReaching
	}
	defer r.reaching.Unlock()
	group, err := loop.See(ctx, r.config.Loop, r.ways)
	if err != nil {
		return control.Reach{}, err
	}
	v := r.config.Seen()
	out := control.Reach{
		Schema: control.ReachSchema, Self: idString(r.config.Self().ID), State: group.state, Port: v.Group.Port,
		IPv4: v.Group.Group4.String(), IPv6: v.Group.Group6.String(), Links: linksOf(v.Settings.Links),
		Sends: !r.config.Group.Refused(), Peers: []control.Reached{},
	}
	var all []ways
	for _, w := range group.peers {
		if who == "" || w.is(who) {
			all = append(all, w)
		}
	}
	if out.More = max(len(all)-reachMost, 0); out.More > 0 {
		all = all[:reachMost]
	}
	out.Peers = make([]control.Reached, len(all))
	var tries sync.WaitGroup
	for i, w := range all {
		tries.Go(func() { out.Peers[i] = r.try(ctx, w) })
		if i < len(all)-1 {
			time.Sleep(reachGap)
		}
	}
	tries.Wait()
	return out, ctx.Err()
}

// ways are those to a peer.
type ways struct {
	node.PeerStatus
	to []netip.AddrPort // the first is the one that it is shown by
}

func (w *ways) is(who string) bool {
	if len(who) >= 4 && strings.HasPrefix(idString(w.Peer.ID), who) {
		return true
	}
	for _, a := range w.to {
		if a.Addr().String() == who || a.Addr().WithZone("").String() == who {
			return true
		}
	}
	return false
}

type groupWays struct {
	state control.GroupState
	peers []ways
}

func (r *Reporter) ways(v loop.View) groupWays {
	out := groupWays{state: groupState(v.Node.Group())}
	for _, p := range r.follow(v) {
		w := ways{p, []netip.AddrPort{r.met[p.Peer.ID]}}
		if p.Addr != w.to[0] {
			w.to = append(w.to, p.Addr)
		}
		out.peers = append(out.peers, w)
	}
	return out
}

// try tries the ways to one peer.
func (r *Reporter) try(ctx context.Context, w ways) control.Reached {
	out := control.Reached{
		ID: idString(w.Peer.ID), Addr: w.to[0].String(), Version: w.Version,
		HeardIPv4: w.IPv4, HeardIPv6: w.IPv6, New: w.New, HearsUs: hearsUs(&w.PeerStatus), UDP: []control.UDP{},
	}
	for _, to := range w.to {
		out.UDP = append(out.UDP, r.prove(ctx, to))
	}
	got, err := r.config.Group.Reach(ctx, w.to[0])
	out.TCP = control.TCP{Open: err == nil, MTU: got.MTU}
	if err == nil {
		ms := milliseconds(got.Took)
		out.TCP.TookMS = &ms
	} else {
		out.TCP.Problem = problem(err)
	}
	return out
}

// prove asks a peer whether it is alive, some times.
func (r *Reporter) prove(ctx context.Context, to netip.AddrPort) control.UDP {
	out := control.UDP{Addr: to.String()}
	best := time.Duration(0)
	for range reachTries {
		var b [8]byte
		rand.Read(b[:])
		nonce := binary.BigEndian.Uint64(b[:])
		came := r.config.Trips.Await(nonce)
		if r.config.Loop.Put(node.Prove{To: to, Nonce: nonce}) != nil {
			break
		}
		out.Sent++
		if trip, ok := await(ctx, came); ok {
			out.Answered++
			if best == 0 || trip.Took < best {
				best = trip.Took
			}
		}
	}
	if out.Answered > 0 {
		ms := milliseconds(best)
		out.RTTMS = &ms
	}
	return out
}

func await(ctx context.Context, came <-chan trips.Trip) (trip trips.Trip, ok bool) {
	late := time.NewTimer(reachWithin)
	defer late.Stop()
	select {
	case trip = <-came:
		return trip, true
	case <-late.C:
	case <-ctx.Done():
	}
	return trip, false
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// problem says in a few words why no stream could be opened.
func problem(err error) string {
	var timed net.Error
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused: nobody listens there, or a firewall says so"
	case errors.Is(err, syscall.EPERM):
		return "this machine lets it not out"
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "the host is not reached"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timed) && timed.Timeout():
		return "no answer: a firewall on one of the two drops it"
	}
	return err.Error()
}

// linksOf are the interfaces on which the host shares.
func linksOf(all []node.Link) []control.Link {
	out := []control.Link{}
	for _, l := range all {
		link := control.Link{Name: l.Name, IPv4: l.IPv4, IPv6: l.IPv6}
		if i, err := net.InterfaceByIndex(l.Index); err == nil {
			link.MTU = i.MTU
		}
		out = append(out, link)
	}
	return out
}
