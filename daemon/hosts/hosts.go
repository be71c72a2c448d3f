// Package hosts reads /etc/hosts for an administrator who lets mcdns stand
// before files in nsswitch.conf (or has removed files), as hosts(5) says and
// glibc's nss_files reads it.
package hosts

import (
	"bytes"
	"errors"
	"io/fs"
	"net/netip"
	"slices"
	"strings"

	"mcdns/daemon/files"
	"mcdns/gocore/dns"
)

// Path is the file.
const Path = "/etc/hosts"

// Bounds of one file: block lists of some megabytes are common.
const (
	maxFile  = 16 << 20
	maxNames = 1 << 20
	maxAddrs = 64 // of one name
	// maxName is NI_MAXHOST less its end: a longer one fits into no program's
	// buffer, nor into the module's frame.
	maxName = 1024
)

// A Table is what one file says. It is immutable once read; a nil Table says
// nothing.
type Table struct {
	names map[string]*entry // lower case, without a final dot
	addrs map[netip.Addr]*entry
	// reverse are the first names of addresses by the name of their PTR.
	reverse map[string]string
}

// An entry is a name with its addresses; names are those of its first line.
type entry struct {
	names []string
	addrs []netip.Addr
}

// Load reads the file at path; one that is missing is empty.
func Load(path string) (*Table, error) {
	text, err := files.Read(path, maxFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Parse(""), nil
	case errors.Is(err, files.ErrTooLarge):
		// Half a name would be another name.
		text = text[:bytes.LastIndexByte(text, '\n')+1]
	case err != nil:
		return nil, err
	}
	return Parse(string(text)), nil
}

// Parse reads a file's text. Lines that make no sense are left out, as glibc
// leaves them out.
func Parse(text string) *Table {
	t := &Table{names: map[string]*entry{}, addrs: map[netip.Addr]*entry{}, reverse: map[string]string{}}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.FieldsFunc(line, isSpace)
		if len(words) < 2 {
			continue
		}
		if addr, err := netip.ParseAddr(words[0]); err == nil {
			if names := slices.DeleteFunc(words[1:], unfit); len(names) > 0 {
				t.add(addr.Unmap(), names)
			}
		}
	}
	return t
}

// isSpace is isspace(3) of the C locale: a no-break space is part of a name.
func isSpace(r rune) bool { return r == ' ' || '\t' <= r && r <= '\r' }

// unfit: too long, or not of printable ASCII alone. The module refuses a reply in
// which one name is (nss/fill.c), so it would cost the others of its line.
func unfit(name string) bool {
	return len(name) > maxName || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// add joins a line: a name that stands in several has the addresses of all, an
// address has the names of its first.
func (t *Table) add(addr netip.Addr, names []string) {
	if len(t.names)+len(names) > maxNames {
		return
	}
	if t.addrs[addr] == nil {
		t.addrs[addr] = &entry{names: names, addrs: []netip.Addr{addr}}
		t.reverse[dns.ReverseName(addr.WithZone(""))] = names[0]
	}
	for _, n := range names {
		key := fold(n)
		e := t.names[key]
		if e == nil {
			e = &entry{names: names}
			t.names[key] = e
		}
		if len(e.addrs) < maxAddrs && !slices.Contains(e.addrs, addr) {
			e.addrs = append(e.addrs, addr)
		}
	}
}

func fold(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// Name looks a name up as it was written, with or without a final dot. Known
// says that the file has it, though the view may hold no address of the
// families wanted: nobody else is to be asked then.
func (t *Table) Name(name string, v4, v6 bool) (view dns.View, known bool) {
	if t == nil {
		return view, false
	}
	e := t.names[fold(name)]
	if e == nil {
		return view, false
	}
	view.Canonical, view.Aliases = e.names[0], e.names[1:]
	for _, a := range e.addrs {
		if a.Is4() && v4 || a.Is6() && v6 {
			view.Addrs = append(view.Addrs, a)
		}
	}
	return view, true
}

// Address looks up the names of an address.
func (t *Table) Address(addr netip.Addr) (names []string, known bool) {
	if t == nil {
		return nil, false
	}
	e := t.addrs[addr.Unmap().WithZone("")]
	if e == nil {
		return nil, false
	}
	return slices.Clone(e.names), true
}

// Answer is what the file says to a DNS question, nil if it does not know the
// name. Its TTL is 0: the file may change at any time.
func (t *Table) Answer(q dns.Question) *dns.Answer {
	if t == nil {
		return nil
	}
	if q.Type == dns.TypePTR {
		if name, known := t.reverse[q.Name]; known {
			return answer(q, []string{q.Name + " 0 IN PTR " + name + "."})
		}
		return nil
	}
	view, known := t.Name(q.Name, q.Type == dns.TypeA, q.Type == dns.TypeAAAA)
	if !known {
		return nil
	}
	var records []string
	for _, a := range view.Addrs {
		records = append(records, q.Name+" 0 IN "+map[bool]string{true: "A ", false: "AAAA "}[a.Is4()]+a.WithZone("").String())
	}
	return answer(q, records)
}

func answer(q dns.Question, records []string) *dns.Answer {
	a, err := dns.ParseAnswer(q, dns.RcodeSuccess, records)
	if err != nil {
		return nil
	}
	return a
}
