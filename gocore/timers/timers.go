package timers

// Of is a timer of a room, which has a Due for each thing that it does later. Timers are
// never cancelled: what Key names has a number that is never used again, and Gen says which
// of several it is, or since when. One that is no longer wanted finds no such thing, or
// another, and does nothing.
type Of[Due ~uint8] struct {
	Due      Due
	Key, Gen uint64
}
