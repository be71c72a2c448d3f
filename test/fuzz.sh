#!/bin/sh
# Usage: fuzz.sh RUNS: throws hostile bytes at every parser, RUNS runs of each beside
# the kept corpora. Runs, not seconds: on a busy machine the go command takes the
# end of the time for a failure. An input that is new is made smaller in 200 runs:
# by default that may take a minute for each.
set -eu
for package in $(go list ./gocore/... ./daemon/...); do
	go test -list '^Fuzz' "$package" | grep '^Fuzz' | while read -r target; do
		echo "$package $target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" -fuzzminimizetime 200x "$package"
	done
done
