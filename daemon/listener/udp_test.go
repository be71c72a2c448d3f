package listener

import (
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	miekg "github.com/miekg/dns"
)

// TestLastingErrorOfASocketTakesNoProcessor: in a bubble time goes on only while
// nobody works.
func TestLastingErrorOfASocketTakesNoProcessor(t *testing.T) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadDeadline(time.Now().Add(-time.Hour)) // each read fails
	var busy atomic.Bool
	stuck := time.AfterFunc(5*time.Second, func() { busy.Store(true); conn.Close() })
	defer stuck.Stop()
	synctest.Test(t, func(t *testing.T) {
		l := New(Config{})
		done := make(chan bool)
		go func() { defer close(done); l.serveUDP(conn) }()
		<-time.After(time.Minute)
		conn.Close()
		<-done
		l.cancel()
	})
	if busy.Load() {
		t.Error("a socket that fails is read without a pause")
	}
}

// TestDeadlineOfAReplyIsNoneOfTheNext: from 5 s after a reply on, what is refused or
// answered at once had none.
func TestDeadlineOfAReplyIsNoneOfTheNext(t *testing.T) {
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	l := New(Config{})
	defer l.Close()
	defer conn.Close()
	l.group.Go(func() { l.serveUDP(conn) })
	conn.SetWriteDeadline(time.Unix(1, 0)) // as another reply left it
	r := exchange(t, "udp", conn.LocalAddr().String(), func(m *miekg.Msg) { m.Question[0].Qtype = miekg.TypeANY })
	if len(r.Answer) != 1 {
		t.Errorf("got %v; want an answer", r)
	}
}
