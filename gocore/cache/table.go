package cache

import (
	"math/bits"

	"mcdns/gocore/dns"
)

// A number names a slot of a table; 0 is none.
type number uint32

// A table holds slots, numbered from 1 without a gap, and finds them by their
// question. It is as long as what it holds: a slot that goes is filled with the
// last one, so numbers stand only until the next removal. A million entries as
// structs in a map, each with its own key, took three times the room.
//
// Buckets of chained slots grow one by one (linear hashing, Litwin 1980), so
// that no lookup waits until a big table is moved.
type table struct {
	key    Key
	chunks [][]slot // of chunk slots each but for the last
	spare  []slot   // an empty chunk, for whoever goes to and fro between two
	heads  []number // of the chains; one bucket for each slot
}

// chunk slots fill whole pages: 56 KiB. The first chunk grows like any slice.
const chunk = 1024

// newTable makes a table with slot 0, which is the owner's.
func newTable(key Key) table {
	return table{key: key, chunks: [][]slot{make([]slot, 1)}, heads: make([]number, 1)}
}

// len is how many slots there are beside slot 0.
func (t *table) len() int {
	full := len(t.chunks) - 1
	return full*chunk + len(t.chunks[full]) - 1
}

// at is a slot, until the next add or remove.
func (t *table) at(n number) *slot { return &t.chunks[n/chunk][n%chunk] }

// find returns the slot of a question, or 0.
func (t *table) find(q dns.Question) number {
	hash := t.key.Hash(q)
	n := t.heads[t.bucket(hash)]
	for n != 0 {
		s := t.at(n)
		if s.tag == tagOf(hash) && s.answer.Question == q {
			break
		}
		n = s.chain
	}
	return n
}

// tagOf is a part of the hash by which most slots of a chain are told apart
// without a look at their questions.
func tagOf(hash uint64) uint8 { return uint8(hash >> 56) }

// bucket is where a hash belongs while there are so many heads: by its low bits,
// one more of them for the buckets that were split already.
func (t *table) bucket(hash uint64) number {
	have := number(len(t.heads))
	half := halfOf(have)
	b := number(hash) & (2*half - 1)
	if b >= have {
		b -= half
	}
	return b
}

// halfOf is the highest power of two up to n.
func halfOf(n number) number { return 1 << (bits.Len32(uint32(n)) - 1) }

// add takes in a slot for a question that has none.
func (t *table) add(s slot) number {
	end := len(t.chunks) - 1
	if len(t.chunks[end]) == chunk {
		if t.spare == nil {
			t.spare = make([]slot, 0, chunk)
		}
		t.chunks, t.spare = append(t.chunks, t.spare), nil
		end++
	}
	hash := t.key.Hash(s.answer.Question)
	head := &t.heads[t.bucket(hash)]
	s.tag, s.chain = tagOf(hash), *head
	t.chunks[end] = append(t.chunks[end], s)
	n := number(t.len())
	*head = n
	if int(n) > len(t.heads) {
		t.split()
	}
	return n
}

// remove takes a slot away. It returns the number of the slot that has its
// number now.
func (t *table) remove(n number) (moved number) {
	*t.link(n) = t.at(n).chain
	last := number(t.len())
	if n != last {
		*t.link(last) = n
		*t.at(n) = *t.at(last)
	}
	t.cut()
	if t.len() < len(t.heads) && len(t.heads) > 1 {
		t.merge()
	}
	return last
}

// cut makes the table shorter by its last slot.
func (t *table) cut() {
	end := len(t.chunks) - 1
	last := len(t.chunks[end]) - 1
	t.chunks[end][last] = slot{} // lets go of the answer
	t.chunks[end] = t.chunks[end][:last]
	if last == 0 {
		t.spare, t.chunks[end] = t.chunks[end], nil
		t.chunks = t.chunks[:end]
	}
}

// link is what leads to a slot: a head or the chain of another slot.
func (t *table) link(n number) *number {
	link := &t.heads[t.bucket(t.key.Hash(t.at(n).answer.Question))]
	for *link != n {
		link = &t.at(*link).chain
	}
	return link
}

// split makes one bucket of two.
func (t *table) split() {
	made := number(len(t.heads))
	t.heads = append(t.heads, 0)
	stay, leave := &t.heads[made-halfOf(made)], &t.heads[made]
	n := *stay
	*stay = 0
	for n != 0 {
		s := t.at(n)
		next := s.chain
		to := stay
		if t.bucket(t.key.Hash(s.answer.Question)) == made {
			to = leave
		}
		s.chain, *to = *to, n
		n = next
	}
}

// merge puts the last bucket back to the one that it was split from.
func (t *table) merge() {
	last := number(len(t.heads)) - 1
	link := &t.heads[last-halfOf(last)]
	for *link != 0 {
		link = &t.at(*link).chain
	}
	*link = t.heads[last]
	t.heads = t.heads[:last]
}
