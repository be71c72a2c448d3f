// Package accept keeps a net/http server accepting when the machine is short of
// something: http.Server.Serve ends with the first error that package net does not
// call temporary, ENOBUFS and ENOMEM among them, and nobody would start it again.
package accept

import (
	"errors"
	"net"
	"time"
)

// Pauses between two tries while accepting fails: descriptors and memory come back
// by themselves when connections end, and a lasting error must not take a processor.
const (
	firstPause = 10 * time.Millisecond
	lastPause  = time.Second
)

// Patiently returns a listener like l whose Accept tries again until it has a
// connection or l is closed: any error it returns is net.ErrClosed.
func Patiently(l net.Listener) net.Listener { return patient{l} }

type patient struct{ net.Listener }

func (p patient) Accept() (net.Conn, error) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		conn, err := p.Listener.Accept()
		if err == nil || errors.Is(err, net.ErrClosed) {
			return conn, err
		}
		time.Sleep(pause)
	}
}
