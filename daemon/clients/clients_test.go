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

func TestTheKernelSaysWhoConnected(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	there, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer there.Close()
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
