package sim

// An event is something that will happen to the world. It is data, not a
// function, so that a world can be copied and its digest taken.
type event struct {
	kind eventKind
	host int32
	run  int32  // the host's run it belongs to; another run ignores it
	n    uint64 // meaning by kind
	what any    // meaning by kind
}

type eventKind uint8

const (
	evBoot     eventKind = iota // host is switched on
	evWake                      // host wants to be called
	evDatagram                  // what: *datagram, n: slot of jitter
	evReply                     // what: node.Replied
	evLookup                    // the load's next lookup, n: its turn
	evPulled                    // what: node.Pulled, n: the flow it ends
	evPage                      // what: *flow, asks the serving host for a page
	evClosed                    // n: the inbound stream that ended
	evSave                      // host writes its disk
	evWatch                     // checkers and gauges look around
)
