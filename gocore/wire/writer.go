package wire

import (
	"encoding/binary"
	"time"

	"mcdns/gocore/dns"
)

// A writer puts fields behind one another, or only counts what they would take:
// so a size is the encoder's own and cannot differ from it.
type writer struct {
	b     []byte
	n     int // bytes counted
	count bool
	err   error
}

// counting makes a writer that writes nothing.
func counting() *writer { return &writer{count: true} }

func (w *writer) u8(v byte) *writer {
	if w.count {
		w.n++
		return w
	}
	w.b = append(w.b, v)
	return w
}

func (w *writer) u16(v uint16) *writer {
	if w.count {
		w.n += 2
		return w
	}
	w.b = binary.BigEndian.AppendUint16(w.b, v)
	return w
}

func (w *writer) u32(v uint32) *writer {
	if w.count {
		w.n += 4
		return w
	}
	w.b = binary.BigEndian.AppendUint32(w.b, v)
	return w
}

func (w *writer) u64(v uint64) *writer {
	if w.count {
		w.n += 8
		return w
	}
	w.b = binary.BigEndian.AppendUint64(w.b, v)
	return w
}

func (w *writer) bytes(b []byte) *writer {
	if w.count {
		w.n += len(b)
		return w
	}
	w.b = append(w.b, b...)
	return w
}

func (w *writer) text(s string) *writer {
	if w.count {
		w.n += len(s)
		return w
	}
	w.b = append(w.b, s...)
	return w
}

func (w *writer) question(q dns.Question) *writer {
	if w.count {
		w.n += q.Size()
		return w
	}
	b, err := q.Append(w.b)
	if err != nil {
		w.err = err
		return w
	}
	w.b = b
	return w
}

// length is a count of at most 255 items.
func (w *writer) length(n int) *writer {
	if n > 255 {
		w.err = ErrTooLong
	}
	return w.u8(byte(n))
}

func (w *writer) flag(on bool, bit byte) *writer {
	if !on {
		bit = 0
	}
	return w.u8(bit)
}

func (w *writer) peer(p Peer) *writer { return w.u64(p.ID).u64(p.Epoch) }

func (w *writer) birth(b dns.Birth) *writer { return w.peer(b.Peer).clock(b.Clock) }

// clock rounds down to whole milliseconds.
func (w *writer) clock(d time.Duration) *writer { return w.u64(uint64(max(d, 0) / time.Millisecond)) }

// age rounds up to whole milliseconds and holds at Never.
func (w *writer) age(d time.Duration) *writer {
	return w.u32(uint32((min(max(d, 0), Never) + time.Millisecond - 1) / time.Millisecond))
}

// ttl rounds down to whole seconds.
func (w *writer) ttl(d time.Duration) *writer {
	return w.u32(uint32(min(max(d, 0)/time.Second, dns.MaxTTL)))
}

func (w *writer) aged(a Aged) *writer {
	return w.ttl(a.TTL).birth(a.Birth).u64(uint64(a.Server)).age(a.Age).u16(uint16(len(a.Packed))).bytes(a.Packed)
}

func (w *writer) answers(list []Aged) *writer {
	w.length(len(list))
	for _, a := range list {
		if len(a.Packed) > dns.MaxPacked {
			w.err = ErrTooLong
			return w
		}
		w.aged(a)
	}
	return w
}

func (w *writer) long(l Long) *writer {
	return w.question(l.Question).birth(l.Birth).ttl(l.TTL).u32(l.Length)
}

func (w *writer) asked(a Asked) *writer { return w.question(a.Question).birth(a.Held) }

// RoundUp is an age as it is told, in whole milliseconds: it makes nothing younger.
func RoundUp(d time.Duration) time.Duration {
	return (d + time.Millisecond - 1).Truncate(time.Millisecond)
}
