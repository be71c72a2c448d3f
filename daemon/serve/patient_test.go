package serve

import (
	"errors"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// short fails with each of errs, then has one connection, then is closed.
type short struct {
	errs []error
	conn net.Conn
}

func (s *short) Addr() net.Addr { return &net.TCPAddr{} }
func (s *short) Close() error   { return nil }
func (s *short) Accept() (net.Conn, error) {
	if len(s.errs) > 0 {
		err := s.errs[0]
		s.errs = s.errs[1:]
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", err)}
	}
	if conn := s.conn; conn != nil {
		s.conn = nil
		return conn, nil
	}
	return nil, net.ErrClosed
}

func TestServerOutlivesAMachineThatIsShortOfEverything(t *testing.T) {
	errs := []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EPERM, syscall.EPROTO}
	for _, err := range errs[2:] {
		if got := http.Serve(&short{errs: []error{err}}, nil); errors.Is(got, net.ErrClosed) {
			t.Errorf("net/http goes on after %v by itself: this package is not needed for it", err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		served := make(chan struct{})
		one, other := net.Pipe()
		defer other.Close()
		server := http.Server{ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				close(served)
			}
		}}
		begin := time.Now()
		if err := server.Serve(Patiently(&short{errs: errs, conn: one})); !errors.Is(err, net.ErrClosed) {
			t.Errorf("Serve ended with %v", err)
		}
		<-served
		server.Close()
		if took := time.Since(begin); took != time.Duration(len(errs))*pause {
			t.Errorf("six errors were waited for %v; want %v each", took, pause)
		}
	})
}
