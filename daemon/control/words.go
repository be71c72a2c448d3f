package control

// The words of the schemas, as types: a comparison with one that is none does not
// stay unseen.

// State is how a DNS server, or all of them, does.
type State string

// The states, as node.State has them.
const (
	Up      State = "up"
	Suspect State = "suspect"
	Down    State = "down"
)

// GroupState is how sharing goes.
type GroupState string

// The states of the group, as node.GroupState has them; Group.Peers says how many
// WithPeers are.
const (
	WithPeers GroupState = "peers"
	Isolated  GroupState = "isolated"
	Solo      GroupState = "solo"
)

// SavedState is whether what is held gets to the disk.
type SavedState string

// The states of saving: it works, cache.save is no, it fails.
const (
	Saving    SavedState = "saving"
	SavingOff SavedState = "off"
	Failing   SavedState = "failing"
)

// Namespaces says which programs are answered.
type Namespaces string

const (
	// OwnNamespace: those of mcdnsd's network namespace.
	OwnNamespace Namespaces = "own"
	// AllNamespaces: all, as configured.
	AllNamespaces Namespaces = "all"
	// UnknownNamespaces: all, for want of a kernel that tells them apart.
	UnknownNamespaces Namespaces = "unknown"
)

// Outcome is what a lookup came to.
type Outcome string

// The outcomes of a lookup.
const (
	Found    Outcome = "found"
	NoName   Outcome = "no such name"
	NoRecord Outcome = "no such record"
	NoAnswer Outcome = "no answer"
	BadName  Outcome = "bad name"
)

// Kind is what one type's answer is.
type Kind string

// The kinds of answers.
const (
	Positive     Kind = "positive"
	NoSuchRecord Kind = Kind(NoRecord)
	NoSuchName   Kind = Kind(NoName)
	None         Kind = Kind(NoAnswer)
)

// Source is where an answer is from.
type Source string

const (
	FromCache  Source = "cache"
	FromServer Source = "server"
	FromPeer   Source = "peer"
	// FromHere: a special name, nobody is asked.
	FromHere Source = "here"
)
