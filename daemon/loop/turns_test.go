package loop

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"mcdns/daemon/clients"
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
		in := node.Lookup{ID: l.nextID.Add(1), Question: question(t, name)}
		l.queries.Put(user, event{input: in, result: answers, ctx: t.Context()})
	}
	for i := range 50 {
		put(1, fmt.Sprintf("x%d.example", i))
	}
	put(2, "www.example")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	l.queries.Put(3, event{input: node.Lookup{ID: l.nextID.Add(1), Question: question(t, "gone.example")}, result: answers, ctx: gone})
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

// watched tells when somebody begins to wait for its end.
type watched struct {
	context.Context
	waits func()
}

func (w watched) Done() <-chan struct{} {
	w.waits()
	return w.Context.Done()
}

// Whoever looks at all peers again and again stands before nobody's names.
func TestLooksOfOneUserKeepNoQueryWaiting(t *testing.T) {
	var order []string // the loop's goroutine's
	l, _ := start(t, Drivers{Ask: func(a node.Ask, _ func(node.Replied)) { order = append(order, a.Question.Name) }})
	held, release := make(chan bool), make(chan bool)
	go See(t.Context(), l, func(View) bool { close(held); <-release; return true })
	<-held
	const looks = 50
	var queued, over sync.WaitGroup
	queued.Add(looks)
	for range looks {
		ctx := watched{clients.WithUser(t.Context(), 1), sync.OnceFunc(queued.Done)}
		over.Go(func() { See(ctx, l, func(View) bool { order = append(order, "look"); return true }) })
	}
	queued.Wait()
	in := node.Lookup{ID: l.nextID.Add(1), Question: question(t, "www.example")}
	l.queries.Put(2, event{input: in, result: make(chan answered, 1), ctx: t.Context()})
	close(release)
	over.Wait()
	all := see(t, l, func(View) []string { return slices.Clone(order) })
	all = slices.DeleteFunc(all, func(what string) bool { return what == "." })
	if at := slices.Index(all, "www.example."); at < 0 || at > 2 {
		t.Errorf("another user's question came after %d looks", at)
	}
}
