package links

import (
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// TestNothingIsLetOutOnlyWhereNoCopyOfAHelloLeaves: a firewall is known by the error
// that the kernel gives for each datagram, and one family or one peer that is refused
// is not the whole.
func TestNothingIsLetOutOnlyWhereNoCopyOfAHelloLeaves(t *testing.T) {
	now := time.Hour
	l := NewLAN(Config{Now: func() time.Duration { return now }, Counts: new(nobody)})
	failed := func(why syscall.Errno) error {
		return &net.OpError{Op: "write", Err: os.NewSyscallError("sendmsg", why)}
	}
	refused, gone := failed(syscall.EPERM), failed(syscall.ENETUNREACH)
	hello := &wire.Message{Body: &wire.Hello{}}
	ways := []node.Way{{Link: 1}, {Link: 1, IPv6: true}}
	say := func(m *wire.Message, errs ...error) {
		l.sentGroup(node.Send{Message: m, Ways: ways[:len(errs)]}, func(w node.Way) error {
			if w.IPv6 {
				return errs[1]
			}
			return errs[0]
		})
	}
	for _, c := range []struct {
		what string
		do   func()
		want bool
	}{
		{"a link that is down", func() { say(hello, gone, gone) }, false},
		{"one family", func() { say(hello, nil, refused) }, false},
		{"the other", func() { say(hello, refused, nil) }, false},
		{"one peer", func() { l.sent(refused, node.Send{Message: hello}, 1) }, false},
		{"a message by one way alone", func() { say(&wire.Message{Body: &wire.Query{}}, refused) }, false},
		{"all of a HELLO", func() { say(hello, refused, refused) }, true},
		{"nothing said for an hour", func() { now += time.Hour }, true},
		{"all, and one family has no address", func() { say(hello, refused, gone) }, true},
		{"it leaves again", func() { say(hello, nil, nil) }, false},
	} {
		if c.do(); l.Refused() != c.want {
			t.Errorf("%s: refused is %v; want %v", c.what, l.Refused(), c.want)
		}
	}
}

type nobody struct{}

func (nobody) Received(wire.Body, bool, int) {}
func (nobody) Sent(wire.Body, bool, int)     {}
