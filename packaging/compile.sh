#!/bin/sh
# Usage: compile.sh DIR [module]: builds into DIR what install.sh installs, or the
# module alone, by the Makefile's rules. GOARCH and CC choose another architecture.
set -eu
dir=$(realpath -m "$1") # before cd
cd "$(dirname "$0")/.."
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
# What the programs contain of others, and on what terms.
{
	echo "The Go standard library" && cat "$(go env GOROOT)/LICENSE"
	go version -m "$dir/mcdnsd" "$dir/mcdns" | awk '$1 == "dep" { print $2 }' | sort -u | while read -r module; do
		printf '\n%s\n\n' "$module"
		find "$(go list -m -f '{{.Dir}}' "$module")" -maxdepth 1 \( -name 'LICENSE*' -o -name 'NOTICE*' \) -print0 |
			sort -z | xargs -0 cat
	done
} >"$dir/third-party"
