package loop

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"mcdns/gocore/node"
)

// A mail server's or a script's queue of new names stands before nobody else's.
func TestQueriesOfOneUserKeepNoOtherWaiting(t *testing.T) {
	var asked []string // the loop's
	l, _ := start(t, Drivers{Ask: func(a node.Ask, _ func(node.Replied)) { asked = append(asked, a.Question.Name) }})
	held, release := make(chan bool), make(chan bool)
	go See(context.Background(), l, func(View) bool { close(held); <-release; return true })
	<-held
	answers := make(chan answered, 100)
	put := func(user uint32, name string) {
		in := node.Query{ID: l.nextID.Add(1), Question: question(t, name)}
		l.queries.Put(user, event{input: in, result: answers, ctx: t.Context()})
	}
	for i := range 50 {
		put(1, fmt.Sprintf("x%d.example", i))
	}
	put(2, "www.example")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	l.queries.Put(3, event{input: node.Query{ID: l.nextID.Add(1), Question: question(t, "gone.example")}, result: answers, ctx: gone})
	l.woken()
	close(release)
	all := func(View) []string { return slices.Clone(asked) }
	for deadline := time.Now().Add(patience); len(see(t, l, all)) < 51; {
		if time.Now().After(deadline) {
			t.Fatal("not all were asked")
		}
	}
	names := slices.DeleteFunc(see(t, l, all), func(name string) bool { return name == "." })
	if at := slices.Index(names, "www.example."); at < 0 || at > 1 {
		t.Errorf("the other user's question was asked as number %d", at+1)
	}
	if slices.Contains(names, "gone.example.") {
		t.Error("what nobody waits for was asked")
	}
}
