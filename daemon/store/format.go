package store

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// The file is a header and records, all integers big-endian:
//
//	header  "mcdns" 0 0 1
//	record  length 4 (of the body)  CRC-32C 4 (of length and body)  body
//	body    kind 1  ...
//
//	1 stamp   boot id 16  BOOTTIME 8 (ns)  wall clock 8 (ns)
//	2 answer  from 16 (id, epoch)  place 8  asked 4  worn 8 (ns)  answer (wire.EncodeAged)
//	3 again   hash of the question 8  from 16  place 8  asked 4  worn 8  ttl 4 (s)
//	          birth 24  server 8  age 4 (ms)
//
// An answer's age is the one it had at the last stamp before it. "Again" is a
// refresh that brought the same data: most of what is written. A record takes the
// place of the question's earlier ones, but a negative's that directly follows a
// positive's hides that.
const (
	headerLen = 8
	prefixLen = 8
	fromLen   = 16

	kindStamp  = 1
	kindAnswer = 2
	kindAgain  = 3

	stampLen = 1 + 16 + 8 + 8
	metaLen  = fromLen + 8 + 4 + 8
	againLen = 1 + 8 + metaLen + 4 + 24 + 8 + 4

	// maxWorn leaves room to add to it.
	maxWorn = 1 << 60
	// maxBody: an answer has at most 64 KiB.
	maxBody = 80 << 10
)

var (
	header     = [headerLen]byte{'m', 'c', 'd', 'n', 's', 0, 0, 1}
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	errRecord  = errors.New("damaged record")
)

// Stamp is a moment, on the clock of one boot and on the wall clock.
type Stamp struct {
	BootID [16]byte // zero if unknown
	Boot   time.Duration
	Wall   time.Time
}

// record appends a record around the body that body appends.
func record(dst []byte, body func([]byte) []byte) []byte {
	start := len(dst)
	dst = body(append(dst, make([]byte, prefixLen)...))
	length := uint32(len(dst) - start - prefixLen)
	binary.BigEndian.PutUint32(dst[start:], length)
	binary.BigEndian.PutUint32(dst[start+4:], checksum(length, dst[start+prefixLen:]))
	return dst
}

func checksum(length uint32, body []byte) uint32 {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], length)
	return crc32.Update(crc32.Checksum(b[:], castagnoli), castagnoli, body)
}

// nextRecord takes the first record of b. ok is false at the end of what is
// whole; a record that is damaged but has a likely length comes with a nil body.
func nextRecord(b []byte) (body, rest []byte, ok bool) {
	if len(b) < prefixLen {
		return nil, nil, false
	}
	length := binary.BigEndian.Uint32(b)
	if length == 0 || length > maxBody || int(length) > len(b)-prefixLen {
		return nil, nil, false
	}
	body, rest = b[prefixLen:prefixLen+length], b[prefixLen+length:]
	if checksum(length, body) != binary.BigEndian.Uint32(b[4:]) {
		return nil, rest, true
	}
	return body, rest, true
}

func appendStamp(dst []byte, s Stamp) []byte {
	return record(dst, func(b []byte) []byte {
		b = append(b, kindStamp)
		b = append(b, s.BootID[:]...)
		b = binary.BigEndian.AppendUint64(b, uint64(s.Boot))
		return binary.BigEndian.AppendUint64(b, uint64(s.Wall.UnixNano()))
	})
}

func parseStamp(b []byte) (Stamp, error) {
	if len(b) != stampLen {
		return Stamp{}, errRecord
	}
	s := Stamp{
		BootID: [16]byte(b[1:]),
		Boot:   time.Duration(binary.BigEndian.Uint64(b[17:])),
		Wall:   time.Unix(0, int64(binary.BigEndian.Uint64(b[25:]))),
	}
	if s.Boot < 0 {
		return Stamp{}, errRecord
	}
	return s, nil
}

func appendMeta(b []byte, e *node.Entry) []byte {
	b = binary.BigEndian.AppendUint64(b, e.From.ID)
	b = binary.BigEndian.AppendUint64(b, e.From.Epoch)
	b = binary.BigEndian.AppendUint64(b, e.Place)
	b = binary.BigEndian.AppendUint32(b, e.Asked)
	return binary.BigEndian.AppendUint64(b, uint64(max(e.Worn, 0)))
}

func parseMeta(b []byte) node.Entry {
	return node.Entry{
		From:  wire.Peer{ID: binary.BigEndian.Uint64(b), Epoch: binary.BigEndian.Uint64(b[8:])},
		Place: binary.BigEndian.Uint64(b[16:]),
		Asked: binary.BigEndian.Uint32(b[24:]),
		Worn:  min(max(time.Duration(binary.BigEndian.Uint64(b[28:])), 0), maxWorn),
	}
}

func appendAnswer(dst []byte, e *node.Entry) []byte {
	return record(dst, func(b []byte) []byte {
		b = appendMeta(append(b, kindAnswer), e)
		return wire.EncodeAged(b, wire.Aged{Answer: e.Answer, Age: e.Age})
	})
}

func parseAnswer(b []byte) (node.Entry, error) {
	if len(b) < 1+metaLen {
		return node.Entry{}, errRecord
	}
	e := parseMeta(b[1:])
	aged, rest, err := wire.DecodeAged(b[1+metaLen:])
	if err != nil || len(rest) != 0 {
		return node.Entry{}, errRecord
	}
	e.Answer, e.Age = aged.Answer, aged.Age
	return e, nil
}

func appendAgain(dst []byte, e *node.Entry) []byte {
	return record(dst, func(b []byte) []byte {
		a := e.Answer
		b = binary.BigEndian.AppendUint64(append(b, kindAgain), a.Question.Hash())
		b = appendMeta(b, e)
		b = binary.BigEndian.AppendUint32(b, uint32(min(max(a.TTL/time.Second, 0), 1<<31-1)))
		b = binary.BigEndian.AppendUint64(b, a.Birth.ID)
		b = binary.BigEndian.AppendUint64(b, a.Birth.Epoch)
		b = binary.BigEndian.AppendUint64(b, uint64(max(a.Birth.Clock/time.Millisecond, 0)))
		b = binary.BigEndian.AppendUint64(b, uint64(a.Server))
		return binary.BigEndian.AppendUint32(b, ageMS(e.Age))
	})
}

// ageMS rounds up, as everywhere (PROTOCOL 1.1), and holds at wire.Never.
func ageMS(age time.Duration) uint32 {
	return uint32((min(max(age, 0), wire.Never) + time.Millisecond - 1) / time.Millisecond)
}

// parseAgain reads all but the data: Answer has what changed, to be put on the
// answer with that hash.
func parseAgain(b []byte) (hash uint64, e node.Entry, err error) {
	if len(b) != againLen {
		return 0, e, errRecord
	}
	hash = binary.BigEndian.Uint64(b[1:])
	e = parseMeta(b[9:])
	b = b[9+metaLen:]
	clock := binary.BigEndian.Uint64(b[20:])
	if clock > 1<<43 { // milliseconds that a Duration holds
		return 0, e, errRecord
	}
	e.Answer = &dns.Answer{
		TTL: time.Duration(binary.BigEndian.Uint32(b)) * time.Second,
		Birth: dns.Birth{
			Peer:  wire.Peer{ID: binary.BigEndian.Uint64(b[4:]), Epoch: binary.BigEndian.Uint64(b[12:])},
			Clock: time.Duration(clock) * time.Millisecond,
		},
		Server: dns.ServerID(binary.BigEndian.Uint64(b[28:])),
	}
	e.Age = time.Duration(binary.BigEndian.Uint32(b[36:])) * time.Millisecond
	return hash, e, nil
}
