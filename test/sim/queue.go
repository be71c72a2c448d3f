package sim

import "time"

// An event is something that happens to the world at a time. It is data, not a
// function, so that a world can be copied and its digest taken.
type event struct {
	at   time.Duration
	seq  uint64 // order among events of one time: first come, first served
	kind eventKind
	host int32
	run  int32  // the host's run it belongs to; another run ignores it
	n    uint64 // meaning by kind
	what any    // meaning by kind
}

type eventKind uint8

const (
	evBoot     eventKind = iota // host is switched on
	evWake                      // host wants to be called
	evDatagram                  // what: *datagram, n: slot of jitter
	evReply                     // what: node.Replied
	evLookup                    // the load's next lookup, n: its turn
	evPulled                    // what: node.Pulled, n: the flow it ends
	evPage                      // what: *flow, asks the serving host for a page
	evClosed                    // n: the inbound stream that ended
	evSave                      // host writes its disk
	evWatch                     // checkers and gauges look around
)

// queue is a heap of events, earliest first.
type queue struct {
	events []event
	seq    uint64
}

func (q *queue) len() int { return len(q.events) }

func (q *queue) before(i, j int) bool {
	a, b := &q.events[i], &q.events[j]
	if a.at != b.at {
		return a.at < b.at
	}
	return a.seq < b.seq
}

func (q *queue) push(e event) {
	q.seq++
	e.seq = q.seq
	q.events = append(q.events, e)
	i := len(q.events) - 1
	for i > 0 {
		up := (i - 1) / 4
		if !q.before(i, up) {
			return
		}
		q.events[i], q.events[up] = q.events[up], q.events[i]
		i = up
	}
}

func (q *queue) pop() event {
	top := q.events[0]
	last := len(q.events) - 1
	q.events[0] = q.events[last]
	q.events[last] = event{} // let go of what it held
	q.events = q.events[:last]
	q.sink(0)
	return top
}

func (q *queue) sink(i int) {
	for {
		least := i
		for c := 4*i + 1; c <= 4*i+4 && c < len(q.events); c++ {
			if q.before(c, least) {
				least = c
			}
		}
		if least == i {
			return
		}
		q.events[i], q.events[least] = q.events[least], q.events[i]
		i = least
	}
}
