#!/bin/sh
# Usage: fuzz.sh RUNS [PATTERN]: throws hostile bytes at every parser of test/fuzz.md,
# RUNS runs of each beside the kept corpora, or as long as RUNS says: 10m. Runs, not
# seconds, in CI: on a busy machine the go command takes the end of the time for a
# failure. An input that is new is made smaller in 200 runs: by default that may take
# a minute for each.
set -eu
for package in $(go list ./gocore/... ./daemon/...); do
	go test -list '^Fuzz' "$package" | grep "^Fuzz.*${2:-}" | while read -r target; do
		echo "$package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" -fuzzminimizetime 200x "$package"
	done
done
