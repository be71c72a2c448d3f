// Package dns turns the bytes of DNS into questions and answers, and back. It is
// the only package that imports miekg/dns, so that its successor can replace it
// in one place.
//
// Everything is pure: a parser is handed bytes that may be hostile, bounds them
// before it allocates, and returns a value or an error.
//
// Read answer.go and question.go first: the two values that all else is about.
// Then packed.go (the one form of an answer), reply.go (what is made of a DNS
// server's reply), view.go (what programs are shown), left.go (what is left of it),
// rdata.go (the layouts below; those of names are gocore/labels').
package dns
