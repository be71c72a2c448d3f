package dns

import (
	"encoding/binary"

	miekg "github.com/miekg/dns"

	"mcdns/gocore/labels"
)

// addProofs makes the packed answer of a question with the flag DO: what the
// answer without it holds, and what a validator needs to believe it. Records of
// the answer section are taken for names on the chain, with the DNAMEs above
// them that made it; of the authority section the SOA, the denials and their
// signatures. Nothing is checked here: the client that asked for it does that.
func (s *scrubber) addProofs(name []byte, authority int) error {
	chain := s.chain(name)
	s.out = append(s.out[:0:0], s.out[:HeaderLen+len(name)+4]...)
	s.count(6, 0)
	s.count(8, 0)
	off := HeaderLen
	var room [labels.MaxName]byte
	_, off, _ = labels.Read(s.reply, off, &room) // checkReply has read it
	off += 4
	answers, err := s.copyProofs(off, be16(s.reply[6:]), func(owner []byte, typ uint16) bool {
		return s.proves(chain, owner, typ)
	})
	if err != nil {
		return err
	}
	denials, err := s.copyProofs(authority, be16(s.reply[8:]), func(_ []byte, typ uint16) bool { return denies(typ) })
	if err != nil {
		return err
	}
	s.count(6, answers)
	s.count(8, denials)
	return nil
}

// chain lists the names that build found: the question's and the targets.
func (s *scrubber) chain(name []byte) [][]byte {
	names := [][]byte{name}
	for off := HeaderLen + len(name) + 4; ; {
		r, next := recordAt(s.out, off)
		if next == 0 {
			return names
		}
		if r.typ == TypeCNAME {
			names = append(names, r.data)
		}
		off = next
	}
}

func (s *scrubber) proves(chain [][]byte, owner []byte, typ uint16) bool {
	switch typ {
	case s.q.Type, TypeCNAME, miekg.TypeRRSIG, miekg.TypeDNAME:
	default:
		return false
	}
	for _, n := range chain {
		if labels.Same(n, owner) || typ != s.q.Type && typ != TypeCNAME && labels.Below(n, owner) >= 0 {
			return true
		}
	}
	return false
}

func denies(typ uint16) bool {
	return typ == TypeSOA || typ == miekg.TypeNSEC || typ == miekg.TypeNSEC3 || typ == miekg.TypeRRSIG
}

// maxStrangers is how many records that have no place in a section are passed over
// before the rest of it is left out. An honest reply has a dozen; a hostile one
// has 6000, each to be held against the whole chain (8 ms for 64 KiB, where 5 are
// allowed).
const maxStrangers = 256

// copyProofs appends the records of one section that wanted takes, with their
// owners in full, and returns how many.
func (s *scrubber) copyProofs(off int, records uint16, wanted func(owner []byte, typ uint16) bool) (n int, err error) {
	var room [labels.MaxName]byte
	strangers := 0
	for range records {
		owner, typ, class, c, err := s.rr(off, &room)
		if err != nil {
			return 0, err
		}
		off = int(c.end)
		if class != ClassIN || !wanted(owner, typ) {
			if strangers++; strangers > maxStrangers {
				return n, nil
			}
			continue
		}
		if typ == TypeCNAME {
			c.ttl = s.linkTTL(owner, c)
		}
		if err := s.addPlain(owner, typ, c); err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

func (s *scrubber) addPlain(owner []byte, typ uint16, c candidate) error {
	settleName(owner, s.question())
	out := append(s.out, owner...)
	out = binary.BigEndian.AppendUint16(out, typ)
	out = append(out, 0, ClassIN)
	out = binary.BigEndian.AppendUint32(out, c.ttl)
	at := len(out) + 2
	out, err := appendData(append(out, 0, 0), s.reply, int(c.data), int(c.end), typ)
	if err != nil || len(out)-at > 1<<16-1 {
		return ErrMismatch
	}
	if len(out) > MaxPacked {
		return ErrUseless
	}
	if plainData(out[at:], typ) {
		settle(out[at:], typ, s.question())
	}
	binary.BigEndian.PutUint16(out[at-2:], uint16(len(out)-at))
	s.ttl, s.out = min(s.ttl, c.ttl), out
	return nil
}
