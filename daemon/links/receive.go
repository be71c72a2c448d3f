package links

import (
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"time"

	"mcdns/daemon/survive"
	"mcdns/gocore/node"
	"mcdns/gocore/trust"
	"mcdns/gocore/wire"
)

var (
	errSolo   = errors.New("no group key")
	errFlood  = errors.New("too many forged datagrams of this source")
	errRepeat = errors.New("these very bytes were heard on this link before")
)

// receiver is one address family's goroutine.
type receiver struct {
	lan     *LAN
	floods  *trust.Floods
	repeats trust.Repeats
	room    [wire.MaxDatagram]byte // where datagrams are opened: most of a flood are not
}

func newReceiver(l *LAN) *receiver {
	var secret [8]byte
	rand.Read(secret[:])
	return &receiver{lan: l, floods: trust.NewFloods(binary.BigEndian.Uint64(secret[:]))}
}

// receive takes one datagram: the cheap checks first, then the key, then the
// bounds of its contents. The node decides about the rest. It reports whether it was
// a message of the group.
func (r *receiver) receive(p packet) (good bool) {
	l := r.lan
	var unborne error
	defer func() {
		if unborne != nil {
			l.dropped.malformed.Add(1)
		}
	}()
	defer survive.Into(&unborne)
	plain, err := r.open(p)
	if err != nil {
		l.drop(p, err)
		return false
	}
	m, err := wire.Decode(plain)
	if err != nil {
		l.dropped.malformed.Add(1)
		return false
	}
	m.Tag = trust.Tag(p.Data)
	l.config.Counts.Received(m.Body, p.Group, len(p.Data))
	l.config.Hear(node.Received{Message: m, From: p.From, Link: p.Link, Group: p.Group})
	return true
}

// open opens a datagram. What stands in clear is looked at first: what claims no
// key of this host costs nothing, and is charged to nobody.
func (r *receiver) open(p packet) ([]byte, error) {
	ring := r.lan.config.Ring()
	if ring == nil {
		return nil, errSolo
	}
	if err := ring.Claims(p.Data); err != nil {
		return nil, err
	}
	if r.repeats.Heard(p.Data, p.Link) {
		return nil, errRepeat
	}
	now, from := p.At, p.From.Addr()
	if !r.floods.Allow(now, from, p.Link) {
		return nil, errFlood
	}
	plain, err := ring.OpenIn(r.room[:], p.Data)
	r.floods.Opened(now, from, p.Link, len(p.Data), err == nil)
	if err != nil {
		return nil, err
	}
	r.repeats.Note(p.Data, p.Link)
	return bytes.Clone(plain), nil // what is decoded keeps parts of it
}

// drop counts a datagram that could not be opened, and says what the
// administrator may want to know.
func (l *LAN) drop(p packet, err error) {
	switch err {
	case errSolo:
	case errFlood:
		l.dropped.flood.Add(1)
	case errRepeat:
		l.dropped.repeated.Add(1)
	case trust.ErrForeign:
		l.dropped.foreign.Add(1)
		l.refusals.note(p, err)
		l.sayHourly(&l.saidForeign, p, "another group key is in use on this link; said once an hour")
	case trust.ErrVersion:
		l.dropped.version.Add(1)
		l.refusals.note(p, err)
		l.sayHourly(&l.saidVersion, p, "another version of mcdns is in use on this link, and shares nothing with this one: install one version on all hosts; said once an hour")
	case trust.ErrShort:
		l.dropped.malformed.Add(1)
	default:
		l.dropped.forged.Add(1)
		l.refusals.note(p, trust.ErrForged)
	}
}

// sayHourly logs who sent what this host cannot read, once an hour at most whoever
// sends. Anybody can send it without a key, so it is no warning.
func (l *LAN) sayHourly(said *atomic.Int64, p packet, what string) {
	now, last := int64(l.config.Now()), said.Load()
	if last != 0 && time.Duration(now-last) < time.Hour || !said.CompareAndSwap(last, now) {
		return
	}
	l.config.Log.Info(what, "from", p.From.Addr())
}
