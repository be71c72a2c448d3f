// Package parity asks the same questions of every lookup function of the C
// library on two hosts of one LAN, one with "hosts: dns" and one with "hosts:
// mcdns", and compares everything that comes back: behind "mcdns
// [!UNAVAIL=return]" nobody gets to see what nss-dns would have said.
package parity
