package node

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
)

// The table of PROTOCOL.md, "Who may change what", is the promise; here each of its
// cells is tried: one message, by one kind of sender, on a host of the virtual LAN, beside
// the same LAN without it. What differs afterwards must be what the cell says: no more,
// or an outsider changes something, and no less, or the table promises what is not so.

// said is what a message of each row says; a stream has no datagram.
var said = map[string]func(l *lan, s *speaker) *wire.Message{
	"HELLO": body(func(l *lan, s *speaker) wire.Body {
		return &wire.Hello{Version: "evil", Names: 1 << 30, Told: 1 << 30}
	}),
	"PROVE":    body(func(*lan, *speaker) wire.Body { return &wire.Prove{Nonce: 5} }),
	"PROOF":    body(func(*lan, *speaker) wire.Body { return &wire.Proof{Nonce: 5} }),
	"ANNOUNCE": body(func(l *lan, s *speaker) wire.Body { return &wire.Announce{New: 2, Answers: l.untruths(s)} }),
	"QUERY": body(func(*lan, *speaker) wire.Body {
		return &wire.Query{Nonce: 5, Asked: []wire.Asked{{Question: question("held.example.")}}}
	}),
	"ANSWER": body(func(l *lan, s *speaker) wire.Body { return &wire.Answer{Nonce: 5, Answers: l.untruths(s)} }),
	"ASK":    body(func(*lan, *speaker) wire.Body { return &wire.Ask{Question: question("other.example.")} }),
	"BYE":    body(func(*lan, *speaker) wire.Body { return &wire.Bye{} }),
	"a doubt of a server, in any of them": func(l *lan, s *speaker) *wire.Message {
		return &wire.Message{Body: &wire.Hello{}, Servers: []wire.ServerState{
			{Server: dns.HashServer(l.server), Success: wire.Never, Failure: 0, Suspect: true},
		}}
	},
}

const streamRow = "a record of a stream"

func body(f func(*lan, *speaker) wire.Body) func(*lan, *speaker) *wire.Message {
	return func(l *lan, s *speaker) *wire.Message { return &wire.Message{Body: f(l, s)} }
}

// untruths are about a name that this host holds, own and fresh, and one that it does not.
func (l *lan) untruths(s *speaker) []wire.Aged {
	a := l.tells(s.self, "held.example.", "203.0.113.66").Answers
	return append(a, l.tells(s.self, "gap.example.", "203.0.113.66").Answers...)
}

// A world is a host, its peer, a speaker, and what the host did since the message.
type world struct {
	*lan
	n   *testNode
	s   *speaker
	did map[string]int
	// stream is one that the host has opened, if the row is about streams.
	stream uint64
}

// newWorld has just heard the host say HELLO, so that no other falls due.
func newWorld(t *testing.T, proven bool, row string) *world {
	w := &world{lan: newLAN(t, 2), did: map[string]int{}}
	for _, name := range []string{"held", "gap", "other"} {
		w.answers[name+".example."] = "203.0.113.7"
	}
	w.n, w.s = w.nodes[0], w.speaker(77)
	w.s.mute = !proven
	proves := w.onEffect
	w.onEffect = func(n *testNode, e Effect) {
		proves(n, e)
		if n == w.n {
			w.note(e)
		}
	}
	if row == streamRow {
		w.opens = func(n *testNode, e Pull) bool {
			if n == w.n && w.stream == 0 {
				w.stream = e.ID
			}
			return n == w.n
		}
	}
	w.settle()
	w.n.lookup("held.example.")
	if proven {
		w.s.say(w.n, true, &wire.Hello{})
	}
	w.run(5 * time.Second)
	for w.did = map[string]int{}; w.did["*wire.Hello"] == 0; w.run(10 * time.Millisecond) {
	}
	w.did = map[string]int{}
	return w
}

func (w *world) note(e Effect) {
	switch e := e.(type) {
	case Send:
		w.did[fmt.Sprintf("%T", e.Message.Body)]++
	case Ask, Pull, Page:
		w.did[fmt.Sprintf("%T", e)]++
	}
}

// seen is what can be observed of the host, by the words of the table.
type seen map[string]string

// look lets four seconds pass and sees what is there, a moment after the message too.
func (w *world) look() seen {
	got := seen{}
	for _, d := range []time.Duration{time.Millisecond, 4 * time.Second} {
		w.run(d)
		n := w.n
		got["memory"] += fmt.Sprintln(n.holdsInAll(), n.keepsOfPeers().SaidBytes, n.keepsOfPeers().Strangers, n.keepsOfPeers().Gone, n.waits().Pending, n.loans())
		for _, s := range n.Status(w.now).Servers {
			got["servers"] += fmt.Sprintln(s.Addr, s.State, s.CutOff)
		}
	}
	for _, p := range w.n.Peers(w.now) {
		if got["members"] += fmt.Sprintln(p.Peer, p.Version, p.Proven); p.Peer.ID == 77 {
			got["members"] += fmt.Sprintln(p.Names) // the other's own are its own matter
		}
	}
	got["members"] += fmt.Sprintln(w.n.hostsKnown(), w.n.Group(), w.n.rank(question("held.example.")))
	for _, kind := range slices.Sorted(maps.Keys(w.did)) {
		got["rates"] += fmt.Sprintln(kind, w.did[kind])
	}
	for _, name := range []string{"held.example.", "gap.example.", "other.example."} {
		r, _ := w.n.lookup(name)
		got["answers"] += fmt.Sprintln(name, r.Stale, r.Answer != nil && r.Answer.SameData(w.positive(name, "203.0.113.7", dns.Birth{})))
	}
	return got
}

// differs names what differs between two views, in the order of the table's words.
func (a seen) differs(b seen) string {
	var words []string
	for _, word := range []string{"answers", "members", "servers", "rates", "memory"} {
		if a[word] != b[word] {
			words = append(words, word)
		}
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}

// deliver hands the host a message in the speaker's name.
func (w *world) deliver(m *wire.Message) {
	group := true
	switch m.Body.(type) {
	case *wire.Prove, *wire.Proof, *wire.Ask:
		group = false
	}
	w.n.handle(Received{Message: m, From: w.s.addr, Link: 1, Group: group})
}

// message is the row's, as the speaker says it now.
func (w *world) message(row string) *wire.Message {
	m := said[row](w.lan, w.s)
	w.s.seq++
	m.From, m.Seq, m.Sent, m.Tag = w.s.self, w.s.seq, w.now+w.s.skew, 99
	return m
}

// senders try a row's message by each column of the table, and return what it changed.
var senders = map[string]func(t *testing.T, row string) string{
	"outsider": func(t *testing.T, row string) string {
		return tried(t, true, row, func(w *world) {
			if m, ok := throughKey(t, w, row); ok {
				w.deliver(m)
			}
		})
	},
	"replayed": func(t *testing.T, row string) string {
		return tried(t, true, row, func(w *world) {
			if row == streamRow {
				replayedRecord(t, w)
				return
			}
			m := w.message(row)
			m.Sent -= 5 * time.Second // it was heard then
			w.deliver(m)
		})
	},
	"stranger": func(t *testing.T, row string) string {
		return tried(t, false, row, func(w *world) { w.says(row) })
	},
	"peer": func(t *testing.T, row string) string {
		return tried(t, true, row, func(w *world) { w.says(row) })
	},
	"self": func(t *testing.T, row string) string {
		return tried(t, true, row, func(w *world) {
			w.s.self, w.s.seq, w.s.skew = w.n.self(), w.n.said-1, 0
			w.says(row)
		})
	},
}

func tried(t *testing.T, proven bool, row string, act func(*world)) string {
	without, with := newWorld(t, proven, row), newWorld(t, proven, row)
	act(with)
	return without.look().differs(with.look())
}

// says says a row's message to the host; a record comes by a stream that the host opened.
func (w *world) says(row string) {
	if row != streamRow {
		w.deliver(w.message(row))
		return
	}
	w.n.handle(Pulled{Pull: w.stream, From: w.s.self, Sent: w.now + w.s.skew, Answers: w.untruths(w.s), Done: true, Whole: true})
}

// throughKey is what opens at the host of a message that was sealed with another key.
func throughKey(t *testing.T, w *world, row string) (*wire.Message, bool) {
	ours, theirs := trust.NewRing(keyOf(t, 1)), trust.NewRing(keyOf(t, 2))
	if row == streamRow {
		return nil, streamTo(ours).Accept(streamTo(theirs).Hello()) == nil
	}
	plain, err := wire.Encode(w.message(row))
	if err != nil {
		t.Fatal(err)
	}
	opened, err := ours.Open(theirs.Seal(plain, [trust.NonceSize]byte{}))
	if err != nil {
		return nil, false
	}
	m, err := wire.Decode(opened)
	return m, err == nil
}

// replayedRecord plays a recorded stream to a host that opened another one.
func replayedRecord(t *testing.T, w *world) {
	ring := trust.NewRing(keyOf(t, 1))
	dials, again := streamTo(ring), trust.NewStream(ring, wire.Peer{ID: 1, Epoch: 1}, w.now, true, [trust.NonceSize]byte{9})
	listens := trust.NewStream(ring, w.s.self, w.now, false, [trust.NonceSize]byte{2})
	recorded := listens.Hello()
	if listens.Accept(dials.Hello()) != nil || again.Accept(recorded) != nil {
		t.Fatal("two members do not agree")
	}
	record, err := listens.SealRecord(wire.EncodePage(w.now, w.untruths(w.s), 0, true, false), true)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := again.OpenRecord(record[trust.PrefixSize:]); err == nil {
		w.says(streamRow)
	}
}

func streamTo(ring *trust.Ring) *trust.Stream {
	return trust.NewStream(ring, wire.Peer{ID: 1, Epoch: 1}, time.Hour, true, [trust.NonceSize]byte{1})
}

func keyOf(t *testing.T, b byte) trust.Key {
	t.Helper()
	raw := make([]byte, trust.KeySize)
	for i := range raw {
		raw[i] = b + byte(i)
	}
	k, err := trust.ParseKey(raw)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// effectsTable reads the table of PROTOCOL.md: its columns, and its rows by their message.
func effectsTable(t *testing.T) (columns []string, rows map[string][]string) {
	t.Helper()
	text, err := os.ReadFile("../PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "## 8. Who may change what\n")
	section, _, _ = strings.Cut(section, "\n## ")
	rows = map[string][]string{}
	for line := range strings.Lines(section) {
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|---") {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if columns == nil {
			columns = cells[1:]
			continue
		}
		rows[cells[0]] = cells[1:]
	}
	return columns, rows
}

// Each message changes, by whoever sends it, what PROTOCOL.md says, and nothing else.
func TestMessageChangesWhatProtocolSaysAndNothingElse(t *testing.T) {
	columns, rows := effectsTable(t)
	for row, cells := range rows {
		for i, column := range columns {
			t.Run(row+", "+column, func(t *testing.T) {
				if got := senders[column](t, row); got != cells[i] {
					t.Errorf("it changes %s; PROTOCOL 8 says %s", got, cells[i])
				}
			})
		}
	}
}

// No message, and no kind of sender, is without its place in the table.
func TestEveryMessageHasItsRow(t *testing.T) {
	columns, rows := effectsTable(t)
	if got, want := slices.Sorted(slices.Values(columns)), slices.Sorted(maps.Keys(senders)); !slices.Equal(got, want) {
		t.Errorf("the columns are %q; want %q", got, want)
	}
	want := append(slices.Collect(maps.Keys(said)), streamRow)
	slices.Sort(want)
	if got := slices.Sorted(maps.Keys(rows)); !slices.Equal(got, want) {
		t.Errorf("the rows are %q; want %q", got, want)
	}
	for k := range wire.EachKind {
		if _, ok := rows[k.String()]; !ok {
			t.Errorf("%v has no row in PROTOCOL 8", k)
		}
	}
}
