#!/bin/sh
# Usage: compile.sh DIR [module]: builds into DIR what install.sh installs, or the
# module alone, by the Makefile's rules. GOARCH and CC choose another architecture.
set -eu
cd "$(dirname "$0")/.."
dir=$1
module() { make --no-print-directory "$dir/libnss_mcdns.so.2" B="$dir" CC="${CC:-cc}"; }

mkdir -p "$dir"
if [ "${2:-}" = module ]; then
	module
	exit
fi
make --no-print-directory build B="$dir" CC="${CC:-cc}" VERSION="$(packaging/version.sh)"
for shell in bash zsh fish; do # by a program that runs here, whatever GOARCH is
	env -u GOARCH CGO_ENABLED=0 go run -buildvcs=false ./daemon/cmd/mcdns completion $shell >"$dir/mcdns.$shell"
done
