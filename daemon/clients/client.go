// Package clients knows who is at the other end of a Unix socket, and sees to it that
// no user of the machine keeps another from being served. Four things are its door: an
// Acceptor lets clients come in, a Client says who it is, a Table bounds how many
// there are, and a Door lets them have their turns.
//
// Read client.go first (who it is), then table.go (how many), door.go and turns.go
// (whose turn it is), acceptor.go (how they come in), network.go and user.go.
package clients

import (
	"net"
	"slices"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// nobody is who cannot be told.
const nobody = 65534

// Client is a connection and the user who made it.
type Client struct {
	net.Conn // nil until an Acceptor's is opened
	shut     *shut
	UID      uint32
	gid      uint32
	asked    atomic.Bool
}

// New asks the kernel who connected (SO_PEERCRED in unix(7)): who it was then,
// whatever it has become since.
func New(conn *net.UnixConn) *Client {
	c := &Client{Conn: conn, UID: nobody, gid: nobody}
	onSocket(conn, c.identify)
	return c
}

func (c *Client) identify(fd uintptr) {
	if cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED); err == nil {
		c.UID, c.gid = cred.Uid, cred.Gid
	}
}

// In reports whether the user was a member of a group when it connected.
func (c *Client) In(gid uint32) bool {
	member := c.gid == gid
	if !member {
		onSocket(c.Conn, func(fd uintptr) { member = slices.Contains(groups(fd), gid) })
	}
	return member
}

// groups are the supplementary ones; whoever has more than the array holds is
// taken for a member of none.
func groups(fd uintptr) []uint32 {
	var all [1024]uint32
	size := uint32(unsafe.Sizeof(all))
	_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, fd, unix.SOL_SOCKET, unix.SO_PEERGROUPS,
		uintptr(unsafe.Pointer(&all)), uintptr(unsafe.Pointer(&size)), 0)
	if errno != 0 {
		return nil
	}
	return all[:size/4]
}

func onSocket(conn any, do func(fd uintptr)) {
	socket, ok := conn.(syscall.Conn)
	if !ok {
		return // a test's
	}
	if raw, err := socket.SyscallConn(); err == nil {
		raw.Control(do)
	}
}

// Asked notes that the client has sent a request: who has not goes first when
// room is needed.
func (c *Client) Asked() { c.asked.Store(true) }
