package links

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"testing"
	"time"

	"golang.org/x/net/ipv4"
)

func loopback(t *testing.T) *socket {
	t.Helper()
	s, err := listen("udp4", "127.0.0.1", 0, options4)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Being told of each forged datagram took half of the time that mcdnsd spent on a flood.
func TestRuntimeIsNotToldOfEachDatagramOfTheGroup(t *testing.T) {
	s := loopback(t)
	tables, err := filepath.Glob("/proc/self/fdinfo/*")
	if err != nil || len(tables) == 0 {
		t.Skip("no /proc/self/fdinfo")
	}
	inode := func(fd string) string {
		text, _ := os.Readlink("/proc/self/fd/" + fd)
		return text
	}
	mine := inode(strconv.Itoa(s.raw.fd))
	watched := regexp.MustCompile(`(?m)^tfd: *(\d+)`)
	for _, table := range tables {
		text, _ := os.ReadFile(table)
		for _, m := range watched.FindAllSubmatch(text, -1) {
			if inode(string(m[1])) == mine {
				t.Errorf("%s is watched: %s", mine, text)
			}
		}
	}
}

func TestClosedSocketEndsAReadThatWaits(t *testing.T) {
	for range 100 { // now and then before it waits
		s, over := loopback(t), make(chan error)
		go func() {
			var b [1]byte
			_, err := ipv4.NewPacketConn(s).ReadBatch([]ipv4.Message{{Buffers: [][]byte{b[:]}}}, 0)
			over <- err
		}()
		runtime.Gosched()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		select {
		case err := <-over:
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("got %v; want %v", err, net.ErrClosed)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("the read goes on")
		}
		if err := s.raw.Control(func(uintptr) { t.Error("a closed socket was used") }); !errors.Is(err, net.ErrClosed) {
			t.Errorf("got %v; want %v", err, net.ErrClosed)
		}
		if err := s.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed twice: got %v; want %v", err, net.ErrClosed)
		}
	}
}
