// Package wire turns messages between hosts into bytes, and back (PROTOCOL 3.8 to 3.18).
//
// Everything is pure: a decoder is handed bytes that may be hostile, bounds
// them before it allocates, and returns a value or an error.
//
// Read message.go first: all that hosts say to one another. Then codec.go and
// decode.go (a datagram), stream.go (what a catch-up stream carries).
package wire
