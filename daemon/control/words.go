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

// TroubleKind is what kind of a Trouble.
type TroubleKind string

// The kinds of trouble. Nobody on the link can raise one without the group's key but
// by keeping datagrams or streams from this host.
const (
	// KeyRefused: a key, or the group's port, cannot be used.
	KeyRefused TroubleKind = "key"
	// KeyUnused: there is a key, and nothing is shared.
	KeyUnused TroubleKind = "key_unused"
	// LongIsolated: with a key, nobody has been heard for a minute.
	LongIsolated TroubleKind = "isolated"
	// Unsent: this machine does not let the group's datagrams out.
	Unsent TroubleKind = "unsent"
	// TCPBlocked: peers are heard, and no stream to any of them can be opened.
	TCPBlocked TroubleKind = "tcp"
	// Unsaved: what is held does not get to the disk.
	Unsaved TroubleKind = "unsaved"
	// Unwired: programs of this machine do not get to mcdnsd.
	Unwired TroubleKind = "nss"
	// Unread: what wires programs to mcdnsd cannot be read.
	Unread TroubleKind = "unread"
)

// TroubleKinds are all of them.
var TroubleKinds = []TroubleKind{KeyRefused, KeyUnused, LongIsolated, Unsent, TCPBlocked, Unsaved, Unwired, Unread}

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

// Farewell is how a peer left.
type Farewell string

const (
	// Left: it said good-bye.
	Left Farewell = "said good-bye"
	// Silent: it was not heard any more.
	Silent Farewell = "silent"
)

// Refusal is why a datagram is not taken.
type Refusal string

// The reasons, in the order in which they are found.
const (
	OtherVersion Refusal = "another version of mcdns"
	ForeignKey   Refusal = "another group's key"
	Forged       Refusal = "forged or damaged"
)

// Change is what asking the servers anew changed.
type Change string

const (
	// NothingHeld: there was nothing to compare with.
	NothingHeld Change = "nothing was held"
	Unchanged   Change = "unchanged"
	Changed     Change = "changed"
	// NotAsked: no server answered, and what is held stands.
	NotAsked Change = "no server answered"
	// StaysHere: nobody is asked for such a name.
	StaysHere Change = "stays here"
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
