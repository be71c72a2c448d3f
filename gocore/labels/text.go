package labels

import "errors"

var (
	errEmptyName  = errors.New("empty; give a name such as www.example.org")
	errEmptyLabel = errors.New("two dots in a row, or a dot in front")
	errLongLabel  = errors.New("a label (what stands between two dots) has more than 63 bytes")
	errLongName   = errors.New("longer than 255 bytes")
	errEscape     = errors.New(`a backslash must be followed by a character or by a number from 000 to 255`)
)

// Append appends the folded plain name of a presentation form, its final
// dot optional.
func Append(dst []byte, name string) ([]byte, error) {
	if name == "" {
		return dst, errEmptyName
	}
	if name == "." {
		return append(dst, 0), nil
	}
	start, label := len(dst), len(dst)
	dst = append(dst, 0)
	for i := 0; i < len(name); {
		c := name[i]
		i++
		if c == '.' {
			if len(dst)-label == 1 {
				return dst, errEmptyLabel
			}
			dst[label] = byte(len(dst) - label - 1)
			label = len(dst)
			dst = append(dst, 0)
			continue
		}
		if c == '\\' {
			var n int
			if c, n = unescape(name[i:]); n == 0 {
				return dst, errEscape
			}
			i += n
		}
		dst = append(dst, Lower(c))
		if len(dst)-label > 1+MaxLabel {
			return dst, errLongLabel
		}
		// One byte is the root's, still to come.
		if len(dst)-start >= MaxName {
			return dst, errLongName
		}
	}
	if n := len(dst) - label - 1; n > 0 {
		dst[label] = byte(n)
		dst = append(dst, 0)
	}
	return dst, nil
}

// unescape reads what stands behind a backslash: the byte meant and how much
// of s it took, 0 if it means nothing.
func unescape(s string) (c byte, n int) {
	if s == "" {
		return 0, 0
	}
	if s[0]-'0' >= 10 {
		return s[0], 1
	}
	if len(s) < 3 || s[1]-'0' >= 10 || s[2]-'0' >= 10 {
		return 0, 0
	}
	v := int(s[0]-'0')*100 + int(s[1]-'0')*10 + int(s[2]-'0')
	if v > 255 {
		return 0, 0
	}
	return byte(v), 3
}

// Size is how many bytes Append appends.
func Size(name string) (n int) {
	if name == "." {
		return 1
	}
	for i := 0; i < len(name); i++ {
		if name[i] == '\\' {
			if _, k := unescape(name[i+1:]); k > 0 {
				i += k
			}
		}
		n++
	}
	return n + 1
}

// appendText appends a plain name in presentation form, with the final dot,
// escaped as miekg/dns does.
func appendText(dst, name []byte) []byte {
	if name[0] == 0 {
		return append(dst, '.')
	}
	for off := 0; name[off] != 0; {
		end := off + 1 + int(name[off])
		for _, c := range name[off+1 : end] {
			dst = appendEscaped(dst, c)
		}
		dst = append(dst, '.')
		off = end
	}
	return dst
}

func appendEscaped(dst []byte, c byte) []byte {
	if c-'a' < 26 || c-'0' < 10 {
		return append(dst, c)
	}
	switch c {
	case '.', ' ', '\'', '@', ';', '(', ')', '"', '\\':
		return append(dst, '\\', c)
	}
	if c < ' ' || c > '~' {
		return append(dst, '\\', '0'+c/100, '0'+c/10%10, '0'+c%10)
	}
	return append(dst, c)
}

// Text is appendText as a string, of which names of usual length cost one
// allocation.
func Text(name []byte) string {
	var room [128]byte
	return string(appendText(room[:0], name))
}

// Host is the presentation form of a plain name as nss-dns gives it to
// programs: no final dot, and only if glibc's res_hnok lets it pass ("" if
// not): letters, digits, '-' and '_', no leading dash.
func Host(name []byte) string {
	if name[0] == 0 || name[1] == '-' {
		return ""
	}
	for off := 0; name[off] != 0; {
		end := off + 1 + int(name[off])
		for _, c := range name[off+1 : end] {
			if Lower(c)-'a' >= 26 && c-'0' >= 10 && c != '-' && c != '_' {
				return ""
			}
		}
		off = end
	}
	s := Text(name)
	return s[:len(s)-1]
}
