#!/bin/sh
# Usage: rpm/build.sh RPM-ARCH GOARCH GNU-TYPE DIR: makes the packages of the source
# tree in the working directory, and puts them into DIR.
set -eu
here=$(pwd)
lib=lib64
[ "$1" != i686 ] || lib=lib
export GOARCH="$2" CC="$3-gcc" STRIP="$3-strip"
rpmbuild -bb --quiet --target "$1" --build-in-place \
	--define "_topdir $here/build/rpm" --define "_rpmdir $here/build/rpm" --define "_libdir /usr/$lib" \
	--define "mcdns_version $(packaging/version.sh)" --define "built build/rpm-$1" \
	--define "_buildhost localhost" --define "use_source_date_epoch_as_buildtime 1" \
	--define "clamp_mtime_to_source_date_epoch 1" --define "_build_id_links none" \
	packaging/rpm/mcdns.spec
mv "build/rpm/$1"/*.rpm "$4"
