package links

import (
	"errors"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/ipv4"
)

func TestLastingErrorOfASocketTakesNoProcessor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const errs = 100
		begun, reads := time.Now(), 0
		(&reader{now: func() time.Duration { return 0 }}).loop(func([]ipv4.Message) (int, error) {
			if reads++; reads > errs {
				return 0, net.ErrClosed
			}
			return 0, errors.New("a test")
		}, nil, nil)
		if took := time.Since(begun); took < errs*errorPause {
			t.Errorf("%d errors in %v; want a pause after each", errs, took)
		}
	})
}

// Each of 20,000 forged datagrams a second woke the daemon up; what the group says is
// read at once.
func TestJunkIsReadManyAtATime(t *testing.T) {
	const most = time.Second / junkPause
	for _, junk := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			begun, reads := time.Now(), time.Duration(0)
			(&reader{now: func() time.Duration { return 0 }}).loop(func([]ipv4.Message) (int, error) {
				if reads++; time.Since(begun) >= time.Second || reads > 10_000 {
					return 0, net.ErrClosed
				}
				return 1, nil
			}, nil, func(*ipv4.Message) bool { return !junk })
			if junk && reads > most+1 {
				t.Errorf("%d reads in a second of junk; want %d", reads, most)
			}
			if took := time.Since(begun); !junk && took != 0 {
				t.Errorf("%d messages of the group waited for %v", reads, took)
			}
		})
	}
}

// The buffer of a socket without privileges holds some 180 of the longest datagrams:
// what the group says is among them.
func TestBufferIsNotOverrunByAFloodBetweenTwoReads(t *testing.T) {
	const room = 180
	for _, rate := range []int{1000, 20_000, 60_000, 120_000, 400_000} {
		synctest.Test(t, func(t *testing.T) {
			begun, taken, lost := time.Now(), 0, 0
			(&reader{now: func() time.Duration { return 0 }}).loop(func(ms []ipv4.Message) (int, error) {
				passed := time.Since(begun)
				if passed >= time.Second {
					return 0, net.ErrClosed
				}
				waits := int(passed.Seconds()*float64(rate)) - taken - lost
				if waits == 0 { // as the kernel would: until there is one
					time.Sleep(time.Second / time.Duration(rate))
					waits = 1
				}
				if over := waits - room; over > 0 {
					lost, waits = lost+over, room
				}
				n := min(waits, len(ms))
				taken += n
				return n, nil
			}, nil, func(*ipv4.Message) bool { return false })
			if lost > rate/100 {
				t.Errorf("%d of %d a second were lost", lost, rate)
			}
		})
	}
}
