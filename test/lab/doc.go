// Package lab makes a LAN of real hosts out of network namespaces, on one
// machine and without touching it.
//
//	                the lab's own network namespace
//	     bridge, or the user-space switch where loss or delay is asked for
//	  |          |          |              |                |
//	router     dns1         h1             h2      ...      hN     one namespace each
//	10.77.0.1  10.77.0.2    10.77.1.1      10.77.1.2
//	fd77::1    fd77::2      fd77::1:1      fd77::1:2
//
// Each host has its own interfaces, host name, /etc (nsswitch.conf,
// resolv.conf, hosts, mcdns/), /run, /var/lib and boot id, and sees the
// machine's programs through them. Any real program can run on it; where the
// host's nsswitch.conf names mcdns, the real libnss_mcdns.so.2 stands in the
// C library's directory and the real mcdnsd runs, with the lab as its systemd:
// the lab holds nss.sock and starts mcdnsd again when it dies. Behind the
// router is an Internet of documentation addresses; the DNS servers are part
// of this package.
//
// A program calls Enter first, which starts it anew inside namespaces of its
// own: as root, or as an ordinary user in a user namespace. Everything ends
// when that process ends, however it ends. Tests call Main from TestMain and
// Start in each test.
//
// Reading order: enter.go, lan.go, host.go, files.go, link.go, unit.go,
// power.go; server.go and zone.go for DNS; switch.go for bad networks;
// lookup.go for the C program that takes the times.
package lab
