package trust

// repeatSlots is for how many datagrams Repeats has room: 512 KiB.
const repeatSlots = 1 << 16

// Repeats knows the datagrams that opened lately by their tags, so that the very bytes
// that were heard on a link are not opened there again. Nobody sends them twice but who
// plays a recording. To open and decode each once more costs what a true one costs: at
// 20,000 a second lookups took 14 times as long. The zero value is ready.
//
// It is a saving and no proof: a tag that another one overwrote, or that came by another
// link, passes, and the node tells what is old or was heard (PROTOCOL 3.4).
type Repeats struct{ tags [repeatSlots]uint64 }

// Heard reports whether a datagram opened on a link already.
func (r *Repeats) Heard(datagram []byte, link int) bool {
	tag := Tag(datagram)
	return tag != 0 && r.tags[slotOf(tag, link)] == tag
}

// Note remembers one that has opened. Nothing else may be: else whoever forges tags
// would fill it.
func (r *Repeats) Note(datagram []byte, link int) {
	tag := Tag(datagram)
	r.tags[slotOf(tag, link)] = tag
}

func slotOf(tag uint64, link int) uint64 {
	return (tag ^ uint64(link)*0x9e3779b97f4a7c15) >> 48 // 16 bits
}
