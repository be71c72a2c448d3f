#!/bin/sh
# Says in one line what is missing on this machine, and how to get it.
#
#	need.sh		what a build needs: Go, a C compiler, glibc
#	need.sh lab	that, and the namespaces that the demo and the lab need
#
# POSIX sh, because it runs before anything can be built.

missing() {
	printf 'mcdns: error: %s\n' "$1" >&2
	printf 'mcdns: hint: %s\n' "$2" >&2
	exit 1
}

# install DEBIAN-PACKAGES OTHER-PACKAGES: the command that gets them here.
install() {
	if command -v apt-get >/dev/null 2>&1; then
		echo "sudo apt-get install $1"
	elif command -v dnf >/dev/null 2>&1; then
		echo "sudo dnf install $2"
	else
		echo "install the packages $1 (as Debian calls them)"
	fi
}

need_glibc() {
	getconf GNU_LIBC_VERSION >/dev/null 2>&1 && command -v getent >/dev/null 2>&1 ||
		missing "this system's C library is not glibc" "mcdns is a module of glibc's name service switch: use a distribution with glibc"
}

need_cc() {
	cc=${CC:-cc}
	command -v "${cc%% *}" >/dev/null 2>&1 ||
		missing "no C compiler ($cc)" "$(install 'gcc libc6-dev' 'gcc glibc-devel')"
	printf '#include <netdb.h>\nint main(void) { return 0; }\n' | $cc -x c -fsyntax-only - 2>/dev/null ||
		missing "the C compiler ($cc) has no <netdb.h>" "$(install libc6-dev glibc-devel)"
}

# Go 1.21 and later fetch the release that go.mod asks for, unless told not to.
need_go() {
	command -v go >/dev/null 2>&1 ||
		missing "no Go (go is not in PATH)" "https://go.dev/dl/, 1.26 or newer; with sudo: sudo env \"PATH=\$PATH\" make"
	# Outside the module, else an old Go stops at the version in go.mod.
	version=$(cd / && go env GOVERSION 2>/dev/null)
	case $version in devel*) return ;; esac
	release=${version#go1.}
	release=${release%%[!0-9]*}
	case $release in '') release=0 ;; esac
	[ "$release" -ge 26 ] && return
	[ "$release" -ge 21 ] && [ "$(cd / && go env GOTOOLCHAIN)" != local ] && return
	missing "Go ${version:-of unknown version} is too old" "https://go.dev/dl/, 1.26 or newer; any Go from 1.21 on fetches it by itself unless GOTOOLCHAIN=local"
}

# The same namespaces that the lab will ask for. Without unshare(1) the lab
# itself finds out, a little later.
need_namespaces() {
	command -v unshare >/dev/null 2>&1 || return
	user=r
	[ "$(id -u)" = 0 ] && user=
	why=$(unshare -${user}nm sh -c 'mount -t tmpfs none /run' 2>&1) && return
	[ -n "$user" ] ||
		missing "root may not make namespaces here ($why)" "in a container: docker run --privileged"
	missing "users may not make namespaces here ($why)" "$(way_out)"
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

need_glibc
need_cc
need_go
if [ "$1" = lab ]; then
	need_namespaces
fi
