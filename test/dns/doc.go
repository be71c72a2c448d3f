// Package dns tests mcdnsd as a DNS cache and forwarder: the whole daemon with
// its loopback listener against a scripted server, against unbound, and under
// the attacks on resolvers that are known (attacks.md); and the node by
// transcripts on a virtual clock (testdata).
package dns
