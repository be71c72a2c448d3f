package upstream

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

var someServer = netip.MustParseAddrPort("192.0.2.53:53")

// testLane is a lane with a clock of its own. It notes who was sent and who gave
// way.
type testLane struct {
	lanes
	at   time.Time
	gone []*try
}

func newTestLane(sockets int) *testLane {
	l := &testLane{}
	l.lanes = lanes{sockets: sockets, now: func() time.Time { return l.at }}
	return l
}

func (l *testLane) ask(name string) *try { return l.askFor(0, name) }

func (l *testLane) askFor(asker uint32, name string) *try {
	t := &try{server: someServer, question: dns.Question{Name: name, Type: 1}, asker: asker, turn: make(chan struct{})}
	t.giveUp = func() { l.gone = append(l.gone, t) }
	if !l.enter(t) {
		return nil
	}
	return t
}

func (t *try) sent() bool {
	select {
	case <-t.turn:
		return true
	default:
		return false
	}
}

// TestOneAskersQuestionsKeepNoOthersFromLeaving: not those under way, nor those that
// wait, however many.
func TestOneAskersQuestionsKeepNoOthersFromLeaving(t *testing.T) {
	l := newTestLane(8)
	for i := range 2 * maxWaiting {
		l.askFor(1, fmt.Sprintf("x%d.", i))
	}
	l.gone = nil
	first, second, third := l.askFor(2, "a."), l.askFor(2, "b."), l.askFor(3, "c.")
	if first == nil || second == nil || third == nil {
		t.Fatal("another asker found no room to wait")
	}
	if !first.sent() || !second.sent() || !third.sent() || len(l.gone) != 3 {
		t.Errorf("sent: %v %v %v, %d gave way; want all, and 3", first.sent(), second.sent(), third.sent(), len(l.gone))
	}
	var more []*try
	for i := range 8 {
		more = append(more, l.askFor(2, fmt.Sprintf("d%d.", i)))
	}
	for _, t := range l.to[someServer].asked[:4] {
		l.leave(t)
	}
	sent := 0
	for _, t := range more {
		if t.sent() {
			sent++
		}
	}
	if sent < 2 {
		t.Errorf("of 4 places 2 or more are for who has less under way, got %d", sent)
	}
}

// TestRetriesGiveWayOnAFullLane: of questions with another try under way first,
// the oldest first; then what is no longer young; a burst waits, last come first.
func TestRetriesGiveWayOnAFullLane(t *testing.T) {
	l := newTestLane(4)
	a1, b1, b2, a2 := l.ask("a."), l.ask("b."), l.ask("b."), l.ask("a.")
	if len(l.gone) != 0 {
		t.Fatal("somebody gave way where there was room")
	}
	c, d := l.ask("c."), l.ask("d.")
	if !c.sent() || !d.sent() || !slices.Equal(l.gone, []*try{a1, b1}) {
		t.Fatal("the oldest retries did not give way to new questions")
	}
	b3 := l.ask("b.")
	if !b3.sent() || l.gone[2] != b2 {
		t.Fatal("a retry did not take the room of the one before it")
	}
	e, f := l.ask("e."), l.ask("f.")
	if e.sent() || f.sent() {
		t.Fatal("a young question gave way")
	}
	l.leave(c)
	if e.sent() || !f.sent() {
		t.Error("not the last come was first")
	}
	l.at = l.at.Add(young)
	if g := l.ask("g."); !g.sent() || !e.sent() || !slices.Equal(l.gone[3:], []*try{a2, d}) {
		t.Error("what was old did not give way to what came and to what waited")
	}
}

func TestQuestionWaitsOnceOnly(t *testing.T) {
	l := newTestLane(1)
	l.ask("a.")
	first, again := l.ask("b."), l.ask("b.")
	if lane := l.to[someServer]; !slices.Equal(lane.waiting[0], []*try{again}) || !slices.Equal(l.gone, []*try{first}) {
		t.Error("two tries of one question wait")
	}
}

func TestQuestionsThatWaitForOneServerAreBounded(t *testing.T) {
	l := newTestLane(1)
	under := l.ask("a.")
	for i := range maxWaiting {
		l.ask(fmt.Sprint(i, "."))
	}
	if l.ask("more.") != nil {
		t.Errorf("more than %d may wait", maxWaiting)
	}
	l.leave(under)
	if l.ask("more.") == nil {
		t.Error("nobody may wait where one has left")
	}
}

func TestLaneEndsWithItsLastUser(t *testing.T) {
	l := newTestLane(1)
	old, retry := l.ask("a."), l.ask("a.")
	l.leave(retry)
	if len(l.to) != 0 {
		t.Error("the lane is still there")
	}
	l.leave(old) // gave way, and is the last to notice
	if b := l.ask("b."); !b.sent() {
		t.Error("a new lane has no room")
	}
}

// TestSilentServerHoldsUpNoOther: what is put to it is bounded, and a question to
// another leaves at once.
func TestSilentServerHoldsUpNoOther(t *testing.T) {
	const sockets, asked = 3, 20
	arrived := make(chan bool, 100)
	silent := start(t, func([]byte, bool) [][]byte { arrived <- true; return nil })
	alive := start(t, func(q []byte, _ bool) [][]byte { return [][]byte{good(q)} })
	client := New(sockets, nil)
	begun := time.Now()
	client.lanes.now = func() time.Time { return begun } // nothing gets old
	for i := range asked {
		q := dns.Question{Name: fmt.Sprint("silent", i, ".example."), Type: 1}
		client.Ask(node.Ask{Server: silent.addr, Question: q, Patience: patience}, func(node.Replied) {
			t.Error("reported after Close")
		})
	}
	for range sockets {
		<-arrived
	}
	mustAnswer(t, client, alive.addr)
	client.Close() // reports nothing
	if len(arrived) != 0 || len(client.lanes.to) != 0 {
		t.Errorf("%d questions were asked beyond the bound, %d lanes are left", len(arrived), len(client.lanes.to))
	}
}

// TestDeadNamesHoldUpNoOthersOfTheirServer: each try of them listens for longer
// than this test would wait.
func TestDeadNamesHoldUpNoOthersOfTheirServer(t *testing.T) {
	const pairs, tries = 40, 10
	arrived := make(chan bool, 2*pairs*tries)
	s := start(t, func(q []byte, _ bool) [][]byte {
		if bytes.Contains(bytes.ToLower(q), []byte("dead")) {
			arrived <- true
			return nil
		}
		return [][]byte{good(q)}
	})
	client := New(DefaultSockets, nil)
	defer client.Close()
	for range tries {
		for i := range pairs {
			for _, typ := range []uint16{dns.TypeA, dns.TypeAAAA} {
				q := dns.Question{Name: fmt.Sprint("www", i, ".dead."), Type: typ}
				client.Ask(node.Ask{Server: s.addr, Question: q, Patience: 10 * patience}, func(r node.Replied) {
					t.Errorf("%v: got %+v of a try that nobody answered", q, r)
				})
			}
		}
		for range 2 * pairs {
			<-arrived
		}
	}
	mustAnswer(t, client, s.addr)
}
