package sim

import (
	"time"

	"mcdns/gocore/node"
)

// Rotation is an honest group whose names are a CDN's: of two thirds of them the server
// says another address every half minute. Like Hostile it is built with the version
// before, too.
type Rotation struct {
	Seed   uint64
	Hosts  int
	Length time.Duration
}

// Rotated is what came of it.
type Rotated struct {
	Accused uint64 `json:"accused"` // answers of peers taken for wrong, refused, or too many
	Asked   uint64 `json:"asked"`   // questions put to the server
	Lookups uint64 `json:"lookups"`
}

const (
	rotationEvery = 30 * time.Second
	rotationNames = 1000
)

// Run lets the time pass.
func (r Rotation) Run() Rotated {
	zone := NewMix(Mix{Count: rotationNames, Alias: .3, Seed: r.Seed})
	w := New(Options{Seed: r.Seed, Hosts: r.Hosts, Start: 2 * time.Second, Zone: zone, Watch: 1})
	defer w.Close()
	w.Load(Demand{Repeat: .3, Burst: 3})
	for w.now < r.Length {
		w.Run(rotationEvery)
		for i := range rotationNames {
			if zone.TTL(i) <= 5*time.Minute {
				zone.Change(i)
			}
		}
	}
	wrong := w.Count(node.AnswersContradicted) + w.Count(node.AnswersRefused) + w.Count(node.PeerFlood)
	return Rotated{wrong, w.Tally.Asked, w.Tally.Lookups()}
}
