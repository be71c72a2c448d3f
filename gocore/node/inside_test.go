package node

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/lookup"
	"mcdns/gocore/sharing"
	"mcdns/gocore/upstream"
	"mcdns/gocore/wire"
)

// What tests see of the rooms behind a node's door, and do there: all of it is here, so that
// a room can move without them (TestTestsLookBehindTheDoorInOnePlace). What programs, peers
// and servers can see is asked of the door.

// Of peers.

func (n *Node) self() wire.Peer                   { return n.share.Self() }
func (n *Node) hostsKnown() int                   { return n.group.N() }
func (n *Node) member(p wire.Peer) *group.Member  { return n.group.Get(p) }
func (n *Node) noted(m *group.Member) group.Notes { return n.group.Noted(m) }
func (n *Node) silence() time.Duration            { return n.group.Silence() }
func (n *Node) interval() time.Duration           { return n.group.Interval() }
func (n *Node) speaksAsOneOf() int                { return n.share.Held().Hosts }
func (n *Node) helloEvery() time.Duration         { return n.share.Held().HelloInterval }
func (n *Node) saysHello(now time.Duration)       { n.share.SayNow(now) }
func (n *Node) keepsOfPeers() sharing.Held        { return n.share.Held() }
func (n *Node) rank(q dns.Question) int           { return n.held.Rank(q) }
func (n *Node) joins(now time.Duration, p wire.Peer) *group.Member {
	return n.group.Join(p, now, now, now)
}

// Of answers.

func (n *Node) holds(now time.Duration, q dns.Question) cache.Entry { return n.held.Get(now, q) }
func (n *Node) holdsInAll() int                                     { return n.held.Len() }
func (n *Node) holdsBytes() int                                     { return n.held.Bytes() }
func (n *Node) loans() int                                          { return n.held.Loans() }
func (n *Node) drops(q dns.Question)                                { n.held.Drop(q) }
func (n *Node) isTold(now time.Duration, in cache.Arrival)          { n.held.Put(now, in) }

// Of what waits.

func (n *Node) waits() lookup.Count { return n.lookups.Count() }
func (n *Node) timersInAll() int    { return n.timers.Len() }
func (n *Node) putsSub(now time.Duration, of, q dns.Question) bool {
	return n.lookups.AskSub(now, of, q, 0)
}
func (n *Node) fails(now time.Duration, q dns.Question) {
	n.failures.Remember(now, q, dns.RcodeError{})
}
func (n *Node) failedLately(now time.Duration, q dns.Question) bool { return n.failures.Active(now, q) }

// Of DNS servers.

func (n *Node) servers() upstream.List             { return n.upstream.All() }
func (n *Node) server(id upstream.ID) upstream.One { return n.upstream.Server(id) }
func (n *Node) serverSaid(now time.Duration, id upstream.ID, r upstream.Reply) {
	n.upstream.Replied(now, id, r)
}

// forced is the host's view of its servers, for tests to change.
func (n *Node) forced() upstream.Forced { return upstream.Forced{Upstream: n.upstream} }

// outage is the number of the outage that goes on, or of the last one; allDown reports
// whether all servers are down.
func (n *Node) outage() uint32 {
	number, _ := n.upstream.Outage()
	return number
}

func (n *Node) allDown() bool {
	_, down := n.upstream.Outage()
	return down
}

// sizes lists everything in a node that could grow.
func (n *Node) sizes() map[string]int {
	h := n.keepsOfPeers()
	failed, heard := n.failures.Len()
	_, asks := n.fetch.Held()
	return map[string]int{
		"timers": n.timersInAll(), "pending": n.waits().Pending, "waiting": n.waits().Waiting,
		"asks": asks, "failures": failed, "refresh": n.renewals.Held(),
		"answers": h.Queries.Answers, "turns": h.Queries.Turns, "pulls": h.Pulls, "exports": h.Exports,
		"announcements": h.Announcements, "announcement heap": h.Heap, "queries": h.Queries.Waiting, "put": h.Queries.Put,
		"nonces": h.Queries.Nonces, "heard": heard, "members": n.hostsKnown() - 1, "challenges": h.Open,
		"challenges that are ready": h.Ready, "strangers": h.Strangers, "arrivals": h.Arrived,
		"said by strangers": h.Said, "gone": h.Gone,
	}
}

// A room can move as long as its door stays, if tests look behind the node's in one place.
func TestTestsLookBehindTheDoorInOnePlace(t *testing.T) {
	rooms := []string{"failures", "fetch", "group", "held", "help", "lookups", "order", "renewals", "set", "share", "timers", "upstream"}
	behind := regexp.MustCompile(`\.(` + strings.Join(rooms, "|") + `)\.\w`)
	files, err := filepath.Glob("*_test.go")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d files of tests: %v", len(files), err)
	}
	for _, name := range rooms {
		if _, is := reflect.TypeFor[Node]().FieldByName(name); !is {
			t.Errorf("a node has no %s: the test looks for the wrong rooms", name)
		}
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if found := behind.Find(text); found != nil && file != "inside_test.go" {
			t.Errorf("%s has %q, what a node keeps in a room; what there is of it stands in inside_test.go", file, found)
		}
	}
}
