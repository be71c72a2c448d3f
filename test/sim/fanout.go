package sim

import (
	"runtime"
	"time"

	"mcdns/gocore/node"
)

// A pool spreads the deliveries of one datagram over the cores. A delivery
// touches one host and nothing else; what the hosts want done is carried out
// afterwards, in the order of the hosts, so that the run is the same on any
// number of cores.
type pool struct {
	cores int
	work  []chan job
	done  chan struct{}
	parts [][]outcome
}

type job struct {
	w    *World
	d    *datagram
	slot uint64
}

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
	p := &pool{cores: cores, parts: make([][]outcome, cores), done: make(chan struct{}, cores)}
	for i := 1; i < cores; i++ {
		c := make(chan job)
		p.work = append(p.work, c)
		go func() {
			for j := range c {
				p.parts[i] = j.w.part(j.d, j.slot, i, p.cores, p.parts[i][:0])
				p.done <- struct{}{}
			}
		}()
	}
	return p
}

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
	if len(w.hosts) < aloneBelow || p.cores == 1 {
		p.parts[0] = w.part(d, slot, 0, 1, p.parts[0][:0])
		w.settle(p.parts[0])
		return
	}
	for _, c := range p.work {
		c <- job{w, d, slot}
	}
	p.parts[0] = w.part(d, slot, 0, p.cores, p.parts[0][:0])
	for range p.work {
		<-p.done
	}
	for _, part := range p.parts {
		w.settle(part)
	}
}

// part delivers to the i-th of n shares of the hosts.
func (w *World) part(d *datagram, slot uint64, i, n int, out []outcome) []outcome {
	hosts := w.hosts[i*len(w.hosts)/n : (i+1)*len(w.hosts)/n]
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

// warmFrom is how many hosts a world has whose tables are in no processor's cache
// when a datagram comes.
const warmFrom = 200

// warm has the processor fetch what a datagram will touch in each of some hosts.
func warm(hosts []*Host, d *datagram) (sum uint64) {
	if d.common.Message == nil {
		return 0
	}
	var nodes [node.WarmMost]*node.Node
	up := 0
	for _, h := range hosts {
		sum += uint64(h.clock.base) + h.Counts[countReceived]
		if n, real := h.node.(*node.Node); real && h.up {
			nodes[up] = n
			up++
		}
	}
	return sum + node.Warm(nodes[:up], d.common.Message)
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
