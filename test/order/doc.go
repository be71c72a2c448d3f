// Package order proves on real hosts that the order of the servers in resolv.conf is
// kept: A, the site's own, and B, which denies A's names or gives them other
// addresses. A is slow, loses questions, is silent, refuses, dies and is back; a VPN
// puts B in front; the state and the peers of the version before are read. Beside
// each host with mcdns one with nss-dns looks the same names up.
//
//	order_test.go  A in each of its ways
//	wire_test.go   what the group is told
//	again_test.go  a host alone: a slow server at the start, one that is started again
//	vpn_test.go    a list that changes
//	before_test.go the version before the rule
package order
