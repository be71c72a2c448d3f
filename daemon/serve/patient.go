// Package serve is what all that listens has in common. It goes on accepting while
// the machine is short of something, and follows the addresses that the configuration
// names. That also
// keeps a net/http server accepting when the machine is short of
// something: http.Server.Serve ends with the first error that package net does not
// call temporary, ENOBUFS and ENOMEM among them, and nobody would start it again.
//
// Read patient.go first, then accept.go and addresses.go.
package serve

import (
	"errors"
	"net"
	"syscall"
	"time"
)

// Pauses between two tries while accepting fails: descriptors and memory come back
// by themselves when connections end, and a lasting error must not take a processor.
const (
	firstPause = 10 * time.Millisecond
	lastPause  = 100 * time.Millisecond
)

// Patiently returns a listener like l whose Accept tries again until it has a
// connection or l is closed: any error it returns is net.ErrClosed.
func Patiently(l net.Listener) net.Listener { return patient{l} }

type patient struct{ net.Listener }

func (p patient) Accept() (net.Conn, error) { return next(p.Listener.Accept, nil) }

// next waits for a connection; its error is net.ErrClosed.
func next[C any](accept func() (C, error), trouble func(error)) (C, error) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
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
