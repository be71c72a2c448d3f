package node

import (
	"log/slog"
	"slices"
	"time"

	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// startSharing begins with HELLOs; the first comes soon, but not at the same
// moment as that of every other host that boots after a power cut.
func (n *Node) startSharing(now time.Duration) {
	n.session.began, n.session.greeted = now, false
	n.session.sharing++
	n.failures.clearAll() // the group may know what this host did not
	n.helloIn(now, n.jitter(2*time.Second))
}

// stopSharing forgets the group when the key is taken away: nobody is believed
// any more, nothing under way is gone on with.
func (n *Node) stopSharing() {
	n.group.Clear()
	n.prover.Clear()
	n.announce, n.queries, n.repair = announcer{}, querier{}, repairer{}
	clear(n.answers)
	clear(n.pulls)
	n.catching, n.turns = table[pull]{}, table[due]{}
	clear(n.exports)
	n.caught, n.caughtFrom, n.session.groupWas = false, 0, ""
}

// forgetLinks forgets the members behind links that are gone: they would count
// as heard, and be asked, until their silence was noticed.
func (n *Node) forgetLinks() {
	n.group.Keep(func(m *group.Member) bool {
		return slices.ContainsFunc(n.set.Links, func(l Link) bool { return l.Index == m.Link() })
	})
	n.noteGroup()
}

// helloLoop ends with the sharing that it was begun for: a key taken away and
// put back must not make two of it.
func (n *Node) helloLoop(now time.Duration, t timer) {
	if !n.set.Shares || n.session.sharing != t.gen {
		return
	}
	n.group.Expire(now)
	n.noteGroup()
	n.hello(now)
	n.upstream.Look(now)
	n.considerRepair(now)
	interval := n.helloInterval()
	n.helloIn(now, interval/2+n.jitter(interval))
}

// helloInterval is the mean time between two HELLOs of this host. Those that it
// challenges count, but not so much that a member's silence would be noticed.
func (n *Node) helloInterval() time.Duration {
	return min(group.IntervalOf(n.prover.Hosts()), 2*n.group.Interval())
}

func (n *Node) helloIn(now, wait time.Duration) {
	n.session.hello = now + wait
	n.after(now, wait, timer{kind: helloTimer, gen: n.session.sharing})
}

func (n *Node) hello(now time.Duration) {
	h := &wire.Hello{Version: n.version, Names: uint32(n.cache.Len()), Told: n.session.told, Hears: n.hears(now)}
	n.sendEverywhere(now, h)
	n.session.greeted = true
	n.callSilent(now, h)
}

// hears lists peers that were heard by multicast lately, at most MaxHears and
// from a random one on, so that in a big group everybody's turn comes.
func (n *Node) hears(now time.Duration) []wire.Peer {
	members := n.group.N() - 1
	if members == 0 {
		return nil
	}
	since, start := now-n.group.Silence(), n.rand.IntN(members)
	var heard []wire.Peer
	for i := range members {
		m := n.group.At((start + i) % members)
		if len(heard) == wire.MaxHears {
			break
		}
		if four, six := m.Multicast(now, since); four || six {
			heard = append(heard, m.Peer)
		}
	}
	return heard
}

// sayNow says at once how the servers do: every datagram carries it, HELLO
// reaches everybody.
func (n *Node) sayNow(now time.Duration) {
	rate := outOfTurnBurst / n.helloInterval().Seconds()
	if n.set.Shares && n.session.outOfTurn.Take(now, rate, outOfTurnBurst) == 0 {
		n.hello(now)
	}
}

// outOfTurnBurst is how many HELLOs a host may say out of turn in one interval: a
// server that refuses every other name is doubted and cleared all the time. With
// one an interval the news of a recovery waited for its turn at 20 % loss, where
// servers are doubted and cleared as well: 8 and 12 s on the lab instead of 3 to 5.
const outOfTurnBurst = 6

// sayTwice says it again a little later: at 20 % loss one host in five would
// else find out for itself, at the price of a slow lookup each.
func (n *Node) sayTwice(now time.Duration) {
	n.sayNow(now)
	n.after(now, 40*time.Millisecond, timer{kind: sayTimer})
}

func (n *Node) bye(now time.Duration) {
	if n.set.Shares {
		n.sendEverywhere(now, &wire.Bye{})
	}
}

func (n *Node) heardHello(now time.Duration, m *group.Member, h *wire.Hello) {
	n.noteNumbers(m, h)
	m.SaysVersion(h.Version)
	if n.holdsMuchMore(m) {
		n.catchUpMore(now)
	}
	n.noteHearing(now, m, h)
}

func (n *Node) groupState() GroupState {
	if !n.set.Shares {
		return Solo
	}
	return GroupState(n.group.Hosts())
}

// noteGroup logs when the host becomes isolated, or stops to be.
func (n *Node) noteGroup() {
	word := "joined"
	if n.group.N() == 1 {
		word = "isolated"
	}
	if word == n.session.groupWas {
		return
	}
	if word == "isolated" {
		n.caught, n.caughtFrom = false, 0 // whoever comes next knows what was missed
	}
	if n.session.groupWas != "" || word == "joined" {
		n.log(slog.LevelInfo, "group "+word, "group", n.groupState())
	}
	n.session.groupWas = word
}

// absence is how late a Wake may come before the node takes it that the host
// slept: it missed what was said meanwhile.
const absence = 30 * time.Second

// noticeAbsence catches up after the host slept. What it knows of servers and
// failures is of another time, perhaps of another network.
func (n *Node) noticeAbsence(now time.Duration) {
	due, ok := n.timers.next()
	last := n.session.last
	away := now - last
	n.session.last = now
	if !n.started || !ok || now-due < absence {
		return
	}
	n.log(slog.LevelInfo, "awake again", "away", away.Round(time.Second).String())
	n.failures.clearAll()
	n.cache.Sleep(last, now)
	n.group.Sleep(away)
	n.forgetAsks()
	n.upstream.Slept(now)
	if n.set.Shares {
		n.hello(now)
		n.caught = false
		n.catchUp(now, away)
	}
}
