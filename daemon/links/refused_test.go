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

// TestFirewallThatLetsNothingOutIsKnown by the error that the kernel gives for each
// datagram, and is forgotten when they leave again.
func TestFirewallThatLetsNothingOutIsKnown(t *testing.T) {
	now := time.Hour
	l := NewLAN(Config{Now: func() time.Duration { return now }, Counts: new(nobody)})
	bye := node.Send{Message: &wire.Message{Body: &wire.Bye{}}}
	failed := func(why syscall.Errno) error {
		return &net.OpError{Op: "write", Err: os.NewSyscallError("sendmsg", why)}
	}
	l.sent(failed(syscall.ENETUNREACH), bye, 1)
	if l.Refused() {
		t.Error("a link that is down is taken for a firewall")
	}
	l.sent(failed(syscall.EPERM), bye, 1)
	if now += refusedFor - 1; !l.Refused() {
		t.Error("not known")
	}
	if now += 1; l.Refused() {
		t.Error("not forgotten")
	}
}

type nobody struct{}

func (nobody) Received(wire.Body, bool, int) {}
func (nobody) Sent(wire.Body, bool, int)     {}
