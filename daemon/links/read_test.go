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
		new(reader).loop(func([]ipv4.Message) (int, error) {
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
			new(reader).loop(func([]ipv4.Message) (int, error) {
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
