package node

// Counter names what a node counts; String is the name in `mcdns status` and
// the metrics.
type Counter uint8

// The counters. One query of a program counts as one of the Lookup counters.
const (
	LookupCache Counter = iota
	LookupPeer
	LookupServer
	LookupStale
	LookupFailed
	UpstreamAsked
	UpstreamRefresh
	UpstreamProbe
	Announced
	AnswersTaken
	AnswersRefused
	QueriesSent
	AnswersSent
	PeerReplayed
	PeerLate
	PeerFlood
	Evicted
	LookupHere
	RebindingStopped
	UpstreamAhead
	Untold
	PeerDuplicate
	AnswersContradicted
	counters // how many there are
)

var counterNames = [counters]string{
	"lookups_cache", "lookups_peer", "lookups_server", "lookups_stale", "lookups_failed",
	"upstream_asked", "upstream_refresh", "upstream_probe",
	"answers_announced", "answers_taken", "answers_refused",
	"queries_sent", "replies_sent",
	"peer_replayed", "peer_late", "peer_flood",
	"evicted",
	"lookups_here", "rebinding_stopped", "upstream_ahead",
	"answers_untold", "peer_duplicate", "answers_contradicted",
}

func (c Counter) String() string {
	if c >= counters {
		return "unknown"
	}
	return counterNames[c]
}
