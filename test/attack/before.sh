#!/bin/sh
# Builds the commit in which the attacks were found to succeed into build/attack/before,
# from the repository's history. Without that commit (a shallow clone) it says so, and
# fails where MCDNS_TEST_REQUIRE is set: attacks that were never seen to succeed prove
# nothing.
set -eu
commit=71b6b87f832a4256f0e54f8609e5bdfc656c55ff
cd "$(dirname "$0")/../.."
to=build/attack/before
# The simulator of then, with the attack of today.
virtual() {
	mkdir -p $to/source/test/attack/virtual
	cp test/sim/hostile.go test/sim/boot.go test/sim/rotation.go $to/source/test/sim/
	cp test/attack/testdata/then.go $to/source/test/sim/
	cp test/attack/virtual/*.go $to/source/test/attack/virtual/
	go build -C $to/source -o ../virtual ./test/attack/virtual
}
if [ "$(cat $to/commit 2>/dev/null)" = "$commit" ]; then
	virtual
	exit
fi
rm -rf $to
if ! git cat-file -e "$commit^{commit}" 2>/dev/null; then
	echo "mcdns: error: the history lacks commit $commit: no attack can be tried on it" >&2
	echo "mcdns: hint: git fetch --unshallow" >&2
	[ -z "${MCDNS_TEST_REQUIRE:-}" ]
	exit
fi
mkdir -p $to/source
git archive "$commit" | tar -x -C $to/source
make -s -C $to/source build
mv $to/source/build/mcdnsd $to/source/build/mcdns $to/source/build/libnss_mcdns.so.2 $to/
virtual
echo "$commit" >$to/commit
