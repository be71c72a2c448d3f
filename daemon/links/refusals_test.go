package links

import (
	"testing"
	"time"

	"mcdns/gocore/trust"
	"mcdns/test/keys"
)

// TestWhoIsRefusedIsKnownByAddressAndReason, for an hour, and a flood of it costs a look
// every 50 ms.
func TestWhoIsRefusedIsKnownByAddressAndReason(t *testing.T) {
	r, _ := receiverOf(t)
	now := time.Minute
	r.lan.config.Now = func() time.Duration { return now }
	from := func(i int, data []byte) {
		p := came(i, data)
		p.At = now
		r.receive(p)
		now += refusalsEvery
	}
	good, foreign := sealed(t, keys.Ring(1)), sealed(t, keys.Ring(2))
	forged, elder := append([]byte(nil), good...), append([]byte(nil), good...)
	forged[len(forged)-16]++ // of the tag
	elder[4]--
	from(1, good)
	from(2, foreign)
	from(3, elder)
	from(4, forged)
	from(2, foreign)
	got := r.lan.Refusals()
	if len(got) != 3 {
		t.Fatalf("got %+v; want three addresses", got)
	}
	for i, want := range []Refusal{
		{From: came(2, nil).From.Addr(), Why: trust.ErrForeign, Key: keys.Ring(2).SealID(), Last: now - refusalsEvery, Noted: 2},
		{From: came(4, nil).From.Addr(), Why: trust.ErrForged, Last: now - 2*refusalsEvery, Noted: 1},
		{From: came(3, nil).From.Addr(), Why: trust.ErrVersion, Last: now - 3*refusalsEvery, Noted: 1},
	} {
		if got[i] != want {
			t.Errorf("%d: got %+v; want %+v", i, got[i], want)
		}
	}
	for i := range 1000 {
		p := came(i, foreign)
		p.At = now // all in one moment
		r.receive(p)
	}
	if got := r.lan.Refusals(); len(got) > 4 {
		t.Errorf("a flood of a moment made %d rows; want one more", len(got))
	}
	now += time.Second
	for i := range 10 * mostRefusals {
		from(i, foreign)
	}
	if got := r.lan.Refusals(); len(got) != mostRefusals {
		t.Errorf("%d addresses are kept; want %d", len(got), mostRefusals)
	}
	now += refusedFor
	if got := r.lan.Refusals(); len(got) != 0 {
		t.Errorf("an hour later %d are shown", len(got))
	}
}
