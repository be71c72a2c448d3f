package figures

import (
	"fmt"
	"time"

	"mcdns/test/sim"
	"mcdns/test/sim/cases"
)

// CommonCase is a case of the table that the lab runs too.
type CommonCase struct {
	Name string `json:"name"`
	Want string `json:"want"`
	Got  string `json:"got"`
	ok   bool
}

// OK reports whether it went as the table says.
func (c CommonCase) OK() bool { return c.ok }

// RunCommon runs the common table.
func RunCommon(seed uint64) []CommonCase {
	var out []CommonCase
	for _, c := range cases.Table {
		out = append(out, common(c, seed))
	}
	return out
}

// once hears one outcome.
type once struct{ got *sim.Outcome }

func (o *once) Asked(time.Duration, int, int) {}
func (o *once) Answered(out sim.Outcome)      { o.got = &out }

func common(c cases.Case, seed uint64) CommonCase {
	zone := sim.NewMix(sim.Mix{Count: 10, FixedTTL: cases.TTL})
	w := sim.New(sim.Options{Seed: seed, Hosts: cases.Hosts, Loss: c.Loss, Sealed: true, Zone: zone, Start: time.Second})
	defer w.Close()
	w.Run(30 * time.Second)
	q := zone.Question(0)
	for _, h := range c.Known {
		w.Lookup(w.Hosts()[h], q, 0)
		w.Run(time.Second)
	}
	modes := map[cases.Server]sim.Mode{cases.Off: sim.ServerOff, cases.Back: sim.ServerOff, cases.Refuses: sim.ServerRefuses, cases.Fails: sim.ServerFails}
	w.Set(w.Server(0), modes[c.Server])
	for _, h := range c.Killed {
		w.Kill(w.Hosts()[h])
	}
	if c.Expired {
		w.Run(2 * cases.TTL)
	}
	if c.Server == cases.Back {
		w.Set(w.Server(0), sim.ServerUp)
		w.RunUntil(w.AllUp, w.Now()+time.Minute)
	}
	var o once
	w.Listen(&o)
	w.Lookup(w.Hosts()[c.Asks], q, 0)
	w.RunUntil(func() bool { return o.got != nil }, w.Now()+20*time.Second)
	return judge(c, o.got, w)
}

func judge(c cases.Case, got *sim.Outcome, w *sim.World) CommonCase {
	word := map[bool]string{true: "answered", false: "not answered"}
	out := CommonCase{Name: c.Name, Want: fmt.Sprintf("%s within %v", word[c.Answered], c.Within), Got: "nothing came back"}
	if got != nil {
		answered := got.Result.Answer != nil
		out.Got = fmt.Sprintf("%s after %v", word[answered], got.Took.Round(time.Millisecond))
		out.ok = answered == c.Answered && got.Took <= c.Within
		if c.Server == cases.Back && got.Result.Stale {
			out.Got, out.ok = out.Got+", with a stale answer", false
		}
	}
	if err := w.Checks.Err(); err != nil {
		out.Got, out.ok = err.Error(), false
	}
	return out
}
