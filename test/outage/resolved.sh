#!/bin/sh
# Unpacks systemd-resolved into build/resolved, for the outage's table. It is not
# installed: its packages edit /etc/nsswitch.conf and /etc/resolv.conf. Without
# apt-get or a network there is no systemd-resolved in the table.
set -u
cd "$(dirname "$0")/../.." || exit
[ -e build/resolved/ready ] && exit
rm -rf build/resolved
mkdir -p build/resolved/packages
unpack() {
	(cd build/resolved/packages && apt-get -o APT::Sandbox::User=root download -q systemd-resolved libnss-resolve libsystemd-shared) >/dev/null || return
	for package in build/resolved/packages/*.deb; do
		dpkg -x "$package" build/resolved || return
	done
}
if unpack; then
	: >build/resolved/ready
else
	echo "mcdns: hint: systemd-resolved cannot be had here (apt-get download); the table goes without it"
fi
