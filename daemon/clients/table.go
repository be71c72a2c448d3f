package clients

import "sync"

// Table bounds the clients, fairly: when it is full, whoever has most loses one,
// so that no user of the machine can keep another from being answered.
type Table struct {
	mu    sync.Mutex
	most  int
	total int
	users map[uint32]map[*Client]struct{}
	idle  chan struct{} // closed when stopping and empty
	stop  bool
}

// NewTable makes one for that many clients at one time.
func NewTable(most int) *Table {
	return &Table{most: most, users: map[uint32]map[*Client]struct{}{}, idle: make(chan struct{})}
}

// Admit takes a client in, or says no. It may close another one for it.
func (t *Table) Admit(c *Client) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stop {
		return false
	}
	if t.total >= t.most && !t.makeRoom(c.UID) {
		return false
	}
	own := t.users[c.UID]
	if own == nil {
		own = map[*Client]struct{}{}
		t.users[c.UID] = own
	}
	own[c] = struct{}{}
	t.total++
	return true
}

// makeRoom cuts a client of the user with the most, unless that is uid.
func (t *Table) makeRoom(uid uint32) bool {
	greedy, most := uid, len(t.users[uid])
	for u, own := range t.users {
		if len(own) > most {
			greedy, most = u, len(own)
		}
	}
	if greedy == uid {
		return false
	}
	victim := pick(t.users[greedy])
	t.drop(victim)
	victim.Close()
	return true
}

// pick prefers one that has not asked anything yet.
func pick(own map[*Client]struct{}) *Client {
	var victim *Client
	looks := 8
	for c := range own {
		victim = c
		looks--
		if !c.asked.Load() || looks == 0 {
			break
		}
	}
	return victim
}

// Remove forgets a client; again is harmless.
func (t *Table) Remove(c *Client) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop(c)
}

func (t *Table) drop(c *Client) {
	own := t.users[c.UID]
	if _, held := own[c]; !held {
		return
	}
	delete(own, c)
	if len(own) == 0 {
		delete(t.users, c.UID)
	}
	t.total--
	if t.stop && t.total == 0 {
		close(t.idle)
	}
}

// Shut lets nobody in any more.
func (t *Table) Shut() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.stop {
		t.stop = true
		if t.total == 0 {
			close(t.idle)
		}
	}
}

// Idle is closed when Table is shut and the last client is removed.
func (t *Table) Idle() <-chan struct{} { return t.idle }

// CloseAll cuts who is left.
func (t *Table) CloseAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, own := range t.users {
		for c := range own {
			c.Close()
		}
	}
}
