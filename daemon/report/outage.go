package report

import (
	"time"

	"mcdns/daemon/control"
	"mcdns/daemon/loop"
	"mcdns/gocore/node"
)

// outage is what became of lookups in the outage that is, or else in the last one. It is
// the loop's alone.
type outage struct {
	down         bool
	began, ended time.Duration
	// Lookups that an answer held here ended, one of a peer, one of a fallback server;
	// and those that none did.
	own, peers, servers, failed uint64
}

// note follows the state of upstream, and reports whether an outage is over by it.
func (o *outage) note(state node.State, now time.Duration) (over bool) {
	down := state == node.Down
	switch {
	case down && !o.down:
		*o = outage{down: true, began: now}
	case !down && o.down:
		o.down, o.ended, over = false, now, true
	}
	return over
}

// count counts the result of a lookup while the outage lasts.
func (o *outage) count(r *node.Result) {
	switch {
	case !o.down || r.Source == node.FromHere && r.Answer != nil:
	case r.Answer == nil:
		o.failed++
	case r.Source == node.FromPeer:
		o.peers++
	case r.Source == node.FromServer:
		o.servers++
	default:
		o.own++
	}
}

func (o *outage) lasted(now time.Duration) time.Duration {
	if o.down {
		return now - o.began
	}
	return o.ended - o.began
}

// report is the outage as the control socket says it, nil if there was none.
func (o *outage) report(now time.Duration) *control.Outage {
	if !o.down && o.ended == 0 {
		return nil
	}
	out := control.Outage{LastedS: o.lasted(now).Seconds(), Own: o.own, Peers: o.peers, Servers: o.servers, Failed: o.failed}
	if !o.down {
		over := (now - o.ended).Seconds()
		out.OverS = &over
	}
	return &out
}

// Handled follows outages, after each input. It returns the line for the log when one is
// over, nil else: the loop says it, behind what the node says of its own.
func (r *Reporter) Handled(v loop.View) *node.Log {
	// What a server that is back says ends lookups too, and none of the outage's.
	over := r.outage.note(v.Node.Upstream(), v.Now)
	for _, e := range v.Node.Made() {
		if e, is := e.(node.Respond); is {
			r.outage.count(&e.Result)
		}
	}
	if !over {
		return nil
	}
	o := &r.outage
	return &node.Log{Text: "the outage is over", Args: []any{
		"lasted", o.lasted(v.Now).Round(100 * time.Millisecond), "own_memory", o.own, "from_peers", o.peers,
		"from_fallback", o.servers, "failed", o.failed,
	}}
}
