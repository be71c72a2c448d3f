package sim

import (
	"encoding/binary"
	"fmt"
	"slices"

	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
)

// A keyring is what a host seals with and what it opens, keys by number.
type keyring struct {
	seal int
	open []int
	ring *trust.Ring // with Options.Sealed
}

// headers is what IPv6 and UDP add to a datagram.
const headers = 40 + 8

// Keys gives a host a key to seal with and more to open with; noKey takes all
// keys away.
func (w *World) Keys(h *Host, seal int, open ...int) {
	if seal == noKey {
		h.key = noKey
		w.configure(h)
		return
	}
	k := keyring{seal: seal, open: append([]int{seal}, open...)}
	if w.opt.Sealed {
		k.ring = newRing(w.opt.Seed, seal, open)
	}
	was := h.key
	h.key = len(w.rings)
	w.rings = append(w.rings, k)
	if was == noKey {
		w.configure(h)
	}
}

// groupKeys gives all hosts the one key of the group.
func (w *World) groupKeys() {
	k := keyring{open: []int{0}}
	if w.opt.Sealed {
		k.ring = newRing(w.opt.Seed, 0, nil)
	}
	w.rings = []keyring{k}
}

// NoKey takes a host's key away: it is solo from then on.
func (w *World) NoKey(h *Host) { w.Keys(h, noKey) }

func newRing(seed uint64, seal int, open []int) *trust.Ring {
	var others []trust.Key
	for _, n := range open {
		others = append(others, groupKey(seed, n))
	}
	return trust.NewRing(groupKey(seed, seal), others...)
}

func groupKey(seed uint64, n int) trust.Key {
	var raw [32]byte
	for i := range 4 {
		binary.BigEndian.PutUint64(raw[8*i:], mix(seed, uint64(n*4+i)+500))
	}
	k, err := trust.ParseKey(raw[:])
	if err != nil {
		panic(err)
	}
	return k
}

// sealsWith is the number of the key a host seals with.
func (w *World) sealsWith(h *Host) int {
	if h.key == noKey {
		return noKey
	}
	return w.rings[h.key].seal
}

// seal makes the bytes of a datagram, or only counts them.
func (w *World) seal(d *datagram) {
	if !w.opt.Sealed {
		d.size = headers + wire.Size(d.msg) + trust.Overhead
		return
	}
	plain, err := wire.Encode(d.msg)
	if err != nil {
		panic(fmt.Sprintf("sim: a node sends what does not encode: %v: %+v", err, d.msg.Body))
	}
	var nonce [24]byte
	for i := range 3 {
		binary.BigEndian.PutUint64(nonce[8*i:], mix(w.opt.Seed, w.number()))
	}
	d.sealed = w.rings[d.ring].ring.Seal(plain, nonce)
	d.size = headers + len(d.sealed)
	d.msg = nil
}

// open gives a host the message of a datagram, nil if none of its keys fits.
// Hosts with the same keys share one decoded message.
func (w *World) open(d *datagram, h *Host) *wire.Message {
	if h.key == noKey {
		return nil
	}
	if w.opt.Sealed {
		return w.unseal(d, h.key)
	}
	if slices.Contains(w.rings[h.key].open, d.key) || h.gullible {
		return d.msg
	}
	return nil
}

// opens reports whether a host holds the key that another one seals with.
func (w *World) opens(h, from *Host) bool {
	return h.key != noKey && slices.Contains(w.rings[h.key].open, w.sealsWith(from))
}

// openAll opens a datagram for every key there is, before its deliveries are
// spread over the cores, and makes once what most hosts are handed.
func (w *World) openAll(d *datagram) {
	m := d.msg
	if w.opt.Sealed {
		for i := range w.rings {
			w.unseal(d, i)
		}
		m = d.opened[0]
	}
	if d.in == nil {
		d.common = d.received(m, w.hosts[0].links[0])
		d.in = d.common
	}
}

func (w *World) unseal(d *datagram, ring int) *wire.Message {
	if m, ok := d.opened[ring]; ok {
		return m
	}
	if d.opened == nil {
		d.opened = map[int]*wire.Message{}
	}
	var m *wire.Message
	if plain, err := w.rings[ring].ring.Open(d.sealed); err == nil {
		if m, err = wire.Decode(plain); err != nil {
			w.Checks.fail(w, d.from.host, "form", fmt.Sprintf("sends what does not decode: %v", err))
		} else {
			m.Tag = trust.Tag(d.sealed)
		}
	}
	d.opened[ring] = m
	return m
}
