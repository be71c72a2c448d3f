// Soak proves that nothing grows: for an hour (-for) a lab of real hosts looks
// names up, loses and regains its DNS server and its network, and has hosts come
// and go, while the daemons that stay are measured once a minute.
//
//	main.go    the command line, the LAN, everything at once
//	lookups.go what programs on the hosts that stay look up
//	trouble.go what happens to the LAN
//	sample.go  what a daemon takes of the machine
//	budget.go  the thirds of the run beside each other, and the promises
//
// The cache is as small as mcdnsd.conf(5) allows, so that ever new names fill it
// in the first third: what then still grows is no cache.
package main
