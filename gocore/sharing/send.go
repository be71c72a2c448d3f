package sharing

import (
	"net/netip"
	"time"

	"mcdns/gocore/wire"
)

// message puts the head on a body. Sequence numbers start at 1; Sent is rounded
// down, which makes what is sent look older, never younger.
func (b *base) message(now time.Duration, body wire.Body) *wire.Message {
	b.seq++
	return &wire.Message{
		From: b.self, Seq: b.seq, Sent: now.Truncate(time.Millisecond),
		Servers: b.host.States(now), Body: body,
	}
}

// room is what a datagram has for answers: all but its head. A body's own head
// is within the slack.
func (b *base) room(now time.Duration) int {
	return wire.MaxPlain - wire.Size(&wire.Message{Servers: b.host.States(now), Body: &wire.Answer{}}) - 16
}

// sendGroup sends to the group where a member was heard lately.
func (b *base) sendGroup(now time.Duration, body wire.Body) {
	if ways := b.heardWays(now); len(ways) > 0 {
		msg := b.message(now, body)
		b.host.Send(msg, netip.AddrPort{}, ways)
		b.sendDeaf(msg)
	}
}

// sendEverywhere sends to the group by every link and both families.
func (b *base) sendEverywhere(now time.Duration, body wire.Body) {
	var ways []Way
	for _, l := range b.set.Links {
		if l.IPv4 {
			ways = append(ways, Way{Link: l.Index})
		}
		if l.IPv6 {
			ways = append(ways, Way{Link: l.Index, IPv6: true})
		}
	}
	if len(ways) > 0 {
		msg := b.message(now, body)
		b.host.Send(msg, netip.AddrPort{}, ways)
		b.sendDeaf(msg)
	}
}

func (b *base) sendTo(now time.Duration, to netip.AddrPort, body wire.Body) {
	if to.IsValid() && b.set.Shares {
		b.host.Send(b.message(now, body), to, nil)
	}
}

// heardWays lists the links where a member was heard, by one family that reaches
// all of them there, IPv6 before IPv4, else by both.
func (b *base) heardWays(now time.Duration) []Way {
	var ways []Way
	for _, l := range b.set.Links {
		four, six := b.heardBy(now, l)
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
func (b *base) heardBy(now time.Duration, l Link) (four, six bool) {
	since := now - b.group.Silence()
	there, all4, all6 := false, l.IPv4, l.IPv6
	for m := range b.group.Members() {
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
