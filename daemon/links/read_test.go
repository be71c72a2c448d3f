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
