#!/bin/sh
# Prints the version, or with "date" the second of its release: both stand in
# debian/changelog and nowhere else.
set -eu
changelog=$(dirname "$0")/debian/changelog
case ${1:-version} in
version) sed -n '1s/.*(\(.*\)).*/\1/p' "$changelog" ;;
date) date -u -d "$(sed -n 's/^ -- .*>  //p' "$changelog" | head -n 1)" +%s ;;
esac
