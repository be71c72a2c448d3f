package sharing

import (
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"mcdns/gocore/cache"
	"mcdns/gocore/catchup"
	"mcdns/gocore/dns"
	"mcdns/gocore/group"
	"mcdns/gocore/limit"
	"mcdns/gocore/names"
	"mcdns/gocore/query"
	"mcdns/gocore/wire"
)

// A Sharing is one host's part in a group. It is not safe for concurrent use.
type Sharing struct {
	base
	hearer    hearer
	announcer announcer
	queries   *query.Queries
	streams   *catchup.Catcher

	turned    uint64        // counts the times that sharing began
	hello     time.Duration // when this host next speaks
	greeted   bool          // the first HELLO of this sharing was said
	outOfTurn limit.Bucket  // bounds HELLOs that say how the servers do
	was       string        // joined or isolated, as it was logged
}

// A base is what all parts of sharing stand on.
type base struct {
	host    Host
	store   Store
	rand    *rand.Rand
	group   *group.Group
	prover  *group.Prover
	self    wire.Peer
	version string
	seq     uint64
	set     Settings
	began   time.Duration // when sharing began
	// deafPeers are those that deaf says so of, and perhaps some that left or hear again.
	deafPeers []wire.Peer
}

// Config is what a Sharing is made with and keeps.
type Config struct {
	Host  Host
	Store Store
	Group *group.Group // its members are proven here and nowhere else
	Rand  *rand.Rand
	// Self is this host's id and the epoch of this run, Version what HELLO says of it.
	Self    wire.Peer
	Version string
}

// Settings may change while it runs.
type Settings struct {
	// Shares is true with a group key; without one the host is solo.
	Shares bool
	// Name is what HELLO calls this host (wire.IsName), empty if it does not say.
	Name  string
	Links []Link
	// Place is where answers are shared that were learnt there.
	Place uint64
	names.Lists
}

// New makes a Sharing that waits for its first Configure.
func New(c Config) *Sharing {
	s := &Sharing{base: base{host: c.Host, store: c.Store, rand: c.Rand, group: c.Group, self: c.Self, version: c.Version}}
	s.prover = group.NewProver(c.Group, proving{s}, c.Rand)
	s.queries = query.New(querying{s}, s.store, c.Group, c.Rand)
	s.streams = catchup.New(catching{s}, shared{s.store, s}, c.Group, c.Rand)
	s.join()
	s.announcer.clear()
	return s
}

// join has all parts stand on one base.
func (s *Sharing) join() {
	s.announcer.base, s.hearer.base, s.hearer.all = &s.base, &s.base, s
}

// Configure takes new settings, and begins or ends with the key.
func (s *Sharing) Configure(now time.Duration, set Settings) {
	shared := s.set.Shares
	s.set = set
	switch {
	case set.Shares && !shared:
		s.start(now)
	case !set.Shares && shared:
		s.stop(now)
	case set.Shares:
		s.forgetLinks()
	}
}

// start begins with HELLOs; the first comes soon, but not at the same
// moment as that of every other host that boots after a power cut.
func (s *Sharing) start(now time.Duration) {
	s.began, s.greeted = now, false
	s.turned++
	s.streams.Began(now)
	s.helloIn(now, s.jitter(2*time.Second))
}

// stop forgets the group when the key is taken away: nobody is believed
// any more, nothing under way is gone on with, and who waits for the group is told.
func (s *Sharing) stop(now time.Duration) {
	s.group.Clear()
	s.prover.Clear()
	s.announcer.clear()
	s.streams.Clear()
	s.was = ""
	for _, q := range s.queries.Clear() {
		s.host.NobodyKnows(now, q)
	}
}

// forgetLinks forgets the members behind links that are gone: they would count
// as heard, and be asked, until their silence was noticed.
func (s *Sharing) forgetLinks() {
	s.group.Keep(func(m *group.Member) bool {
		return slices.ContainsFunc(s.set.Links, func(l Link) bool { return l.Index == m.Link() })
	})
	s.noteGroup()
}

// Slept says that this host was away for so long: it missed what was said meanwhile.
func (s *Sharing) Slept(now, away time.Duration) {
	s.group.Sleep(away)
	if s.set.Shares {
		s.sayHello(now)
		s.streams.Slept(now, away)
	}
}

// Prove sends a PROVE that is none of the prover's.
func (s *Sharing) Prove(now time.Duration, to netip.AddrPort, nonce uint64) {
	s.sendTo(now, to, &wire.Prove{Nonce: nonce})
}

// Bye says that this host leaves.
func (s *Sharing) Bye(now time.Duration) {
	if s.set.Shares {
		s.sendEverywhere(now, &wire.Bye{})
	}
}

// Received takes in a datagram that opened under a key of the group.
func (s *Sharing) Received(now time.Duration, in group.Datagram) { s.hearer.received(now, in) }

// Fetched tells the group what this host just got from a server, at once if others may be
// about to ask for it too. known: the group has heard it lately.
func (s *Sharing) Fetched(now time.Duration, a *dns.Answer, atOnce, known bool) {
	s.announcer.fetched(now, a, atOnce, known)
}

// Tell tells the group at once what a member has asked for.
func (s *Sharing) Tell(now time.Duration, e cache.Entry) {
	if s.shareable(e) {
		s.announcer.queue(announcement{q: e.Answer.Question, ttl: e.Life, unheard: true})
		s.announcer.flush(now)
	}
}

// MayPut reports whether the group may be asked a question, and somebody may hear it.
func (s *Sharing) MayPut(now time.Duration, q dns.Question) bool {
	return s.mayPut(q) && (s.heardAnybody() || s.justStarted(now))
}

// justStarted reports whether peers may be there that this host has not heard
// yet: then it asks them blindly, for their answer to its nonce needs no other
// proof. After a restart in an outage nothing else knows the names of the last
// minute.
func (s *Sharing) justStarted(now time.Duration) bool { return now-s.began < s.group.Interval() }

// Put puts a question to the group for an asker: NobodyKnows follows, unless EndPut comes
// first.
func (s *Sharing) Put(now time.Duration, q dns.Question, asker uint32) { s.queries.Put(now, q, asker) }

// IsPut reports whether a question is put to the group.
func (s *Sharing) IsPut(q dns.Question) bool { return s.queries.IsPut(q) }

// EndPut ends that.
func (s *Sharing) EndPut(q dns.Question) { s.queries.End(q) }

// AskYounger asks the group for something younger than what is held, in the background.
func (s *Sharing) AskYounger(now time.Duration, held *dns.Answer) { s.queries.Younger(now, held) }

// Patience is how long the group may take to answer.
func (s *Sharing) Patience() time.Duration { return s.queries.Patience() }

// AskMember asks a member to look a name up for this host.
func (s *Sharing) AskMember(now time.Duration, m *group.Member, q dns.Question) {
	s.sendTo(now, m.Addr(), &wire.Ask{Question: q})
}

// Pulled takes in a record of a stream that this host opened.
func (s *Sharing) Pulled(now time.Duration, in catchup.Pulled) { s.streams.Pulled(now, in) }

// PageWanted answers with the next record of a stream that a peer opened; want counts the
// first time.
func (s *Sharing) PageWanted(now time.Duration, stream uint64, want catchup.Want) {
	s.streams.PageWanted(now, stream, want)
}

// StreamClosed says that such a stream ended.
func (s *Sharing) StreamClosed(stream uint64) { s.streams.StreamClosed(stream) }

// Self is this host: its epoch changes when a copy of it is heard.
func (s *Sharing) Self() wire.Peer { return s.self }

// mayPut reports whether the group may hear of a question at all.
func (b *base) mayPut(q dns.Question) bool { return b.set.Shares && !b.set.Secret(q) }

// shareable reports whether an answer may be told to peers: learnt in this
// place, of an age that is known, not kept private by the administrator, and
// short enough (PROTOCOL 2.9, 3.6).
func (b *base) shareable(e cache.Entry) bool {
	return b.set.Shares && e.Place == b.set.Place && e.Answer.Question.Flags == 0 &&
		len(e.Answer.Packed) <= catchup.MaxShared && !b.set.Kept(e.Answer.Question.Name)
}

// heardAnybody reports whether a member is there to share with: until then nothing
// is announced (PROTOCOL 2.9).
func (b *base) heardAnybody() bool { return b.group.N() > 1 }

// wireless reports whether all links of this host are.
func (b *base) wireless() bool {
	for _, l := range b.set.Links {
		if !l.Wireless {
			return false
		}
	}
	return len(b.set.Links) > 0
}

// jitter is a random duration in [0, d).
func (b *base) jitter(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(b.rand.Int64N(int64(d)))
}

func (b *base) log(level slog.Level, text string, args ...any) { b.host.Log(level, text, args...) }
