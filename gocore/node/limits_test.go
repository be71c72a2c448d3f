package node

// What PROTOCOL.md promises of the group, as tests of a whole node want it.
const (
	queryRate      = 40   // QUERYs a second
	backgroundRate = 20   // of those, for what is held
	queryTimes     = 4    // how often a name is asked for,
	queryFewer     = 2    // among many hosts
	maxPulls       = 4    // streams for long answers
	announceQueue  = 8192 // answers that wait to be told
	maxTwins       = 4    // older runs of a host that are looked after
	replyFactor    = 8    // times its own bytes that a QUERY may cause
	bytesPerAsker  = 32 << 10
)
