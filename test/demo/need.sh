#!/bin/sh
# Says all that is missing on this machine at once, and how to get it.
#
#	need.sh			what a build needs: make, a C compiler, git, Go, glibc
#	need.sh lab		that, and the namespaces that the demo and the lab need
#	need.sh install	asks whether to install it, or does with YES=1
#	need.sh path	PATH with a Go that will do, where a distribution hides one
#
# POSIX sh, because it runs before anything can be built.

fail() {
	printf 'mcdns: error: %s\n' "$1" >&2
	printf 'mcdns: hint: %s\n' "$2" >&2
	exit 1
}

# lacks WORDS DEBIAN-PACKAGES OTHER-PACKAGES: one more thing that is missing.
lacking='' debs='' rpms=''
lacks() {
	lacking="$lacking${lacking:+, }$1"
	debs="$debs $2"
	rpms="$rpms $3"
}

has() { command -v "$1" >/dev/null 2>&1; }

look_for_cc() {
	cc=${CC:-cc}
	if ! has "${cc%% *}"; then
		lacks "a C compiler ($cc)" 'gcc libc6-dev' 'gcc glibc-devel'
	elif ! printf '#include <netdb.h>\nint main(void) { return 0; }\n' | $cc -x c -fsyntax-only - 2>/dev/null; then
		lacks "<netdb.h> for the C compiler ($cc)" libc6-dev glibc-devel
	fi
}

# release GO: the N of its version 1.N, 0 if there is none. It is asked outside of the
# module, else an old Go stops at the version in go.mod.
release() {
	version=$(cd / && "$1" env GOVERSION 2>/dev/null)
	case $version in
	devel*) echo 1000 ;;
	go1.*) version=${version#go1.} && echo "${version%%[!0-9]*}" ;;
	*) echo 0 ;;
	esac
}

# enough GO: Go 1.21 and later fetch the release that go.mod asks for, unless told not to.
enough() {
	release=$(release "$1")
	[ "$release" -ge 26 ] && return
	[ "$release" -ge 21 ] && [ "$(cd / && GOTOOLCHAIN=${GOTOOLCHAIN:-auto} "$1" env GOTOOLCHAIN)" != local ]
}

# find_go: the first Go that will do; Debian and Ubuntu keep all but one out of PATH.
find_go() {
	for go in $(command -v go) ${GO_PLACES-/usr/local/go/bin/go /usr/lib/go-1.*/bin/go}; do
		[ -x "$go" ] && enough "$go" && echo "$go" && return
	done
	return 1
}

look_for_go() {
	if ! has go && ! find_go >/dev/null; then
		lacks 'Go 1.21 or newer' golang golang
	elif ! find_go >/dev/null; then
		lacks "a newer Go than 1.$(release go) (any from 1.21 on fetches the right one, unless GOTOOLCHAIN=local)" golang golang
	fi
}

look() {
	getconf GNU_LIBC_VERSION >/dev/null 2>&1 && has getent ||
		fail "this system's C library is not glibc" "mcdns is a module of glibc's name service switch: use a distribution with glibc"
	has make || lacks make make make
	look_for_cc
	has git || lacks git git git
	look_for_go
	# What go.mod names comes by HTTPS.
	[ -e /etc/ssl/certs/ca-certificates.crt ] || [ -e /etc/pki/tls/certs/ca-bundle.crt ] || [ -n "${SSL_CERT_FILE:-}" ] ||
		lacks 'the certificates of HTTPS' ca-certificates ca-certificates
}

sudo() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		command sudo "$@"
	fi
}

# get is what will be run, in words.
get() {
	if has apt-get; then
		echo "apt-get install$debs" | sed 's/ golang\>/ golang-go (from backports, if it is older than 1.21)/'
	elif has dnf; then
		echo "dnf install$rpms"
	else
		echo "install$debs (as Debian calls them); Go is at https://go.dev/dl/ too"
	fi
}

install() {
	[ -n "$lacking" ] || return 0
	has apt-get || has dnf || fail "missing: $lacking" "$(get)"
	printf 'mcdns: missing: %s\nmcdns: to be run%s: %s\n' "$lacking" "$([ "$(id -u)" = 0 ] || echo ', with sudo')" "$(get)"
	[ "$(id -u)" = 0 ] || has sudo || fail "only root can install it, and there is no sudo" "as root: $(get)"
	if [ "${YES:-}" != 1 ]; then
		[ -t 0 ] || fail "nobody is here to say yes" "YES=1, or run it yourself: $(get)"
		printf 'mcdns: install it? [y/N] '
		read -r yes
		case $yes in y | Y | yes) ;; *) fail "not installed" "$(get)" ;; esac
	fi
	if has apt-get; then
		with_apt
	else
		sudo dnf install -y $rpms
	fi
}

with_apt() {
	export DEBIAN_FRONTEND=noninteractive
	sudo apt-get update -qq
	case " $debs " in
	*' golang '*) debs=$(echo "$debs" | sed "s/ golang\>/ $(go_of_apt)/") ;;
	esac
	sudo apt-get install -y -qq --no-install-recommends $debs
}

# go_of_apt is the package of a Go from 1.21 on: the distribution's own, one of those
# beside it, as on Ubuntu, or that of Debian's backports.
go_of_apt() {
	own=$(apt-cache policy golang-go | sed -n 's/.*Candidate: \([0-9]*:\)\{0,1\}1\.\([0-9]*\).*/\2/p')
	if [ "${own:-0}" -ge 21 ]; then
		echo golang-go
		return
	fi
	beside || { backports && beside; } || fail "this distribution has no Go from 1.21 on" "https://go.dev/dl/"
}

beside() {
	apt-cache pkgnames golang-1. | sed -n 's/^golang-1\.\([0-9]*\)-go$/\1/p' | sort -n | {
		newest=0
		while read -r n; do newest=$n; done
		[ "$newest" -ge 21 ] && echo "golang-1.$newest-go"
	}
}

backports() {
	. /etc/os-release
	[ "$ID" = debian ] || return
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Label: Debian' | sed -n 1p)
	printf 'deb %s %s-backports main\n' "$mirror" "$VERSION_CODENAME" |
		sudo tee /etc/apt/sources.list.d/mcdns-go.list >/dev/null
	sudo apt-get update -qq >&2
}

# The same namespaces that the lab will ask for. Without unshare(1) the lab
# itself finds out, a little later.
need_namespaces() {
	has unshare || return
	user=r
	[ "$(id -u)" = 0 ] && user=
	why=$(unshare -${user}nm sh -c 'mount -t tmpfs none /run' 2>&1) && return
	[ -n "$user" ] ||
		fail "root may not make namespaces here ($why)" "in a container: docker run --privileged"
	fail "users may not make namespaces here ($why)" "$(way_out)"
}

way_out() {
	if [ "$(setting kernel/apparmor_restrict_unprivileged_userns)" = 1 ]; then
		echo 'sudo env "PATH=$PATH" make demo, or: sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0'
	elif [ "$(setting kernel/unprivileged_userns_clone)" = 0 ]; then
		echo 'sudo env "PATH=$PATH" make demo, or: sudo sysctl kernel.unprivileged_userns_clone=1'
	elif [ "$(setting user/max_user_namespaces)" = 0 ]; then
		echo 'sudo env "PATH=$PATH" make demo, or: sudo sysctl user.max_user_namespaces=10000'
	else
		echo 'sudo env "PATH=$PATH" make demo; in a container: docker run --privileged'
	fi
}

setting() {
	cat "/proc/sys/$1" 2>/dev/null
}

case ${1:-} in
path)
	go=$(find_go) || go=$(command -v go)
	echo "${go%/*}:$PATH"
	exit
	;;
esac
look
if [ "${1:-}" = install ]; then
	install
	exit
fi
[ -z "$lacking" ] || fail "missing: $lacking" "test/demo/try demo does it for you: $(get)"
if [ -z "$(command -v go)" ] || ! enough go; then
	fail "Go is at $(find_go), and not in PATH" "test/demo/try demo, or PATH=\"$(find_go | sed 's,/go$,,'):\$PATH\""
fi
if [ "${1:-}" = lab ]; then
	need_namespaces
fi
