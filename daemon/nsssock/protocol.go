package nsssock

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"strconv"

	"mcdns/daemon/glibc"
	"mcdns/daemon/resolvconf"
)

// This file is the other copy of nss/protocol.h; TestProtocolIsThatOfTheModule
// compares the two. Integers are in host byte order.
const (
	magic      = 0x316e636d
	requestMax = 8192
	replyMax   = 262144
	// replyMaxOld is what modules take that do not say large.
	replyMaxOld = 65536

	requestLen = 20
	replyLen   = 20
	addressLen = 24

	byName    = 1
	byAddress = 2

	noSearch       = 1
	hasLocaldomain = 2
	hasResOptions  = 4
	stamped        = 8
	large          = 16
)

// What a frame says beside how a lookup ended.
const (
	alive   glibc.Status = 0 // the lookup takes its time
	notHere glibc.Status = 6 // another service is to be asked
)

// request is what a program asks.
type request struct {
	kind          uint8
	glibc.Request // Name has the bytes of an address if kind is byAddress
	stamp         resolvconf.Stamp
	large         bool // the module takes replyMax
}

var errRequest = errors.New("nsssock: malformed request")

var native = binary.NativeEndian

// requestLength reads the length a request says it has from its first 8 bytes.
func requestLength(head []byte) (int, error) {
	if native.Uint32(head) != magic {
		return 0, errRequest
	}
	n := native.Uint32(head[4:])
	if n < requestLen || n > requestMax {
		return 0, errRequest
	}
	return int(n), nil
}

// parseRequest reads a whole request. The strings are copies.
func parseRequest(b []byte) (request, error) {
	if len(b) < requestLen {
		return request{}, errRequest
	}
	if n, err := requestLength(b); err != nil || n != len(b) {
		return request{}, errRequest
	}
	flags, rest := b[10], b[requestLen:]
	r := request{kind: b[8], large: flags&large != 0}
	r.Families, r.NoSearch = glibc.Families(b[9]), flags&noSearch != 0
	lengths := [3]int{int(native.Uint16(b[12:])), int(native.Uint16(b[14:])), int(native.Uint16(b[16:]))}
	if lengths[0]+lengths[1]+lengths[2] != len(rest) {
		return request{}, errRequest
	}
	take := func(n int) string {
		s := string(rest[:n])
		rest = rest[n:]
		return s
	}
	r.Name = take(lengths[0])
	localdomain, resOptions := take(lengths[1]), take(lengths[2])
	if flags&hasLocaldomain != 0 {
		r.Localdomain = &localdomain
	}
	if flags&hasResOptions != 0 {
		r.ResOptions = &resOptions
	}
	if flags&stamped != 0 {
		r.stamp = resolvconf.Known(uint32(b[11])<<16 | uint32(native.Uint16(b[18:])))
	}
	return r, r.check()
}

func (r *request) check() error {
	switch {
	case r.kind == byName && (r.Families == 0 || r.Families > glibc.Inet|glibc.Inet6):
		return errRequest
	case r.kind == byAddress && len(r.Name) != 4 && len(r.Name) != 16:
		return errRequest
	case r.kind != byName && r.kind != byAddress:
		return errRequest
	}
	return nil
}

// room is the longest reply that the module takes.
func (r *request) room() int {
	if r.large {
		return replyMax
	}
	return replyMaxOld
}

var aliveFrame = appendFrame(nil, glibc.Reply{Status: alive}, 0, replyMaxOld)

// appendFrame appends the frame of a reply. What does not fit most bytes is left
// out from the end: first aliases, then addresses. scope is the link of link-local
// addresses. A DNS message has room for 4,095
// IPv4 and 2,340 IPv6 addresses: 154,440 bytes here, so nothing of two is left out.
func appendFrame(dst []byte, r glibc.Reply, scope uint32, most int) []byte {
	room := most - replyLen
	names, addresses := 0, 0
	if len(r.Names) > 0 { // the canonical name always fits: at most 1 KiB
		names, room = 1, room-len(r.Names[0])-1
	}
	for addresses < len(r.Addresses) && room >= addressLen {
		addresses, room = addresses+1, room-addressLen
	}
	for names < len(r.Names) && room >= len(r.Names[names])+1 {
		room -= len(r.Names[names]) + 1
		names++
	}
	dst = native.AppendUint32(dst, magic)
	dst = native.AppendUint32(dst, uint32(most-room))
	dst = append(dst, byte(r.Status), 0)
	dst = native.AppendUint16(dst, uint16(addresses))
	dst = native.AppendUint16(dst, uint16(names))
	dst = native.AppendUint16(dst, 0)
	dst = native.AppendUint32(dst, r.TTL)
	for _, a := range r.Addresses[:addresses] {
		dst = appendAddress(dst, a, scopeOf(a, scope))
	}
	for _, n := range r.Names[:names] {
		dst = append(append(dst, n...), 0)
	}
	return dst
}

// scopeOf is the link that an address of this host is on, else scope.
func scopeOf(a netip.Addr, scope uint32) uint32 {
	if index, err := strconv.ParseUint(a.Zone(), 10, 32); err == nil {
		return uint32(index)
	}
	return scope
}

func appendAddress(dst []byte, a netip.Addr, scope uint32) []byte {
	family, bytes := byte(glibc.Inet6), a.As16()
	if a.Is4() {
		family, bytes = byte(glibc.Inet), [16]byte{}
		v4 := a.As4()
		copy(bytes[:], v4[:])
	}
	if !a.Is6() || !a.IsLinkLocalUnicast() {
		scope = 0
	}
	dst = append(dst, family, 0, 0, 0)
	dst = native.AppendUint32(dst, scope)
	return append(dst, bytes[:]...)
}
