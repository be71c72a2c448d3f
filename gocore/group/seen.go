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
// notes.
type seen struct {
	top    uint32 // as far as it goes
	behind uint32 // thrice ten bits: how far behind top, 0 for none
}

const (
	places    = 3
	placeBits = 10 // for 1 to WindowSize-1
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

// window is the same in full.
func (s seen) window() *trust.Window {
	var room list
	w, list := &trust.Window{}, append(s.behinds(&room), 0)
	slices.Sort(list)
	for _, d := range slices.Backward(list) {
		w.Accept(uint64(s.top - d))
	}
	return w
}

// accept reports whether a datagram of the member is new, and notes it.
func (g *Group) accept(m *Member, seq uint64) bool {
	n := g.noted(m)
	if n != nil && n.window != nil {
		if seq <= math.MaxUint32 && seq >= uint64(m.seen.top)+trust.WindowSize {
			n.window, m.seen = nil, seen{top: uint32(seq)} // nothing of before counts
			return true
		}
	} else {
		if fresh, ok := m.seen.accept(seq); ok {
			return fresh
		}
		n = g.Notes(m)
		n.window = m.seen.window()
		m.seen.behind = 0
	}
	m.seen.top = max(m.seen.top, uint32(min(seq, math.MaxUint32)))
	return n.window.Accept(seq)
}
