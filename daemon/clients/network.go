package clients

import (
	"sync"

	"golang.org/x/sys/unix"
)

// ownNetwork is the cookie of this process's network namespace, 0 where the
// kernel gives none (SO_NETNS_COOKIE is of Linux 5.14; a cookie is never 0).
var ownNetwork = sync.OnceValue(func() (cookie uint64) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	defer unix.Close(fd)
	return network(uintptr(fd))
})

func network(fd uintptr) uint64 {
	cookie, err := unix.GetsockoptUint64(int(fd), unix.SOL_SOCKET, unix.SO_NETNS_COOKIE)
	if err != nil {
		return 0
	}
	return cookie
}

// NetworksKnown reports whether the kernel tells network namespaces apart.
func NetworksKnown() bool { return ownNetwork() != 0 }

// Elsewhere reports whether the client made its socket in another network
// namespace than this process's. The socket that accept returns is of the client's
// namespace, whoever made the listener, so that the client cannot lie.
func (c *Client) Elsewhere() bool {
	if !NetworksKnown() {
		return false
	}
	theirs := ownNetwork()
	onSocket(c.Conn, func(fd uintptr) { theirs = network(fd) })
	return theirs != ownNetwork()
}
