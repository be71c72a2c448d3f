package dns

import "mcdns/gocore/labels"

// The letters of a question's name are drawn anew each time it is put to a server
// (0x20). Servers compress names against the question, or keep what an authority
// compressed against an earlier one, so that drawn letters come back within the
// data: in a canonical name, the host of an MX or SRV, an SOA. What a program sees
// is the letters that it would have seen had nobody drawn any. The question stands
// in lower case here; so the labels at the end of a name that are the question's
// but for case stand in lower case too. Answers of peers and of the disk are made
// so as they are read: older versions told and saved what came.

// settle does that to the names in plain RDATA; question is a folded plain name.
// SVCB and HTTPS are left: nobody compresses them (RFC 9460 section 2.2), and their
// letters are signed as they stand (RFC 4034 section 6.2 does not list them).
func settle(data []byte, typ uint16, question []byte) {
	if typ == TypeA || typ == TypeAAAA || typ == TypeSVCB || typ == TypeHTTPS {
		return
	}
	off := 0
	for _, f := range layout(typ) {
		if f != aName {
			off = fieldEnd(data, off, len(data), f)
			continue
		}
		end := labels.End(data, off)
		settleName(data[off:end], question)
		off = end
	}
}

// settle does that to all records of an answer of good form.
func (f *form) settle(p []byte) {
	for off := f.records; off < len(p); {
		r, next := recordAt(p, off)
		settle(r.data, r.typ, f.name)
		off = next
	}
}

// settleName is settle for one plain name.
func settleName(name, question []byte) {
	if labels.Folded(name) {
		return
	}
	var mine, theirs [labels.MaxPointers + 1]uint8
	i, j := labels.Starts(name, &mine), labels.Starts(question, &theirs)
	same := len(name) - 1
	for i > 0 && j > 0 {
		i, j = i-1, j-1
		own := name[mine[i]:same]
		if end := int(theirs[j]) + len(own); end >= len(question) || !labels.Same(own, question[theirs[j]:end]) {
			break
		}
		same = int(mine[i])
	}
	labels.Fold(name[same:])
}
