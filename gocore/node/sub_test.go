package node

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/lookup"
)

// noteSteps has the only step note what it is told.
func noteSteps(t *testing.T) *[]string {
	var told []string
	was := steps
	t.Cleanup(func() { steps = was })
	steps = []func(*Node, time.Duration, dns.Question, dns.Question, Result){
		func(_ *Node, _ time.Duration, asker, q dns.Question, r Result) {
			told = append(told, fmt.Sprintf("%s: %s %v", asker.Name, q.Name, r.Answer != nil))
		},
	}
	return &told
}

// asksSub has the lookup of one name ask for another.
func (n *testNode) asksSub(name, other string) bool {
	n.out = n.out[:0]
	asked := n.putsSub(n.clock(), question(name), question(other))
	for _, e := range append([]Effect(nil), n.Made()...) {
		n.do(e)
	}
	n.handle(Wake{})
	return asked
}

func TestLookupWaitsForItsSubQuestion(t *testing.T) {
	told := noteSteps(t)
	l := newLAN(t, 1)
	l.answers["a.example."], l.answers["b.example."] = "203.0.113.7", "203.0.113.8"
	l.slow = map[string]time.Duration{"a.example.": time.Second, "b.example.": 100 * time.Millisecond}
	n := l.nodes[0]
	result := n.query("a.example.")
	if !n.asksSub("a.example.", "b.example.") {
		t.Fatal("a lookup may not ask")
	}
	shared := n.query("b.example.") // a program's own is no other fetch
	l.run(200 * time.Millisecond)
	if want := []string{"a.example.: b.example. true"}; !reflect.DeepEqual(*told, want) || result() != nil || shared() == nil || l.asked[question("b.example.")] != 1 {
		t.Errorf("told %q, the asker %+v, a program %+v, asked %v; want %q, waiting, its answer, once",
			*told, result(), shared(), l.asked, want)
	}
	l.run(time.Second)
	if r := result(); r == nil || r.Answer == nil || len(n.results) != 2 {
		t.Errorf("got %+v, %d responses; want an answer, and 2 in all", r, len(n.results))
	}
	if !n.asksHeld(told) {
		t.Errorf("told %q of what is held; want it at once", *told)
	}
}

// asksHeld asks for what is held: the answer comes within the call.
func (n *testNode) asksHeld(told *[]string) bool {
	n.query("c.example.")
	before := len(*told)
	return n.asksSub("c.example.", "b.example.") && len(*told) == before+1
}

func TestSubQuestionIsForgottenWithItsAsker(t *testing.T) {
	told := noteSteps(t)
	l := newLAN(t, 1)
	n := l.nodes[0]
	l.dead = true
	n.query("a.example.")
	id := n.nextID // the driver's last
	if !n.asksSub("a.example.", "b.example.") || !n.asksSub("b.example.", "c.example.") {
		t.Fatal("a lookup may not ask")
	}
	c := n.Copy(rand.New(rand.NewPCG(seed, 0)))
	if one, other := n.waits(), c.waits(); one != other || one.Subs != 2 {
		t.Errorf("a copy asks other sub-questions: %+v, %+v", one, other)
	}
	n.handle(Forget{ID: id})
	if n.waits().Subs != 0 || n.waits().Waiting != 0 {
		t.Errorf("%d sub-questions and %d waiting are left", n.waits().Subs, n.waits().Waiting)
	}
	l.run(time.Minute)
	if len(*told) != 0 || n.waits().Pending != 0 || len(n.results) != 0 {
		t.Errorf("told %q, %d pending, %d responses; want nothing", *told, n.waits().Pending, len(n.results))
	}
}

func TestSubQuestionsAreBoundedInNumberAndDepth(t *testing.T) {
	noteSteps(t)
	l := newLAN(t, 1)
	n := l.nodes[0]
	l.dead = true
	name := func(i int) string { return fmt.Sprintf("n%d.example.", i) }
	n.query(name(0))
	for i := range lookup.MaxDepth {
		if !n.asksSub(name(i), name(i+1)) {
			t.Fatalf("refused at depth %d of %d", i+1, lookup.MaxDepth)
		}
	}
	if n.asksSub(name(lookup.MaxDepth), "deeper.example.") {
		t.Errorf("asked deeper than %d", lookup.MaxDepth)
	}
	for i := range lookup.MaxDepth + 1 {
		if n.asksSub(name(i), name(0)) {
			t.Errorf("question %d waits for itself", i)
		}
	}
	n.query("above.example.")
	if n.asksSub("above.example.", name(0)) {
		t.Errorf("a chain of %d was asked at depth 1", lookup.MaxDepth)
	}
	for i := range lookup.MaxSubs + 3 {
		if asked := n.asksSub("above.example.", fmt.Sprintf("s%d.example.", i)); asked != (i < lookup.MaxSubs) {
			t.Errorf("sub-question %d: asked is %v; want %d in all", i+1, asked, lookup.MaxSubs)
		}
	}
	l.run(time.Minute)
	if n.waits().Subs != 0 || n.waits().Pending != 0 || len(n.results) != 2 {
		t.Errorf("%d sub-questions, %d pending, %d responses; want 0, 0 and the programs' 2", n.waits().Subs, n.waits().Pending, len(n.results))
	}
}
