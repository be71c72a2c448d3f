package dns

import (
	"errors"

	miekg "github.com/miekg/dns"

	"mcdns/gocore/labels"
)

// field is a part of RDATA: so many bytes, or one of the kinds below.
type field int8

const (
	aName  field = -1 // a domain name
	aText  field = -2 // a length byte and as many bytes
	texts  field = -3 // one or more of these, to the end
	params field = -4 // SvcParams, to the end (RFC 9460 section 2.2)
)

var errData = errors.New("malformed record data")

// layout says what RDATA of a type is made of, nil if it is opaque. The types
// here are those whose names a server may compress (RFC 3597 section 4) and
// those whose form this package has to know.
func layout(typ uint16) []field {
	switch typ {
	case miekg.TypeA:
		return layoutA
	case miekg.TypeAAAA:
		return layoutAAAA
	}
	return layouts[typ]
}

var (
	layoutA    = []field{4}
	layoutAAAA = []field{16}
	oneName    = []field{aName}
	twoNames   = []field{aName, aName}
	ranked     = []field{2, aName}
	layouts    = map[uint16][]field{
		miekg.TypeNS:    oneName,
		miekg.TypeMD:    oneName,
		miekg.TypeMF:    oneName,
		miekg.TypeCNAME: oneName,
		miekg.TypeSOA:   {aName, aName, 20},
		miekg.TypeMB:    oneName,
		miekg.TypeMG:    oneName,
		miekg.TypeMR:    oneName,
		miekg.TypePTR:   oneName,
		miekg.TypeMINFO: twoNames,
		miekg.TypeMX:    ranked,
		miekg.TypeTXT:   {texts},
		miekg.TypeRP:    twoNames,
		miekg.TypeAFSDB: ranked,
		miekg.TypeRT:    ranked,
		miekg.TypePX:    {2, aName, aName},
		miekg.TypeSRV:   {6, aName},
		miekg.TypeNAPTR: {4, aText, aText, aText, aName},
		miekg.TypeKX:    ranked,
		miekg.TypeDNAME: oneName,
		miekg.TypeSVCB:  {2, aName, params},
		miekg.TypeHTTPS: {2, aName, params},
	}
)

// appendData appends the RDATA msg[off:end] with its names unpacked.
func appendData(dst, msg []byte, off, end int, typ uint16) ([]byte, error) {
	fields := layout(typ)
	if fields == nil {
		return append(dst, msg[off:end]...), nil
	}
	var name [labels.MaxName]byte
	for _, f := range fields {
		next := 0
		if f == aName {
			n, behind, err := labels.Read(msg[:end], off, &name)
			if err != nil {
				return dst, err
			}
			dst, next = append(dst, name[:n]...), behind
		} else {
			if next = fieldEnd(msg, off, end, f); next == 0 {
				return dst, errData
			}
			dst = append(dst, msg[off:next]...)
		}
		off = next
	}
	if off != end {
		return dst, errData
	}
	return dst, nil
}

// plainData reports whether RDATA is well formed and holds no compressed name.
func plainData(b []byte, typ uint16) bool {
	fields, off := layout(typ), 0
	if fields == nil {
		return true
	}
	for _, f := range fields {
		next := 0
		if f == aName {
			next = labels.End(b, off)
		} else {
			next = fieldEnd(b, off, len(b), f)
		}
		if next == 0 {
			return false
		}
		off = next
	}
	return off == len(b)
}

// foldData appends plain RDATA with its names lower-cased: what is compared,
// since a server may echo the question's letters in names it compresses.
func foldData(dst, b []byte, typ uint16) []byte {
	start, off := len(dst), 0
	dst = append(dst, b...)
	for _, f := range layout(typ) {
		next := 0
		if f == aName {
			next = labels.End(b, off)
			labels.Fold(dst[start+off : start+next])
		} else {
			next = fieldEnd(b, off, len(b), f)
		}
		off = next
	}
	return dst
}

// fieldEnd returns the offset behind the field of b[off:end], 0 if it does not
// fit or is malformed.
func fieldEnd(b []byte, off, end int, f field) int {
	switch f {
	case aText:
		if off >= end || off+1+int(b[off]) > end {
			return 0
		}
		return off + 1 + int(b[off])
	case texts:
		for first := true; first || off < end; first = false {
			if off = fieldEnd(b, off, end, aText); off == 0 {
				return 0
			}
		}
		return off
	case params:
		return paramsEnd(b, off, end)
	}
	if off+int(f) > end {
		return 0
	}
	return off + int(f)
}

// SvcParam keys that carry addresses (RFC 9460 section 7.3).
const (
	hint4 = 4
	hint6 = 6
)

// paramsEnd checks SvcParams: keys in strictly rising order, hints of whole
// addresses.
func paramsEnd(b []byte, off, end int) int {
	last := -1
	for off < end {
		if end-off < 4 {
			return 0
		}
		key, n := int(be16(b[off:])), int(be16(b[off+2:]))
		off += 4
		if key <= last || n > end-off {
			return 0
		}
		if key == hint4 && (n == 0 || n%4 != 0) || key == hint6 && (n == 0 || n%16 != 0) {
			return 0
		}
		last = key
		off += n
	}
	return off
}
