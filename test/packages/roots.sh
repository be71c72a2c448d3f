#!/bin/sh
# Usage: roots.sh quick|all: makes the Debian systems that the tests boot or enter,
# in build/roots, once. Needs root, mmdebstrap and a Debian mirror.
set -eu
cd "$(dirname "$0")/../.."
mirror=${MCDNS_TEST_MIRROR:-http://deb.debian.org/debian}

say() {
	printf 'mcdns: error: %s\nmcdns: hint: %s\n' "$1" "$2" >&2
	exit 1
}
[ "$(id -u)" = 0 ] || say "the tests of the packages boot machines, which only root can" "sudo make test-packages"
for tool in mmdebstrap systemd-nspawn nsenter; do
	command -v $tool >/dev/null || say "$tool is missing" "apt-get install mmdebstrap systemd-container util-linux"
done

# root NAME SUITE OPTIONS...: made beside its place, so that half a root is none.
root() {
	name=$1
	suite=$2
	shift 2
	[ ! -d "build/roots/$name" ] || return 0
	rm -rf "build/roots/$name.new"
	mkdir -p build/roots
	mmdebstrap --quiet "$@" "$suite" "build/roots/$name.new" "$mirror"
	mv "build/roots/$name.new" "build/roots/$name"
}

root bookworm bookworm --variant=minbase --include=systemd-sysv,dbus,iproute2,procps
[ "$1" = all ] || exit 0
root neighbours bookworm --variant=minbase --architectures=amd64,i386 \
	--include=systemd-sysv,dbus,iproute2,procps,libc6:i386,nscd,avahi-daemon,libnss-mdns,systemd-resolved,libnss-resolve
root bullseye bullseye --variant=essential
root trixie trixie --variant=essential
