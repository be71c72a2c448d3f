package host

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"mcdns/daemon/loop"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
	"mcdns/test/keys"
)

// meet has a peer greet a node and prove itself.
func meet(v loop.View) bool {
	say := func(now time.Duration, seq uint64, body wire.Body) {
		v.Node.Handle(now, node.Received{
			Message: &wire.Message{From: wire.Peer{ID: 5, Epoch: 6}, Seq: seq, Body: body},
			From:    netip.MustParseAddrPort("10.0.0.5:7353"), Link: 2, Group: true,
		})
	}
	say(v.Now, 1, &wire.Hello{})
	for now := v.Now; now < v.Now+time.Second; now += time.Millisecond {
		for _, e := range v.Node.Handle(now, node.Wake{}) {
			send, _ := e.(node.Send)
			if send.Message == nil {
				continue
			}
			if prove, ok := send.Message.Body.(*wire.Prove); ok {
				say(now, 2, &wire.Proof{Nonce: prove.Nonce})
				return true
			}
		}
	}
	return false
}

func TestAnotherGroupsKeyLeavesTheOldGroup(t *testing.T) {
	l, err := loop.New(node.Config{Rand: rand.New(rand.NewPCG(1, 2))}, loop.Drivers{})
	if err != nil {
		t.Fatal(err)
	}
	log := &lines{}
	h := &Host{loop: l, log: slog.New(log)}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); h.loop.Run(ctx) }()
	defer func() { stop(); <-done }()
	with := func(ns ...byte) view {
		v := view{settings: node.Settings{Shares: true, Links: []node.Link{{Index: 2, Name: "eth0", IPv4: true}}}}
		for _, n := range ns {
			v.keys = append(v.keys, keys.Ring(n).IDs()...)
		}
		return v
	}
	peers := func() int {
		n, err := loop.See(t.Context(), h.loop, func(v loop.View) int { return len(v.Node.Peers(v.Now)) })
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	h.tell(view{}, with(1), true)
	if _, err := loop.See(t.Context(), h.loop, meet); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name        string
		before, now view
		want        int
	}{
		{"nothing new", with(1), with(1), 1},
		{"a key more", with(1), with(1, 2), 1},
		{"the other one seals", with(1, 2), with(2), 1},
		{"another key", with(2), with(3), 0},
	} {
		if h.tell(c.before, c.now, false); peers() != c.want {
			t.Errorf("%s: %d peers; want %d", c.name, peers(), c.want)
		}
	}
	h.sayChanges(view{}, with(2))
	h.sayChanges(with(2), with(3))
	for _, want := range []string{"sharing with the group keys=", "group keys changed before="} {
		if !log.has(want) {
			t.Errorf("said %q; want %q", log.text, want)
		}
	}
}
