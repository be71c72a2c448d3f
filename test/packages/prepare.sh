#!/bin/sh
# Usage: prepare.sh quick|all: makes what the tests need: the packages, those of a
# next version, a second build of the same commit elsewhere, and the Debian systems
# that are booted or entered. Needs root, mmdebstrap and a Debian mirror: that of
# MCDNS_TEST_MIRROR, else the one this machine's apt uses.
set -eu
cd "$(dirname "$0")/../.."
mirror=${MCDNS_TEST_MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | sed -n 1p)}

say() {
	printf 'mcdns: error: %s\nmcdns: hint: %s\n' "$1" "$2" >&2
	exit 1
}
[ "$(id -u)" = 0 ] || say "the tests of the packages boot machines, which only root can" "sudo make test-packages"
for tool in mmdebstrap systemd-nspawn nsenter lintian apparmor_parser; do
	command -v $tool >/dev/null ||
		say "$tool is missing" "apt-get install mmdebstrap systemd-container util-linux lintian apparmor"
done

[ -n "$mirror" ] || say "no Debian mirror is known" "MCDNS_TEST_MIRROR=URL of one"

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

ALL=1 packaging/build.sh build
export COMMIT="$(cat build/commit)"
packaging/build.sh build/next 0.2.0
ALL=1 packaging/build.sh build/again/elsewhere
cc -O2 -pthread -o build/lookup test/lab/lookup/lookup.c
i686-linux-gnu-gcc -O2 -pthread -o build/lookup32 test/lab/lookup/lookup.c

# Another module, as far as "go test ./..." goes: it stays out of these systems.
mkdir -p build/roots && touch build/roots/go.mod
root bookworm bookworm --variant=minbase --include=systemd-sysv,dbus,iproute2,procps
[ "$1" = all ] || exit 0
root neighbours bookworm --variant=minbase --architectures=amd64,i386 \
	--include=systemd-sysv,dbus,iproute2,procps,libc6:i386,nscd,avahi-daemon,libnss-mdns,systemd-resolved,libnss-resolve
root bullseye bullseye --variant=essential
root trixie trixie --variant=essential
