package clients

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// listen makes a socket, and dial connects to it until the test ends.
func listen(t *testing.T) (l *net.UnixListener, dial func() net.Conn) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	return l, func() net.Conn {
		t.Helper()
		conn, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
}

func TestTheKernelSaysWhoConnected(t *testing.T) {
	l, dial := listen(t)
	defer l.Close()
	dial()
	conn, err := l.AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	c := New(conn)
	more, err := os.Getgroups()
	if err != nil {
		t.Fatal(err)
	}
	for _, gid := range append(more, os.Getegid()) {
		if !c.In(uint32(gid)) {
			t.Errorf("not in group %d", gid)
		}
	}
	if c.UID != uint32(os.Geteuid()) || c.In(4000000001) {
		t.Errorf("got user %d, group %d", c.UID, c.gid)
	}
}

func TestFullTableCutsWhoHasMost(t *testing.T) {
	table := NewTable(4)
	conn := func(uid uint32) *Client {
		a, b := net.Pipe()
		t.Cleanup(func() { a.Close(); b.Close() })
		return &Client{Conn: a, UID: uid}
	}
	open := func(c *Client) bool {
		c.SetReadDeadline(time.Now())
		_, err := c.Read(make([]byte, 1))
		return !errors.Is(err, io.ErrClosedPipe)
	}
	var greedy []*Client
	for range 3 {
		greedy = append(greedy, conn(1000))
		table.Admit(greedy[len(greedy)-1])
	}
	asked := conn(1001)
	asked.Asked()
	if !table.Admit(asked) || table.Admit(conn(1000)) {
		t.Fatal("the greedy user got room that others pay for")
	}
	if !table.Admit(conn(1002)) {
		t.Fatal("another user was refused")
	}
	cut := 0
	for _, c := range greedy {
		if !open(c) {
			cut++
			table.Remove(c)
		}
	}
	if cut != 1 || !open(asked) || table.total != 4 {
		t.Errorf("cut %d of the greedy user's, the other is open: %v, %d in all; want 1, true, 4", cut, open(asked), table.total)
	}
}

// TestSilentClientsWaitApart: whoever connected and sent nothing costs no goroutine, and is
// handed on when it has sent something, has hung up or was silent for too long.
func TestSilentClientsWaitApart(t *testing.T) {
	l, dial := listen(t)
	a, err := NewAcceptor(l)
	if err != nil {
		t.Fatal(err)
	}
	var there []net.Conn
	var here []*Client
	for range 4 {
		conn := dial()
		c, err := a.Accept()
		if err != nil || c.Awaited() || !a.Await(c) {
			t.Fatalf("%v; a client that has sent nothing is not awaited", err)
		}
		there, here = append(there, conn), append(here, c)
	}
	next := func(want int, sent, ok bool) {
		t.Helper()
		c, err := a.Accept()
		if err != nil || c != here[want] || !c.Awaited() || a.Await(c) {
			t.Fatalf("%v; want client %d, once", err, want)
		}
		if s, o := c.Open(); s != sent || o != ok {
			t.Errorf("client %d: sent %v, ok %v; want %v, %v", want, s, o, sent, ok)
		}
		c.Close()
	}
	there[2].Write([]byte("x"))
	next(2, true, true)
	there[1].Close()
	next(1, false, false)
	here[3].Close() // the table was full
	next(0, false, false)
	a.giveUp(time.Now().Add(silence)) // the last two were awaited a moment after the first
	if c := a.Take(); c != nil {
		t.Error("a closed client is handed on")
	}
	if len(a.silent)+len(a.ready)+len(a.oldest) > 0 {
		t.Errorf("%d, %d and %d clients are left", len(a.silent), len(a.ready), len(a.oldest))
	}
	a.Close()
	if _, err := a.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v; want the end", err)
	}
}

// TestCrowdThatHungUpHidesNobody: those who connect and hang up are passed over, however many
// wait in the queue before the next one.
func TestCrowdThatHungUpHidesNobody(t *testing.T) {
	l, dial := listen(t)
	a, err := NewAcceptor(l)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for range 3*atOnce + 1 {
		conn := dial()
		conn.Close()
	}
	conn := dial()
	conn.Write([]byte("x"))
	got := make(chan *Client)
	go func() {
		c, _ := a.Accept()
		got <- c
	}()
	select {
	case c := <-got:
		if sent, ok := c.Open(); !sent || !ok {
			t.Errorf("sent %v, ok %v", sent, ok)
		}
		c.Close()
	case <-time.After(20 * time.Second):
		t.Fatal("nobody is accepted any more")
	}
}
