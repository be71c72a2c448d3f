// Package request is what programs that speak DNS say to the loopback listener, and what
// they are told. What comes in is hostile; nothing here asks anybody.
//
// Read request.go for what is asked, reply.go for the reply.
package request
