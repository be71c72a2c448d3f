package serve

import (
	"errors"
	"slices"
	"syscall"
)

// Passing reports whether what could not be opened may be later: another program has the
// port, or the machine is out of descriptors or memory. An address family that a machine
// does not have is no such error.
func Passing(err error) bool {
	return slices.ContainsFunc([]syscall.Errno{
		syscall.EADDRINUSE, syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM,
	}, func(e syscall.Errno) bool { return errors.Is(err, e) })
}
