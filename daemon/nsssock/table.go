package nsssock

import "sync"

// table bounds the connections, fairly: when it is full, whoever has most loses
// one, so that no user of the machine can keep another from being answered.
type table struct {
	mu    sync.Mutex
	most  int
	total int
	users map[uint32]map[*connection]struct{}
	idle  chan struct{} // closed when stopping and empty
	stop  bool
}

func newTable(most int) *table {
	return &table{most: most, users: map[uint32]map[*connection]struct{}{}, idle: make(chan struct{})}
}

// admit takes a connection in, or says no. It may cut another one for it.
func (t *table) admit(c *connection) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.stop {
		return false
	}
	if t.total >= t.most && !t.makeRoom(c.uid) {
		return false
	}
	own := t.users[c.uid]
	if own == nil {
		own = map[*connection]struct{}{}
		t.users[c.uid] = own
	}
	own[c] = struct{}{}
	t.total++
	return true
}

// makeRoom cuts a connection of the user with the most, unless that is uid.
func (t *table) makeRoom(uid uint32) bool {
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
	victim.close()
	return true
}

// pick prefers one that has not asked anything yet.
func pick(own map[*connection]struct{}) *connection {
	var victim *connection
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

// remove forgets a connection; again is harmless.
func (t *table) remove(c *connection) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.drop(c)
}

func (t *table) drop(c *connection) {
	own := t.users[c.uid]
	if _, held := own[c]; !held {
		return
	}
	delete(own, c)
	if len(own) == 0 {
		delete(t.users, c.uid)
	}
	t.total--
	if t.stop && t.total == 0 {
		close(t.idle)
	}
}

// shut lets nobody in any more; idle is closed when the last is gone.
func (t *table) shut() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.stop {
		t.stop = true
		if t.total == 0 {
			close(t.idle)
		}
	}
}

// closeAll cuts what is left.
func (t *table) closeAll() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, own := range t.users {
		for c := range own {
			c.close()
		}
	}
}
