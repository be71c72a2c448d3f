// Package order says which DNS servers a question goes to, and what an answer of each of
// them is worth. The servers of a list are not equal: the first may know names that the
// second denies. Whoever asks, serves, keeps or probes asks here (PROTOCOL 2.6, 2.7, 5.3).
//
// Read standing.go first, whose answer counts; then order.go, how far a question may travel
// and to whom. The lists themselves are in upstream/list.go. It holds nothing but the
// settings: how servers do is upstream's.
package order
