package wire

import "mcdns/gocore/dns"

// Peer names one run of one host. It is defined where answers are, for their
// birth names one.
type Peer = dns.Peer
