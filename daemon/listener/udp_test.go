package listener

import (
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
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
