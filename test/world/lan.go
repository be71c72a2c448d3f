package world

import (
	"fmt"
	"slices"
	"time"

	"mcdns/gocore/node"
)

// A LAN is a virtual clock, what will happen, and the hosts that it happens to. What is
// between the hosts, and what their programs and DNS servers do, is its user's.
type LAN struct {
	// Now is the LAN's clock.
	Now time.Duration
	// Fault is told what no driver may ever see.
	Fault func(string)
	queue Queue[func()]
}

// NewLAN makes one without hosts.
func NewLAN(now time.Duration, fault func(string)) *LAN { return &LAN{Now: now, Fault: fault} }

// At lets something happen at a time, now at the earliest.
func (l *LAN) At(at time.Duration, do func()) { l.queue.Push(max(at, l.Now), do) }

// Step lets the next thing happen, if it comes until end; else the time is end.
func (l *LAN) Step(end time.Duration) bool {
	if next, ok := l.queue.Next(); !ok || next > end {
		l.Now = end
		return false
	}
	at, do := l.queue.Pop()
	l.Now = at
	do()
	return true
}

// Run lets time pass.
func (l *LAN) Run(d time.Duration) {
	for end := l.Now + d; l.Step(end); {
	}
}

// A Host drives a node: it hands it what comes in, does what it wants done, and wakes it.
type Host struct {
	*node.Node
	// Skew is the host's clock without the LAN's.
	Skew time.Duration
	// Off hosts hear nothing and are not woken.
	Off bool
	// Then, if set, is called after each input.
	Then   func()
	lan    *LAN
	do     func(node.Effect)
	wakeAt time.Duration // on the LAN's clock
}

// Host makes one. What its node wants done is do's business.
func (l *LAN) Host(n *node.Node, do func(node.Effect)) *Host { return &Host{Node: n, lan: l, do: do} }

// Clock is the time on this host.
func (h *Host) Clock() time.Duration { return h.lan.Now + h.Skew }

// Take hands the node an input.
func (h *Host) Take(in node.Input) {
	if h.Off {
		return
	}
	for _, e := range slices.Clone(h.Handle(h.Clock(), in)) {
		h.do(e)
	}
	h.rearm()
	if h.Then != nil {
		h.Then()
	}
}

// Awake has a host that was off hear again, and woken.
func (h *Host) Awake() {
	h.Off, h.wakeAt = false, 0
	h.Take(node.Wake{})
}

// rearm has the node woken when it wants to be. An earlier wake-up does no harm.
func (h *Host) rearm() {
	at, ok := h.NextWake(h.Clock())
	if !ok {
		return
	}
	if at <= h.Clock() {
		h.lan.Fault(fmt.Sprintf("a node wants to be woken %v ago: a driver would spin", h.Clock()-at))
	}
	if at -= h.Skew; h.wakeAt <= h.lan.Now || at < h.wakeAt {
		h.wakeAt = at
		h.lan.At(at, func() { h.Take(node.Wake{}) })
	}
}
