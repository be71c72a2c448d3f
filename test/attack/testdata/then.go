package sim

import "time"

// release is that of test/sim/net.go, in the words of the version in which the attacks
// were found to succeed; before.sh puts it there.
func (w *World) release(at time.Duration, d *datagram) {
	w.queue.push(event{at: at, kind: evDatagram, what: d, n: allSlots})
}
