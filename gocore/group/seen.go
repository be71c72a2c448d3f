package group

import (
	"math"
	"slices"

	"mcdns/gocore/trust"
)

// seen are the numbers of the datagrams that were heard of a member, as far back
// as trust.Window looks: the highest, and three more of as many as there may
// be. Of most members of a big group no more is heard within a window, since they
// number what they say to others too; of whom there is, the window is in the
// notes, or in a big group brief: a bit for each of the last 32.
type seen struct {
	top    uint32 // as far as it goes
	behind uint32 // thrice ten bits: how far behind top, 0 for none; or the 32
}

const (
	places    = 3
	placeBits = 10 // for 1 to WindowSize-1
	briefly   = 32
	// bigGroup is how many hosts make one in which windows are brief: of 10,000 that
	// ask each other in an outage each would take 200 bytes at each for them, and a
	// look at them is a tenth of what a datagram costs each of 1000.
	bigGroup = 500
)

// A list of places has room for what comes to those that are taken.
type list [places + 1]uint32

// behinds lists the places that are taken.
func (s seen) behinds(room *list) []uint32 {
	list := room[:0]
	for b := s.behind; b != 0; b >>= placeBits {
		if d := b % trust.WindowSize; d != 0 {
			list = append(list, d)
		}
	}
	return list
}

// accept notes seq, as trust.Window does. ok is false if it has to be asked: then
// full is what there was before.
func (s *seen) accept(seq uint64) (fresh, ok bool) {
	if seq == 0 {
		return false, true
	}
	if seq > math.MaxUint32 {
		return false, false
	}
	var room list
	n, list := uint32(seq), s.behinds(&room)
	switch {
	case s.top == 0:
		s.top = n
		return true, true
	case n == s.top:
		return false, true
	case n < s.top:
		if d := s.top - n; d >= trust.WindowSize || slices.Contains(list, d) {
			return false, true
		}
		list = append(list, s.top-n)
	default:
		list = later(append(list, 0), n-s.top)
	}
	if len(list) > places {
		return false, false
	}
	s.top, s.behind = max(s.top, n), 0
	for _, d := range list {
		s.behind = s.behind<<placeBits | d
	}
	return true, true
}

// later moves places back, those out that no window holds.
func later(list []uint32, by uint32) []uint32 {
	kept := list[:0]
	for _, d := range list {
		if by < trust.WindowSize && d+by < trust.WindowSize {
			kept = append(kept, d+by)
		}
	}
	return kept
}

// shorten makes a bit of each place. What is further behind is too old to tell.
func (s *seen) shorten() {
	var room list
	bits := uint32(0)
	for _, d := range s.behinds(&room) {
		bits |= 1 << (d - 1) // 0 if it is further than there are bits
	}
	s.behind = bits
}

// acceptBriefly notes n.
func (s *seen) acceptBriefly(n uint32) bool {
	if n > s.top {
		by := n - s.top
		s.top, s.behind = n, s.behind<<by|1<<(by-1)
		return true
	}
	d := s.top - n
	if d == 0 || d > briefly || s.behind&(1<<(d-1)) != 0 {
		return false
	}
	s.behind |= 1 << (d - 1)
	return true
}

// window is the same in full.
func (s seen) window() *trust.Window {
	w := &trust.Window{}
	var room list
	list := append(s.behinds(&room), 0)
	slices.Sort(list)
	for _, d := range slices.Backward(list) {
		w.Accept(uint64(s.top - d))
	}
	return w
}

// accept reports whether a datagram of the member is new, and notes it.
func (g *Group) accept(m *Member, seq uint64) bool {
	far := seq <= math.MaxUint32 && seq >= uint64(m.seen.top)+trust.WindowSize
	n := g.noted(m)
	switch {
	case n != nil && n.window != nil:
		if !far {
			m.seen.top = max(m.seen.top, uint32(min(seq, math.MaxUint32)))
			return n.window.Accept(seq)
		}
		n.window, m.seen.behind = nil, 0 // nothing of before counts
	case far:
		m.seen.behind = 0
		m.is &^= brief
	}
	if m.is&brief == 0 {
		fresh, ok := m.seen.accept(seq)
		if ok {
			return fresh
		}
		if g.N() <= bigGroup || seq > math.MaxUint32 {
			return g.acceptInFull(m, seq)
		}
		m.seen.shorten()
		m.is |= brief
	}
	// No honest host of a big group comes to number so many: it says too little.
	return seq <= math.MaxUint32 && m.seen.acceptBriefly(uint32(seq))
}

// acceptInFull goes on with a whole window.
func (g *Group) acceptInFull(m *Member, seq uint64) bool {
	n := g.Notes(m)
	n.window, m.seen.behind = m.seen.window(), 0
	m.seen.top = max(m.seen.top, uint32(min(seq, math.MaxUint32)))
	return n.window.Accept(seq)
}
