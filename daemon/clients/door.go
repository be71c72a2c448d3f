package clients

import "sync"

// Door lets clients in, in turn by user and few at one time: a thousand that came
// at once must not all stand before the next one of somebody else.
type Door struct {
	attend func(c *Client, endTurn func())
	most   int
	turns  Turns[*Client]
	mu     sync.Mutex
	busy   int // those whose turn it is
}

// NewDoor makes one that lets so many in at one time. attend is called on a
// goroutine of its own; it is to call endTurn as soon as it waits for something,
// and again does no harm.
func NewDoor(most int, attend func(c *Client, endTurn func())) *Door {
	return &Door{attend: attend, most: most}
}

// Enter lets a client of that user in when its turn comes.
func (d *Door) Enter(user uint32, c *Client) {
	d.turns.Put(user, c)
	d.next(0)
}

// next gives the turn on that so many have ended.
func (d *Door) next(ended int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for d.busy -= ended; d.busy < d.most; d.busy++ {
		c, some := d.turns.Take()
		if !some {
			return
		}
		go d.attend(c, sync.OnceFunc(func() { d.next(1) }))
	}
}
