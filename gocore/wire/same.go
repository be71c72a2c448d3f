package wire

import (
	"encoding/binary"
	"slices"
)

// sameSets compares the records as sets (RFC 2181 section 5: an RRset has no
// order and no duplicates).
func sameSets(a, b []byte) bool {
	if be16(a[2:]) != be16(b[2:]) {
		return false
	}
	return slices.Equal(recordSet(a), recordSet(b))
}

// recordSet returns question and records, without TTLs and with names in lower
// case, sorted.
func recordSet(p []byte) []string {
	off := plainName(p, headerLen) + 4
	set := make([]string, 1, 1+be16(p[6:])+be16(p[8:]))
	set[0] = string(p[headerLen:off])
	var room [512]byte
	for off < len(p) {
		r, next := recordAt(p, off)
		if next == 0 {
			break
		}
		key := binary.BigEndian.AppendUint16(room[:0], uint16(r.owner))
		key = binary.BigEndian.AppendUint16(key, r.typ)
		set = append(set, string(foldData(key, r.data, r.typ)))
		off = next
	}
	slices.Sort(set[1:])
	return slices.Compact(set)
}
