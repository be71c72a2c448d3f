package dns

import (
	"encoding/binary"
	"slices"

	"mcdns/gocore/labels"
)

// sameSets compares the records as sets (RFC 2181 section 5: an RRset has no
// order and no duplicates).
func sameSets(a, b []byte) bool {
	if be16(a[2:]) != be16(b[2:]) {
		return false
	}
	return slices.Equal(recordSet(a), recordSet(b))
}

// DataHash is the same for answers with the same data (SameData), whatever the order
// of their records, but for those that have a record twice. It has no key: who can
// make two answers to one question collide makes both.
func (a *Answer) DataHash() uint64 {
	p := a.Packed
	if len(p) < minPacked {
		return fnv(fnvOffset, p)
	}
	off := labels.End(p, HeaderLen) + 4
	h := fnv(fnv(fnvOffset+uint64(a.Kind), p[2:4]), p[HeaderLen:off])
	var room [512]byte
	for off < len(p) {
		r, next := recordAt(p, off)
		if next == 0 {
			break
		}
		h += mix(fnv(fnvOffset, r.key(room[:0]))) // a sum has no order
		off = next
	}
	return mix(h)
}

func fnv(h uint64, b []byte) uint64 {
	for _, c := range b {
		h = (h ^ uint64(c)) * fnvPrime
	}
	return h
}

// key appends what two records have in common that are the same: owner, type and
// data, with names in lower case.
func (r *record) key(dst []byte) []byte {
	dst = binary.BigEndian.AppendUint16(dst, uint16(r.owner))
	dst = binary.BigEndian.AppendUint16(dst, r.typ)
	return foldData(dst, r.data, r.typ)
}

// recordSet returns question and records, without TTLs and with names in lower
// case, sorted.
func recordSet(p []byte) []string {
	off := labels.End(p, HeaderLen) + 4
	set := make([]string, 1, 1+be16(p[6:])+be16(p[8:]))
	set[0] = string(p[HeaderLen:off])
	var room [512]byte
	for off < len(p) {
		r, next := recordAt(p, off)
		if next == 0 {
			break
		}
		set = append(set, string(r.key(room[:0])))
		off = next
	}
	slices.Sort(set[1:])
	return slices.Compact(set)
}
