package dns

import (
	"net/netip"

	"mcdns/gocore/labels"
)

// holdsPrivate reports whether well-formed RDATA holds an address that is not
// a public unicast one.
func holdsPrivate(data []byte, typ uint16) bool {
	switch typ {
	case TypeA, TypeAAAA:
		return anyPrivate(data, len(data))
	case TypeSVCB, TypeHTTPS:
		return hintsPrivate(data[labels.End(data, 2):])
	}
	return false
}

// hintsPrivate looks into the address hints of SvcParams, by which a browser
// connects as it would by A and AAAA (RFC 9460 section 7.3).
func hintsPrivate(p []byte) bool {
	for len(p) >= 4 {
		key, n := be16(p), int(be16(p[2:]))
		value := p[4 : 4+n]
		if key == hint4 && anyPrivate(value, 4) || key == hint6 && anyPrivate(value, 16) {
			return true
		}
		p = p[4+n:]
	}
	return false
}

// anyPrivate looks at addresses of size bytes each.
func anyPrivate(b []byte, size int) bool {
	for ; len(b) >= size; b = b[size:] {
		if a, ok := netip.AddrFromSlice(b[:size]); ok && !public(a) {
			return true
		}
	}
	return false
}

// public reports whether programs on this host may be led to the address by
// anybody's word: unicast, and not set aside for some smaller world than the
// Internet. Documentation addresses pass: they lead nowhere.
func public(a netip.Addr) bool {
	if a = a.Unmap(); a.Is4() {
		return public4(a.As4())
	}
	b := a.As16()
	switch {
	case be64(b[:]) == 0x0064ff9b_00000000 && be16(b[8:]) == 0 && be16(b[10:]) == 0:
		return public4([4]byte(b[12:])) // NAT64 (RFC 6052): a way to an IPv4 address
	case be16(b[:]) == 0x2002:
		return public4([4]byte(b[2:])) // 6to4 (RFC 3056)
	}
	return b[0]>>5 == 1 // 2000::/3, all that is allocated (RFC 4291 section 2.4)
}

// public4 leaves out the special-purpose blocks of RFC 6890 and multicast.
func public4(b [4]byte) bool {
	switch b[0] {
	case 0, 10, 127:
		return false
	case 100:
		return b[1]>>6 != 1 // 100.64/10, carriers (RFC 6598)
	case 169:
		return b[1] != 254
	case 172:
		return b[1]>>4 != 1
	case 192:
		return b[1] != 168 && (b[1] != 0 || b[2] != 0)
	case 198:
		return b[1]>>1 != 9 // 198.18/15, benchmarks (RFC 2544)
	}
	return b[0] < 224
}
