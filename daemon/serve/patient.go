package serve

import "net"

// Patiently returns a listener like l for net/http, whose Accept tries again until it
// has a connection or l is closed: any error it returns is net.ErrClosed.
// http.Server.Serve ends with the first error that package net does not call temporary,
// ENOBUFS and ENOMEM among them, and nobody would start it again.
func Patiently(l net.Listener) net.Listener { return patient{l} }

type patient struct{ net.Listener }

func (p patient) Accept() (net.Conn, error) { return next(p.Listener.Accept, nil) }
