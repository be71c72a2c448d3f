#!/bin/sh
# Unpacks systemd-resolved into build/resolved, for the outage's table. It is not
# installed: its packages edit /etc/nsswitch.conf and /etc/resolv.conf.
set -eu
cd "$(dirname "$0")/../.."
[ -e build/resolved/ready ] && exit
command -v apt-get >/dev/null 2>&1 || exit 0
rm -rf build/resolved
mkdir -p build/resolved/packages
(cd build/resolved/packages && apt-get -o APT::Sandbox::User=root download -q systemd-resolved libnss-resolve libsystemd-shared)
for package in build/resolved/packages/*.deb; do
	dpkg -x "$package" build/resolved
done
: >build/resolved/ready
