// Package loop runs the node: one goroutine has it to itself, hands it what happens and
// does what it wants done. Everything else in the daemon talks to that goroutine.
package loop

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"mcdns/daemon/clients"
	"mcdns/daemon/clock"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// Drivers do the effects that leave this process. They must not block: the
// loop waits for them. Nil ones do nothing.
type Drivers struct {
	Ask  func(ask node.Ask, report func(node.Replied))
	Send func(node.Send)
	Pull func(node.Pull)
	Page func(node.Page)
	Log  func(node.Log)
	// Answered hears of the result of each question that Resolve or ResolveAll
	// was asked, on the goroutine that asked, and how long it took.
	Answered func(node.Result, time.Duration)
	// Handled looks at the node after each input, when its effects are done: at what it
	// has Made too. It is on the way of every lookup, so it must be quick.
	Handled func(View)
}

// ErrStopped: the daemon is going down.
var ErrStopped = errors.New("mcdnsd is stopping")

// Sizes of the queues. Datagrams have one of their own: a flood of them fills it
// and is dropped there, and no lookup waits behind it.
const (
	queueEvents    = 1024
	queueDatagrams = 512
	turn           = 16 // events in a row
)

// Loop runs one node.
type Loop struct {
	node      *node.Node
	drivers   Drivers
	timer     *clock.Timer
	armed     time.Duration // what the timer is set to, 0 if it is not
	events    chan event
	queries   clients.Turns[event] // and looks; one user's keep no other's waiting
	wake      chan struct{}        // queries or looks have come
	datagrams chan node.Received
	stopped   chan struct{}
	nextID    atomic.Uint64
	waiting   map[uint64]event // Queries under way, by their ID
	counters  [256]uint64      // by node.Counter
	lost      atomic.Uint64
	panics    atomic.Uint64
}

// event is an input, or a look at the node.
type event struct {
	input node.Input
	// Of a Query: where its result goes, and which of its caller's questions it is.
	result chan<- answered
	index  int
	ctx    context.Context // how long somebody waits
	view   func(View)
}

// answered is the result of one of a caller's questions.
type answered struct {
	index  int
	result node.Result
}

// View is the node seen on its loop. It is valid only during the
// call that it is handed to.
type View struct {
	Node     *node.Node
	Now      time.Duration
	Counters []uint64 // by node.Counter
}

// New makes a loop; Run starts it. Everything may be called before Run.
func New(c node.Config, d Drivers) (*Loop, error) {
	timer, err := clock.NewTimer()
	if err != nil {
		return nil, err
	}
	return &Loop{
		node: node.New(c), drivers: d, timer: timer,
		events:    make(chan event, queueEvents),
		wake:      make(chan struct{}, 1),
		datagrams: make(chan node.Received, queueDatagrams),
		stopped:   make(chan struct{}),
		waiting:   make(map[uint64]event),
	}, nil
}

// Run runs the node until ctx ends, then stops it: the last effects (BYE) are
// done when it returns.
func (l *Loop) Run(ctx context.Context) {
	defer l.timer.Close()
	defer close(l.stopped)
	for {
		// Replies and lookups before what peers say; but peers get their turn.
		busy := l.someEvents()
		busy = l.someQuery() || busy
		l.arm()
		if !l.other(ctx, busy) {
			l.handle(node.Stop{})
			return
		}
	}
}

// someEvents does a few of those that are there.
func (l *Loop) someEvents() (any bool) {
	for range turn {
		select {
		case e := <-l.events:
			l.do(e)
			any = true
		default:
			return any
		}
	}
	return any
}

// someQuery does the one whose turn it is. Who waits for it no more is left out.
func (l *Loop) someQuery() (any bool) {
	e, any := l.queries.Take()
	if any && e.ctx.Err() == nil {
		l.do(e)
		runtime.Gosched() // or who is answered waits until the queries of others end
	}
	return any
}

// other does one thing of any other kind, and waits for one unless it is busy. It is
// false when the node is to stop.
func (l *Loop) other(ctx context.Context, busy bool) bool {
	if busy {
		l.woken() // so that the select below does not wait
	}
	select {
	case e := <-l.events:
		l.do(e)
	case <-l.wake:
	case d := <-l.datagrams:
		l.handle(d)
	case <-l.timer.C:
		l.armed = 0
		l.handle(node.Wake{})
	case <-ctx.Done():
		return false
	}
	return true
}

// woken makes Run look for queries.
func (l *Loop) woken() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// arm sets the timer to the node's next wake-up. Most lookups do not change that,
// and each setting is a system call.
func (l *Loop) arm() {
	at, ok := l.node.NextWake(clock.Boot())
	switch {
	case ok && at != l.armed:
		l.timer.Set(at)
		l.armed = at
	case !ok && l.armed != 0:
		l.timer.Clear()
		l.armed = 0
	}
}

func (l *Loop) do(e event) {
	if e.view != nil {
		defer l.survive("view")
		e.view(l.view())
		return
	}
	switch in := e.input.(type) {
	case node.Lookup:
		l.waiting[in.ID] = e
	case node.Forget:
		if _, waits := l.waiting[in.ID]; !waits {
			return // answered meanwhile
		}
		delete(l.waiting, in.ID)
	}
	l.handle(e.input)
}

// handle does what the node wants done, what it wanted before it failed included:
// it takes a question for answered with the effect that says so.
func (l *Loop) handle(in node.Input) {
	whole := l.feed(in)
	for _, effect := range l.node.Made() {
		l.try(effect)
	}
	if q, ok := in.(node.Lookup); ok && !whole {
		l.try(node.Respond{ID: q.ID}) // nobody can say
	}
	if l.drivers.Handled != nil {
		defer l.survive("handled")
		l.drivers.Handled(l.view())
	}
}

func (l *Loop) view() View { return View{Node: l.node, Now: clock.Boot(), Counters: l.counters[:]} }

// feed reports whether the node could bear the input.
func (l *Loop) feed(in node.Input) (whole bool) {
	defer l.survive(in)
	l.node.Handle(clock.Boot(), in)
	return true
}

func (l *Loop) try(effect node.Effect) {
	defer l.survive(effect)
	l.perform(effect)
}

// survive keeps one input, look or effect that cannot be borne from ending the
// daemon: what a peer or a saved file brought once it would bring again after
// each start. It is said once and counted.
func (l *Loop) survive(in any) {
	cause := recover()
	if cause == nil {
		return
	}
	if l.panics.Add(1) == 1 && l.drivers.Log != nil {
		l.drivers.Log(node.Log{
			Level: slog.LevelError, Text: "internal error; please report it; said once",
			Args: []any{"cause", cause, "input", fmt.Sprintf("%T", in), "stack", string(debug.Stack())},
		})
	}
}

// Panics counts inputs that the node could not bear.
func (l *Loop) Panics() uint64 { return l.panics.Load() }

func (l *Loop) perform(effect node.Effect) {
	d := &l.drivers
	switch e := effect.(type) {
	case node.Respond:
		if to, ok := l.waiting[e.ID]; ok {
			delete(l.waiting, e.ID)
			to.result <- answered{to.index, e.Result} // has room for all
		}
	case node.Ask:
		if d.Ask != nil {
			d.Ask(e, func(r node.Replied) { l.Put(r) })
		}
	case node.Send:
		if d.Send != nil {
			d.Send(e)
		}
	case node.Pull:
		if d.Pull != nil {
			d.Pull(e)
		}
	case node.Page:
		if d.Page != nil {
			d.Page(e)
		}
	case node.Log:
		if d.Log != nil {
			d.Log(e)
		}
	case node.Count:
		l.counters[e.Counter]++
	}
}

// Put hands an input to the node. It waits for room, and returns ErrStopped if
// the node has stopped.
func (l *Loop) Put(in node.Input) error {
	select {
	case l.events <- event{input: in}:
		return nil
	case <-l.stopped:
		return ErrStopped
	}
}

// Offer hands a datagram to the node unless too many wait already.
func (l *Loop) Offer(d node.Received) bool {
	select {
	case l.datagrams <- d:
		return true
	default:
		l.lost.Add(1)
		return false
	}
}

// Lost counts the datagrams that Offer had no room for.
func (l *Loop) Lost() uint64 { return l.lost.Load() }

// Resolve asks the node one question and waits for the result. A result without
// an answer means that nobody can say now.
func (l *Loop) Resolve(ctx context.Context, q dns.Question) (node.Result, error) {
	results, err := l.ResolveAll(ctx, node.Options{}, []dns.Question{q})
	if err != nil {
		return node.Result{}, err
	}
	return results[0], nil
}

// ResolveAll is Resolve for several questions at once, with a program's options. Those
// of different users (clients.WithUser) are put to the node in turn.
func (l *Loop) ResolveAll(ctx context.Context, own node.Options, questions []dns.Question) ([]node.Result, error) {
	return l.resolve(ctx, node.Lookup{Own: own}, questions)
}

// RenewAll is ResolveAll for who wants a server asked, whatever is held.
func (l *Loop) RenewAll(ctx context.Context, own node.Options, questions []dns.Question) ([]node.Result, error) {
	return l.resolve(ctx, node.Lookup{Own: own, Fresh: true}, questions)
}

// resolve puts questions as in says.
func (l *Loop) resolve(ctx context.Context, in node.Lookup, questions []dns.Question) ([]node.Result, error) {
	n := uint64(len(questions))
	first := l.nextID.Add(n) - n
	answers := make(chan answered, n)
	begun, user := time.Now(), clients.User(ctx)
	for i, q := range questions {
		in.ID, in.Question, in.Asker = first+uint64(i), q, user
		l.queries.Put(user, event{input: in, result: answers, index: i, ctx: ctx})
	}
	l.woken()
	results := make([]node.Result, n)
	for range questions {
		select {
		case a := <-answers:
			results[a.index] = a.result
			if l.drivers.Answered != nil {
				l.drivers.Answered(a.result, time.Since(begun))
			}
		case <-l.stopped:
			return nil, ErrStopped
		case <-ctx.Done():
			l.forget(first, len(questions))
			return nil, ctx.Err()
		}
	}
	return results, nil
}

// forget tells the node that nobody waits for n queries any more.
func (l *Loop) forget(first uint64, n int) {
	for i := range n {
		l.Put(node.Forget{ID: first + uint64(i)})
	}
}

// errBlind: the look failed; survive has said why.
var errBlind = errors.New("mcdnsd could not look at its own state")

// See runs f on the loop, waits for it and returns what f made of the node. f
// must be quick, and what it returns must be its own: f may still run when ctx has
// ended, so it shares nothing with its caller, who then gets T's zero and the error.
// Looks have their turns among the queries: one at a thousand peers takes as long as
// a hundred lookups.
func See[T any](ctx context.Context, l *Loop, f func(View) T) (T, error) {
	seen := make(chan T, 1) // has room for one that comes too late
	var none T
	l.queries.Put(clients.User(ctx), event{ctx: ctx, view: func(v View) {
		defer close(seen)
		seen <- f(v)
	}})
	l.woken()
	select {
	case t, ok := <-seen:
		if !ok {
			return none, errBlind
		}
		return t, nil
	case <-l.stopped:
		return none, ErrStopped
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// Proven are the addresses of the peers that are proven, none if the node does not
// answer within limit.
func (l *Loop) Proven(limit time.Duration) []netip.Addr {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	addrs, _ := See(ctx, l, func(v View) (addrs []netip.Addr) {
		for _, p := range v.Node.Peers(v.Now) {
			addrs = append(addrs, p.Addr.Addr())
		}
		return addrs
	})
	return addrs
}
