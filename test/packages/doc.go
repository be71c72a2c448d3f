// Package packages installs the packages of build/packages on booted Debian
// machines and breaks what administrators break: upgrades under load, daemons
// that cannot start, full disks, other name services beside mcdns.
//
// A machine is systemd-nspawn on an overlay of a Debian root (prepare.sh makes
// those), in the network namespace of a host of test/lab. So the LAN, its DNS
// server and its failures are the lab's; the systemd, dpkg and C library are
// Debian's own.
//
// "make test-packages" runs all of it and writes build/test-packages.json;
// MCDNS_TEST_PACKAGES=quick is the part for every change, and without that
// variable nothing runs: the tests need root and built packages.
package packages
