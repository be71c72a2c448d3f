package clients

import "sync"

// Door lets work in, in turn by user and few at one time: a thousand that came at once
// must not all stand before the next one of somebody else.
type Door struct {
	most  int
	turns Turns[func(endTurn func())]
	mu    sync.Mutex
	busy  int // those whose turn it is
}

// NewDoor makes one that lets so many in at one time.
func NewDoor(most int) *Door { return &Door{most: most} }

// Enter calls begin when the user's turn comes; it must not wait for anything. endTurn
// is to be called when the work ends or waits for something, and again does no harm.
func (d *Door) Enter(user uint32, begin func(endTurn func())) {
	d.turns.Put(user, begin)
	d.next(0)
}

// Wait waits for the user's turn.
func (d *Door) Wait(user uint32) (endTurn func()) {
	in := make(chan func(), 1)
	d.Enter(user, func(end func()) { in <- end })
	return <-in
}

// next gives the turn on that so many have ended.
func (d *Door) next(ended int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.busy -= ended; d.busy < d.most; d.busy++ {
		begin, some := d.turns.Take()
		if !some {
			return
		}
		begin(sync.OnceFunc(func() { d.next(1) }))
	}
}
