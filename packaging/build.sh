#!/bin/sh
# Usage: build.sh [DIR [VERSION]]: makes this machine's packages of the last commit (or
# of COMMIT) in DIR/packages (build/packages), by way of a clean export in DIR/export;
# DIR/commit says which. With ALL=1 on amd64 those for arm64, and the module for 32-bit
# programs, too. VERSION is for tests of upgrades: packages called that. The release's
# own version stands in debian/changelog.
set -eu
cd "$(dirname "$0")/.."
dir=${1:-build}
version=${2:-}
me=$(dpkg --print-architecture 2>/dev/null || uname -m)

case $me in
amd64 | arm64) ;;
*)
	echo "packages: this machine is $me; amd64 and arm64 are known" >&2
	exit 1
	;;
esac
all=
[ "$me" != amd64 ] || [ "${ALL:-}" != 1 ] || all=1

tools='' packages=''
need() {
	command -v "$1" >/dev/null && return
	tools="$tools $1"
	packages="$packages $2"
}
need dpkg-buildpackage dpkg-dev
need dh debhelper
need dh_installnss dh-nss
need rpmbuild rpm
need git git
[ -z "$all" ] || need aarch64-linux-gnu-gcc "gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
[ -z "$all" ] || need i686-linux-gnu-gcc "gcc-i686-linux-gnu libc6-dev-i386-cross"
if [ -n "$tools" ]; then
	echo "packages: missing:$tools: apt-get install$packages" >&2
	exit 1
fi
sh test/demo/need.sh

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
rm -rf "$dir/export" "$dir/packages"
mkdir "$dir/export" "$dir/packages"
git rev-parse "${COMMIT:-HEAD}" >"$dir/commit"
git archive "$(cat "$dir/commit")" | tar -x -C "$dir/export"
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
# rpm RPM-ARCH GOARCH GNU-TYPE
rpm() { packaging/rpm/build.sh "$1" "$2" "$3" ../packages; }

case $me in
amd64)
	deb amd64
	rpm x86_64 amd64 x86_64-linux-gnu
	if [ -n "$all" ]; then
		deb arm64
		rpm aarch64 arm64 aarch64-linux-gnu
		deb i386 pkg.mcdns.module
		rpm i686 386 i686-linux-gnu
	fi
	;;
arm64)
	deb arm64
	rpm aarch64 arm64 aarch64-linux-gnu
	;;
esac
ls -l ../packages
