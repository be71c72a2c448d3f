package store

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"time"

	"mcdns/daemon/clock"
	"mcdns/daemon/survive"
	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

var (
	errForeign = errors.New("not a file of this version of mcdns")
	errDamaged = errors.New("parts are damaged and were left out")
)

// saved is what a file held.
type saved struct {
	entries []node.Entry       // in the order they were first saved in
	at      map[uint64]int     // where in entries, by hash of the question
	hidden  map[int]node.Entry // positives behind negatives, by these one's place in entries
	before  int                // where the record before went if it was a positive's, else none
	size    int64              // of what is sound from the beginning on
	adrift  bool               // it has stamps from which ages cannot be reckoned a second time
}

const none = -1

// all are the entries in an order to be restored in.
func (s *saved) all() []node.Entry {
	if len(s.hidden) == 0 {
		return s.entries
	}
	out := make([]node.Entry, 0, len(s.entries)+len(s.hidden))
	for i, e := range s.entries {
		if under, ok := s.hidden[i]; ok {
			out = append(out, under)
		}
		out = append(out, e)
	}
	return out
}

// window is what is read at once: a file may be ten times what the cache holds.
const window = 1 << 20

// leastRecord is shorter than nearly every answer's record, mostRoom is as many answers as
// room is made for at once, whatever the length of the file says.
const (
	leastRecord = 128
	mostRoom    = 1 << 17
)

// parse reads a whole file of about length bytes. Whatever is in it, what was readable
// is returned; the error says what was not.
func parse(file io.Reader, length int64, now Stamp) (s saved, failed error) {
	room := min(max(length, 0)/leastRecord, mostRoom)
	s = saved{
		entries: make([]node.Entry, 0, room), at: make(map[uint64]int, room),
		hidden: map[int]node.Entry{}, before: none,
	}
	defer survive.Into(&failed)
	in := bufio.NewReaderSize(file, window)
	if first, _ := in.Peek(headerLen); !bytes.Equal(first, header[:]) {
		return s, errForeign
	}
	in.Discard(headerLen)
	s.size = headerLen
	var at Stamp
	stamped := false
	for {
		seen, err := in.Peek(prefixLen + maxBody)
		if err != nil && err != io.EOF {
			return s, err
		}
		body, rest, ok := nextRecord(seen)
		if !ok {
			if len(seen) > 0 {
				failed = errDamaged
			}
			return s, failed
		}
		s.size += int64(len(seen) - len(rest))
		// What body says is good until the next Peek.
		in.Discard(len(seen) - len(rest))
		if body == nil {
			failed = errDamaged
			s.before = none
			continue
		}
		if body[0] == kindStamp {
			s.before = none
			stamp, err := parseStamp(body)
			at, stamped = stamp, err == nil
			s.adrift = s.adrift || stamped && adrift(at, now)
		} else if !stamped || s.take(body, at, now) != nil {
			failed = errDamaged
		}
	}
}

func (s *saved) take(body []byte, at, now Stamp) error {
	switch body[0] {
	case kindAnswer:
		e, err := parseAnswer(body)
		if err != nil {
			return err
		}
		s.put(e.Answer.Question.Hash(), e, at, now)
	case kindAgain:
		hash, again, err := parseAgain(body)
		if err != nil {
			return err
		}
		i, held := s.at[hash]
		if !held {
			return errRecord // its answer was damaged
		}
		a := *s.entries[i].Answer
		a.TTL, a.Birth, a.Server = again.Answer.TTL, again.Answer.Birth, again.Answer.Server
		again.Answer = &a
		s.put(hash, again, at, now)
	default:
		return errRecord
	}
	return nil
}

// put takes the place of what the question had, but for a positive that was saved
// with the negative that hides it: one wrong NXDOMAIN must not cost an outage its
// answer, with a restart in between or without.
func (s *saved) put(hash uint64, e node.Entry, at, now Stamp) {
	e.Age, e.Worn = aged(e, at, now)
	i, held := s.at[hash]
	if !held {
		i = len(s.entries)
		s.at[hash] = i
		s.entries = append(s.entries, e)
	}
	positive := e.Answer.Kind == dns.Positive
	if !positive && s.before == i {
		s.hidden[i] = s.entries[i]
	} else {
		delete(s.hidden, i)
	}
	s.entries[i], s.before = e, none
	if positive {
		s.before = i
	}
}

// drift is more than a clock that is set slowly is ahead of BOOTTIME.
const drift = time.Second

// adrift reports whether what aged makes of a stamp holds only now: time up in this boot,
// and what the wall clock says, is lost with the next start unless it is written down.
func adrift(at, now Stamp) bool {
	up := now.Boot - at.Boot
	return at.BootID != now.BootID || at.BootID == [16]byte{} || up < 0 || now.Wall.Sub(at.Wall) > up+drift
}

// aged is how old an answer is now that was saved at a stamp. The wall clock may
// make it older, never younger: within one boot it tells of a pause in which
// BOOTTIME stood still, after another boot it is all there is, and the answer is
// stale in any case (PROTOCOL 1.3). Worn counts only time this host was up, so that
// a week of holidays does not empty a school.
func aged(e node.Entry, at, now Stamp) (age, worn time.Duration) {
	wall := min(max(now.Wall.Sub(at.Wall), 0), clock.MostAway)
	if at.BootID != now.BootID || at.BootID == [16]byte{} || now.Boot < at.Boot {
		return max(e.Age+wall, e.Answer.TTL), e.Worn
	}
	up := now.Boot - at.Boot
	age = e.Age + max(up, wall)
	return age, e.Worn + min(max(age-e.Answer.TTL, 0), up)
}
