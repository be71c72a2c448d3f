// Package serve is what all that listens has in common: Accept is the one loop that
// accepts, Patiently lends its patience to net/http, Addresses follow what the
// configuration names, and Passing says what is worth another try.
//
// Read accept.go first, then patient.go, addresses.go and passing.go.
package serve

import (
	"errors"
	"net"
	"syscall"
	"time"
)

// pause is between two tries while accepting fails: descriptors and memory come back
// by themselves when connections end, a lasting error must not take a processor, and
// the module gives whoever is in the queue meanwhile 250 ms.
const pause = 10 * time.Millisecond

// Accept hands each connection to take until the listener is closed. No other error
// is an end: nobody would start again what lives and does not accept. trouble, if not
// nil, hears of those that last.
func Accept[C any](accept func() (C, error), take func(C), trouble func(error)) {
	for {
		c, err := next(accept, trouble)
		if err != nil {
			return
		}
		take(c)
	}
}

// next waits for a connection; its error is net.ErrClosed.
func next[C any](accept func() (C, error), trouble func(error)) (C, error) {
	for {
		c, err := accept()
		if err == nil || errors.Is(err, net.ErrClosed) {
			return c, err
		}
		if errors.Is(err, syscall.ECONNABORTED) {
			continue // who connected is gone already
		}
		if trouble != nil {
			trouble(err)
		}
		time.Sleep(pause)
	}
}
