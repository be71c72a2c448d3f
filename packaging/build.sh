#!/bin/sh
# Usage: build.sh [DIR [VERSION]]: makes the packages of the last commit in
# DIR/packages (build/packages), by way of a clean export in DIR/export. VERSION
# is for tests of upgrades: Debian packages for this machine, called that. The
# release's own version stands in debian/changelog.
set -eu
cd "$(dirname "$0")/.."
dir=${1:-build}
version=${2:-}
me=$(dpkg --print-architecture 2>/dev/null || uname -m)

need() {
	command -v "$1" >/dev/null && return
	echo "packages: $1 is missing: apt-get install $2" >&2
	exit 1
}
need go "a Go of 1.26 or newer (https://go.dev/dl/)"
need dpkg-buildpackage dpkg-dev
need dh debhelper
need dh_installnss dh-nss
need rpmbuild rpm
[ "$me" = arm64 ] || need aarch64-linux-gnu-gcc "gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
[ "$me" != amd64 ] || need i686-linux-gnu-gcc "gcc-i686-linux-gnu libc6-dev-i386-cross"

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
rm -rf "$dir/export" "$dir/packages"
mkdir "$dir/export" "$dir/packages"
git archive HEAD | tar -x -C "$dir/export"
cd "$dir/export"
cp -rL packaging/debian debian
if [ -n "$version" ]; then
	sed "s/^mcdns (.*)/mcdns ($version)/" debian/changelog >packaging/debian/changelog
	cp packaging/debian/changelog debian/changelog
fi

# debhelper takes HOME away from what it runs, and Go keeps its things there.
for name in GOENV GOCACHE GOMODCACHE; do
	export $name="$(go env $name)"
done
SOURCE_DATE_EPOCH=$(packaging/version.sh date)
DEB_BUILD_OPTIONS="noautodbgsym nocheck"
export SOURCE_DATE_EPOCH DEB_BUILD_OPTIONS

# deb ARCHITECTURE [PROFILES]: -d, because Build-Depends are of this machine.
deb() {
	DEB_BUILD_PROFILES=${2:-} dpkg-buildpackage -us -uc -b -d -a "$1"
	mv ../*.deb ../packages/
	rm -f ../*.buildinfo ../*.changes
}
deb "$me"
if [ -z "$version" ]; then
	[ "$me" = arm64 ] || deb arm64
	[ "$me" != amd64 ] || deb i386 pkg.mcdns.module
	case $me in
	amd64) packaging/rpm/build.sh x86_64 amd64 x86_64-linux-gnu ../packages ;;
	esac
	packaging/rpm/build.sh aarch64 arm64 aarch64-linux-gnu ../packages
	[ "$me" != amd64 ] || packaging/rpm/build.sh i686 386 i686-linux-gnu ../packages
fi
ls -l ../packages
