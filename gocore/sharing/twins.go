package sharing

import (
	"log/slog"
	"time"

	"mcdns/gocore/group"
	"mcdns/gocore/wire"
)

// twinTime is how long an older epoch of an id may be silent once a newer one is
// proven: a host that was restarted does not speak with two tongues.
const twinTime = 3 * time.Second

// maxTwins is how many older epochs of an id are looked after for each proof. A
// peer with the key may speak from any number of epochs: if each that is proven
// had all before it looked after, 3000 datagrams would leave 4.5 million timers.
// A host that was restarted has one older epoch; one restarted every few seconds
// loses nothing, since what is left goes with the next proof or by its silence
// (PROTOCOL 3.4).
const maxTwins = 4

// noteTwins looks after two epochs of one id. A host that was restarted is one
// host: its older epoch goes as soon as it proves silent. Two that both speak are
// copies of one disk; both work, but the administrator should know.
func (s *hearer) noteTwins(now time.Duration, m *group.Member) {
	if m.Peer.ID == s.self.ID && !s.twin {
		s.twin = true
		s.log(slog.LevelWarn, "another host has this host's id, perhaps from a copied disk: both work, but count as one",
			"peer", m.Addr().Addr().String(), "hint", "stop mcdnsd on one of them, delete its host id file, start it again")
	}
	looked := 0
	for old := range s.group.Twins(m) {
		if old.First() > m.First() {
			continue
		}
		if looked++; looked > maxTwins {
			return
		}
		s.prover.Recheck(now, old, false) // a copy answers
		s.after(now, twinTime, Timer{Due: twinDue, Key: old.Peer.ID, Gen: old.Peer.Epoch})
	}
}

// twinSilent comes when an older epoch has had its time to speak.
func (s *hearer) twinSilent(now, at time.Duration, peer wire.Peer) {
	if old := s.group.Get(peer); old != nil && old.Last(now) <= at-twinTime {
		s.prover.Leave(now, peer)
	}
}
