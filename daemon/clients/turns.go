package clients

import (
	"slices"
	"sync"
)

// Turns is work that waits, taken in turn by user: one from each who has any, in a
// round, and of one user in the order it came. Who is alone gets every turn. The
// zero Turns is empty.
type Turns[T any] struct {
	mu    sync.Mutex
	users map[uint32]*share[T]
	round []*share[T] // those who wait, whose turn it is first
}

// share is what waits of one user.
type share[T any] struct {
	user uint32
	work []T
}

// Put lets work wait for its turn and returns how much waits of that user.
func (t *Turns[T]) Put(user uint32, work T) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.users[user]
	if s == nil {
		if t.users == nil {
			t.users = map[uint32]*share[T]{}
		}
		s = &share[T]{user: user}
		t.users[user] = s
		t.round = append(t.round, s)
	}
	s.work = append(s.work, work)
	return len(s.work)
}

// Take takes the work whose turn it is.
func (t *Turns[T]) Take() (work T, some bool) {
	_, work, some = t.TakeOf(func(uint32, int) bool { return true })
	return work, some
}

// TakeOf takes the work of the first user whose turn it is and who may have one, given how
// much waits of that user.
func (t *Turns[T]) TakeOf(may func(user uint32, waits int) bool) (user uint32, work T, some bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i := slices.IndexFunc(t.round, func(s *share[T]) bool { return may(s.user, len(s.work)) })
	if i < 0 {
		return 0, work, false
	}
	s := t.round[i]
	t.round = slices.Delete(t.round, i, i+1)
	var none T
	work, s.work[0] = s.work[0], none
	if s.work = s.work[1:]; len(s.work) > 0 {
		t.round = append(t.round, s)
	} else {
		delete(t.users, s.user)
	}
	return s.user, work, true
}
