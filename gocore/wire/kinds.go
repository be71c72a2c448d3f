package wire

import "fmt"

// A Kind is what a body says (PROTOCOL 3.8 to 3.15), as its byte in a datagram: from 1 up, less than
// Kinds.
type Kind uint8

const (
	KindHello Kind = iota + 1
	KindProve
	KindProof
	KindAnnounce
	KindQuery
	KindAnswer
	KindAsk
	KindBye
	// Kinds bounds them, for tables that have a row for each; row 0 is nobody's.
	Kinds
)

// The table of messages. Whoever has something to do with each of them ranges over
// it or has a table of its own by Kind, and a test that misses no row: sharing
// (what it hears), the metrics (labels), the simulator (counts), the manual
// (mcdns-protocol). Encoding is the Body's own: a type without it is no Body.
var kinds = [Kinds]struct {
	name   string // as in PROTOCOL 3.8 to 3.15
	decode func(r *reader) Body
}{
	KindHello:    {"HELLO", func(r *reader) Body { return r.hello() }},
	KindProve:    {"PROVE", func(r *reader) Body { return &Prove{Nonce: r.u64()} }},
	KindProof:    {"PROOF", func(r *reader) Body { return &Proof{Nonce: r.u64()} }},
	KindAnnounce: {"ANNOUNCE", func(r *reader) Body { return &Announce{Answers: r.answers(255), Long: r.long(), New: r.u8()} }},
	KindQuery:    {"QUERY", func(r *reader) Body { return r.query() }},
	KindAnswer:   {"ANSWER", func(r *reader) Body { return &Answer{Nonce: r.u64(), Answers: r.answers(255)} }},
	KindAsk:      {"ASK", func(r *reader) Body { return &Ask{Question: r.question()} }},
	KindBye:      {"BYE", func(r *reader) Body { return &Bye{} }},
}

// EachKind yields every kind: for k := range wire.EachKind.
func EachKind(yield func(Kind) bool) {
	for k := Kind(1); k < Kinds; k++ {
		if !yield(k) {
			return
		}
	}
}

// String is its name in PROTOCOL.md: "HELLO".
func (k Kind) String() string {
	if k == 0 || k >= Kinds {
		return fmt.Sprintf("kind %d", uint8(k))
	}
	return kinds[k].name
}

func (*Hello) Kind() Kind    { return KindHello }
func (*Prove) Kind() Kind    { return KindProve }
func (*Proof) Kind() Kind    { return KindProof }
func (*Announce) Kind() Kind { return KindAnnounce }
func (*Query) Kind() Kind    { return KindQuery }
func (*Answer) Kind() Kind   { return KindAnswer }
func (*Ask) Kind() Kind      { return KindAsk }
func (*Bye) Kind() Kind      { return KindBye }
