package node

import (
	"net/netip"
	"time"

	"mcdns/gocore/wire"
)

// message puts the head on a body. Sequence numbers start at 1; Sent is rounded
// down, which makes what is sent look older, never younger.
func (n *Node) message(now time.Duration, body wire.Body) *wire.Message {
	n.seq++
	return &wire.Message{
		From: n.self, Seq: n.seq, Sent: now.Truncate(time.Millisecond),
		Servers: n.upstream.States(now), Body: body,
	}
}

// room is what a datagram has for answers: all but its head. A body's own head
// is within the slack.
func (n *Node) room(now time.Duration) int {
	return wire.MaxPlain - wire.Size(&wire.Message{Servers: n.upstream.States(now), Body: &wire.Reply{}}) - 16
}

// sendGroup sends to the group where a member was heard lately.
func (n *Node) sendGroup(now time.Duration, body wire.Body) {
	if ways := n.heardWays(now); len(ways) > 0 {
		msg := n.message(now, body)
		n.emit(Send{Message: msg, Ways: ways})
		n.sendDeaf(msg)
	}
}

// sendEverywhere sends to the group by every link and both families.
func (n *Node) sendEverywhere(now time.Duration, body wire.Body) {
	var ways []Way
	for _, l := range n.set.Links {
		if l.IPv4 {
			ways = append(ways, Way{Link: l.Index})
		}
		if l.IPv6 {
			ways = append(ways, Way{Link: l.Index, IPv6: true})
		}
	}
	if len(ways) > 0 {
		msg := n.message(now, body)
		n.emit(Send{Message: msg, Ways: ways})
		n.sendDeaf(msg)
	}
}

func (n *Node) sendTo(now time.Duration, to netip.AddrPort, body wire.Body) {
	if to.IsValid() && n.set.Shares {
		n.emit(Send{Message: n.message(now, body), To: to})
	}
}

// heardWays lists the links where a member was heard, by one family that reaches
// all of them there, IPv6 before IPv4, else by both.
func (n *Node) heardWays(now time.Duration) []Way {
	var ways []Way
	for _, l := range n.set.Links {
		four, six := n.heardBy(now, l)
		if six {
			ways = append(ways, Way{Link: l.Index, IPv6: true})
		}
		if four {
			ways = append(ways, Way{Link: l.Index})
		}
	}
	return ways
}

// heardBy says by which families to send on a link. Of a HELLO's two copies the
// first one counts, so that members may be known by either or by both: sent by both
// families as soon as two members differed, three in four QUERYs of 100 hosts
// left twice.
func (n *Node) heardBy(now time.Duration, l Link) (four, six bool) {
	since := now - n.group.Silence()
	there, all4, all6 := false, l.IPv4, l.IPv6
	for m := range n.group.Members() {
		if m.Link() != l.Index {
			continue
		}
		heard4, heard6 := m.Multicast(now, since)
		there = true
		all4 = all4 && (heard4 || !heard6)
		all6 = all6 && (heard6 || !heard4)
	}
	if !there || all4 || all6 {
		return there && !all6, there && all6
	}
	return l.IPv4, l.IPv6
}

// heardAnybody reports whether a member is there to share with: until then nothing
// is announced (PROTOCOL 2.9).
func (n *Node) heardAnybody() bool { return n.group.N() > 1 }
