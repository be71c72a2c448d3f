#!/bin/sh
# Usage: install.sh install|uninstall DIR [module]: puts what compile.sh built in
# DIR where it belongs, or takes it away again. DESTDIR and PREFIX are as usual;
# LIBDIR is where the C library looks for the module.
set -eu
verb=$1
built=$(realpath -m "$2") # before cd
part=${3:-all}
cd "$(dirname "$0")"
prefix=${PREFIX:-/usr}
# Debian's compiler names a directory for each architecture; elsewhere 64 bits
# have lib64, and a module in lib is never found.
multiarch=$(${CC:-cc} -print-multiarch 2>/dev/null) || multiarch=
lib=lib/$multiarch
[ -n "$multiarch" ] || [ ! -d /usr/lib64 ] || lib=lib64
libdir=${LIBDIR:-$prefix/$lib}
unitdir=${UNITDIR:-$prefix/lib/systemd/system}
share=$prefix/share

# put MODE SOURCE TARGET; @sbindir@ in units and pages is where mcdnsd is.
put() {
	target=${DESTDIR:-}$3
	rm -f "$target"
	[ "$verb" = install ] || return 0
	install -d "$(dirname "$target")"
	install -m "$1" "$2" "$target"
	case $2 in systemd/*) sed -i "s|@sbindir@|$prefix/sbin|" "$target" ;; esac
}

# What the administrator may have changed stays as it is.
keep() {
	[ "$verb" = install ] || return 0
	[ -e "${DESTDIR:-}$3" ] || put "$@"
}

# here is for what concerns this machine, not files in a DESTDIR. It may do
# without any of it: no systemd, no ldconfig.
here() {
	[ -z "${DESTDIR:-}" ] || return 0
	! command -v "$1" >/dev/null || "$@" || true
}

if [ "$verb" = uninstall ]; then
	here "$prefix/bin/mcdns" nss disable
	here systemctl disable --now mcdnsd.socket mcdnsd.service mcdnsd-recover.timer
fi

put 644 "$built/libnss_mcdns.so.2" "$libdir/libnss_mcdns.so.2"
here ldconfig
put 644 man/libnss_mcdns.8 "$share/man/man8/libnss_mcdns.8"
[ "$part" = all ] || exit 0

put 755 "$built/mcdnsd" "$prefix/sbin/mcdnsd"
put 755 "$built/mcdns" "$prefix/bin/mcdns"
for unit in mcdnsd.socket mcdnsd.service mcdnsd-recover.timer mcdnsd-recover.service; do
	put 644 systemd/$unit "$unitdir/$unit"
done
put 644 systemd/mcdns.sysusers "$prefix/lib/sysusers.d/mcdns.conf"
put 644 systemd/90-mcdns.preset "$prefix/lib/systemd/system-preset/90-mcdns.preset"
keep 644 etc/mcdnsd.conf /etc/mcdns/mcdnsd.conf
put 644 apparmor/mcdns /etc/apparmor.d/abstractions/nameservice.d/mcdns
put 644 firewall/firewalld.xml "$prefix/lib/firewalld/services/mcdns.xml"
put 644 firewall/ufw /etc/ufw/applications.d/mcdns
for page in mcdns.1 mcdnsd.conf.5 mcdns-protocol.7 mcdnsd.8; do
	put 644 man/$page "$share/man/man${page##*.}/$page"
done
for file in prometheus/mcdns.rules.yml prometheus/scrape.yml grafana/mcdns.json; do
	put 644 $file "$share/mcdns/$file"
done
put 644 "$built/third-party" "${DOCDIR:-$share/doc/mcdns}/third-party"
put 644 "$built/mcdns.bash" "$share/bash-completion/completions/mcdns"
put 644 "$built/mcdns.zsh" "${ZSHDIR:-$share/zsh/vendor-completions}/_mcdns"
put 644 "$built/mcdns.fish" "$share/fish/vendor_completions.d/mcdns.fish"
