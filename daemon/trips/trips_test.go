package trips

import (
	"testing"
	"time"

	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

func prove(nonce uint64) *node.Send {
	return &node.Send{Message: &wire.Message{Body: &wire.Prove{Nonce: nonce}}}
}

func heard(id uint64, body wire.Body) *node.Received {
	return &node.Received{Message: &wire.Message{From: wire.Peer{ID: id, Epoch: 1}, Body: body}}
}

// TestRoundTripIsFromAPROVEToItsPROOF, and a PROOF of no PROVE that left is none.
func TestRoundTripIsFromAPROVEToItsPROOF(t *testing.T) {
	now := time.Hour
	trips := Trips{Now: func() time.Duration { return now }}
	awaited := trips.Await(2)
	trips.Heard(heard(7, &wire.Proof{Nonce: 2})) // before it left: a guess
	trips.Sent(prove(1))
	trips.Sent(prove(2))
	trips.Sent(&node.Send{Message: &wire.Message{Body: &wire.Bye{}}})
	now += 3 * time.Millisecond
	trips.Heard(heard(9, &wire.Proof{Nonce: 3}))
	if _, known := trips.Of(9); known {
		t.Error("a recorded PROOF makes a round trip")
	}
	trips.Heard(heard(7, &wire.Proof{Nonce: 1}))
	now += time.Millisecond
	trips.Heard(heard(7, &wire.Proof{Nonce: 1})) // again
	if trip, _ := trips.Of(7); trip.Took != 3*time.Millisecond {
		t.Errorf("it took %v; want 3ms", trip.Took)
	}
	trips.Heard(heard(7, &wire.Proof{Nonce: 2}))
	if trip, _ := trips.Of(7); trip.Took != 4*time.Millisecond || trip.At != now || <-awaited != trip {
		t.Errorf("it took %v at %v; want 4ms now, told to who waits", trip.Took, trip.At)
	}
}

func TestGoodByesAreThoseOfARun(t *testing.T) {
	trips := Trips{Now: func() time.Duration { return 1 }}
	trips.Heard(heard(7, &wire.Bye{}))
	if !trips.SaidBye(wire.Peer{ID: 7, Epoch: 1}) || trips.SaidBye(wire.Peer{ID: 7, Epoch: 2}) {
		t.Error("the next run of who said good-bye is taken for gone, or the run before is not")
	}
}

func TestWhatIsKeptOfPeersIsBounded(t *testing.T) {
	trips := Trips{Now: func() time.Duration { return 1 }}
	for i := range uint64(2 * mostPeers) {
		trips.Sent(prove(i + 1))
		trips.Heard(heard(i, &wire.Proof{Nonce: i + 1}))
		trips.Sent(prove(1<<40 + i))
		trips.Heard(heard(i, &wire.Bye{}))
	}
	if len(trips.left) > mostLeft || len(trips.of) > mostPeers || len(trips.byes) > mostByes {
		t.Errorf("kept %d, %d and %d", len(trips.left), len(trips.of), len(trips.byes))
	}
}
