package links

import (
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"mcdns/gocore/trust"
)

// A Refusal is an address that sent what this host does not take, lately. Anybody on the
// link can send such datagrams, under any address.
type Refusal struct {
	From netip.Addr
	Why  error       // trust.ErrForeign, ErrVersion or ErrForged
	Key  trust.KeyID // that of ErrForeign
	Last time.Duration
	// Noted counts its datagrams, of a flood those alone that were looked at.
	Noted uint64
}

const (
	// mostRefusals addresses are kept, those that sent last.
	mostRefusals = 32
	// refusalsEvery: so often at most one datagram is looked at, or a flood would cost
	// more than to drop it.
	refusalsEvery = 50 * time.Millisecond
	// refusedFor is how long an address is shown.
	refusedFor = time.Hour
)

// refusals are who was refused lately.
type refusals struct {
	next atomic.Int64 // not before is another noted
	mu   sync.Mutex
	list []Refusal // who sent last is the last
}

// note notes a datagram that claims to be of mcdns and was refused.
func (r *refusals) note(p packet, why error) {
	next := r.next.Load()
	if int64(p.At) < next || !r.next.CompareAndSwap(next, int64(p.At+refusalsEvery)) {
		return
	}
	now := Refusal{From: p.From.Addr(), Why: why, Last: p.At, Noted: 1}
	if why == trust.ErrForeign {
		now.Key = trust.Claimed(p.Data)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	same := func(o Refusal) bool { return o.From == now.From && o.Why == now.Why && o.Key == now.Key }
	if i := slices.IndexFunc(r.list, same); i >= 0 {
		now.Noted += r.list[i].Noted
		r.list = slices.Delete(r.list, i, i+1)
	}
	if len(r.list) >= mostRefusals {
		r.list = slices.Delete(r.list, 0, 1)
	}
	r.list = append(r.list, now)
}

// Refusals are the addresses of which something was refused in the last hour, the latest
// first.
func (l *LAN) Refusals() []Refusal {
	r, now := &l.refusals, l.config.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = slices.DeleteFunc(r.list, func(o Refusal) bool { return now-o.Last >= refusedFor })
	out := slices.Clone(r.list)
	slices.Reverse(out)
	return out
}
