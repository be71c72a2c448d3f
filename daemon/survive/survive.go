// Package survive keeps one input that a decoder cannot bear from ending the
// daemon: what a server, a peer or a program sent once it would send again after
// each start. The node's loop has its own, for the node's state is at stake there.
package survive

import (
	"errors"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// Err is what a panic becomes.
var Err = errors.New("internal error")

var (
	panics atomic.Uint64
	once   sync.Once
)

// Into, deferred, turns a panic into Err in *err, counts it and says the first one
// of this run in slog's default log, with its stack.
func Into(err *error) {
	cause := recover()
	if cause == nil {
		return
	}
	*err = Err
	panics.Add(1)
	once.Do(func() {
		slog.Error("internal error; please report it; said once", "cause", cause, "stack", string(debug.Stack()))
	})
}

// Panics counts what Into was needed for.
func Panics() uint64 { return panics.Load() }
