package sim

import (
	"runtime"
	"sync/atomic"
	"time"

	"mcdns/gocore/node"
)

// A pool spreads the deliveries of one datagram over the cores. A delivery
// touches one host and nothing else; what the hosts want done is carried out
// afterwards, in the order of the hosts, so that the run is the same on any
// number of cores.
type pool struct {
	cores int
	work  []chan *job
	parts [][]outcome // by share of the hosts
}

// A job is one datagram. Its shares are taken one after another by who is free: to
// wake another core takes a tenth of the time that the deliveries to 1000 hosts do,
// and with halves of them one core waited for the other for a quarter of it.
type job struct {
	w           *World
	d           *datagram
	slot        uint64
	taken, done atomic.Int32
}

// share hosts are handed out at once.
const share = 2 * node.WarmMost

// outcome is what a delivery left to be done outside the host.
type outcome struct {
	host    *Host
	effects []node.Effect
	wake    time.Duration // earlier than what is scheduled, or noWake
}

// aloneBelow is how many hosts are served faster by one core than by many:
// waking another costs about as much as twenty deliveries.
const aloneBelow = 64

func newPool(cores int) *pool {
	p := &pool{cores: cores}
	for range cores - 1 {
		c := make(chan *job, 1)
		p.work = append(p.work, c)
		go func() {
			for j := next(c); j != nil; j = next(c) {
				j.do(p)
			}
		}()
	}
	return p
}

// next is the next job, nil at the end. It is looked for eagerly for a while: a core
// that has gone to sleep takes as long to wake as half the hosts take to be served.
func next(c chan *job) *job {
	for range eager {
		select {
		case j := <-c:
			return j
		default:
		}
	}
	return <-c
}

const eager = 100_000

// Close ends the world's helpers; it is over.
func (w *World) Close() {
	for _, c := range w.pool.work {
		close(c)
	}
	w.pool = newPool(1)
}

// fanOut delivers a datagram to every host of the group it reaches.
func (w *World) fanOut(d *datagram, slot uint64) {
	p := w.pool
	w.openAll(d)
	shares := (len(w.hosts) + share - 1) / share
	for len(p.parts) < shares {
		p.parts = append(p.parts, nil)
	}
	j := &job{w: w, d: d, slot: slot}
	if len(w.hosts) >= aloneBelow {
		for _, c := range p.work {
			select {
			case c <- j:
			default: // it has not yet seen that the last one is over
			}
		}
	}
	j.do(p)
	for int(j.done.Load()) < shares {
		runtime.Gosched() // the last shares of others; to sleep meanwhile would take longer
	}
	for _, part := range p.parts[:shares] {
		w.settle(part)
	}
}

// do delivers to shares of the hosts as long as there are any.
func (j *job) do(p *pool) {
	for {
		from := share * int(j.taken.Add(1)-1)
		if from >= len(j.w.hosts) {
			return
		}
		part := &p.parts[from/share]
		*part = j.w.part(j.d, j.slot, j.w.hosts[from:min(from+share, len(j.w.hosts))], (*part)[:0])
		j.done.Add(1)
	}
}

// part delivers to some of the hosts.
func (w *World) part(d *datagram, slot uint64, hosts []*Host, out []outcome) []outcome {
	for k, h := range hosts {
		if k%node.WarmMost == 0 && len(w.hosts) >= warmFrom {
			warm(hosts[k:min(k+node.WarmMost, len(hosts))], d)
		}
		if slot != allSlots && w.slot(d, h) != slot {
			continue
		}
		in, ok := w.arrives(d, h)
		if !ok {
			continue
		}
		effects := h.count(h.handle(w, in))
		wake := h.wanted(w.now)
		if len(effects) > 0 || len(h.faults) > 0 || wake != noWake {
			out = append(out, outcome{h, effects, wake})
		}
	}
	return out
}

// settle does what the hosts of one share want done.
func (w *World) settle(part []outcome) {
	for _, o := range part {
		w.apply(o.host, o.effects)
		if o.wake != noWake {
			w.rearm(o.host)
		}
	}
	clear(part)
}

// count takes the Count effects out, which concern the host alone, and returns
// the rest; usually there is none.
func (h *Host) count(effects []node.Effect) []node.Effect {
	for i, e := range effects {
		c, ok := e.(node.Count)
		if !ok {
			return effects[i:]
		}
		h.Counts[c.Counter]++
	}
	return nil
}

// wanted is when the node wants to be woken, if that is before it would be.
func (h *Host) wanted(now time.Duration) time.Duration {
	next, ok := h.node.NextWake(h.clock.read(now))
	if !ok {
		return noWake
	}
	if h.wakeAt != noWake && h.clock.read(h.wakeAt) <= next {
		return noWake
	}
	return next
}

// Cores is how many there are to use.
func Cores() int { return runtime.GOMAXPROCS(0) }
