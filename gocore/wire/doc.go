// Package wire turns bytes into questions, answers and messages between hosts,
// and back. It is the only package that imports miekg/dns, so that its
// successor can replace it in one place.
//
// Everything is pure: a decoder is handed bytes that may be hostile, bounds
// them before it allocates, and returns a value or an error.
package wire
