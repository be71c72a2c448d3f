package main

import (
	"slices"
	"testing"
	"time"

	"mcdns/test/lab"
	"mcdns/test/story"
)

func TestQuickIsWhatCIHasTimeFor(t *testing.T) {
	o, err := parse([]string{"-quick"})
	if err != nil {
		t.Fatal(err)
	}
	if o.hosts != 8 || !o.again || !slices.Equal(o.loss, []float64{0, 0.2}) || !slices.Equal(o.cases, []string{"powered off", "frozen", "fallback", "multicast", "first"}) {
		t.Errorf("got %+v; want 8 hosts, 0 and 20 %% loss, powered off, frozen and the special cases", o)
	}
	if o, err = parse(nil); err != nil || o.again || o.hosts != 20 || len(o.loss) != 3 || len(o.cases) != 7 {
		t.Errorf("got %+v, %v; want 20 hosts, 3 losses, 7 cases", o, err)
	}
}

func TestNonsenseIsRefused(t *testing.T) {
	for _, args := range [][]string{{"-loss", "80"}, {"-loss", "x"}, {"-case", "melted"}, {"-hosts", "2"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%q: got no error", args)
		}
	}
}

// A part in which one lookup of a thousand was wrong is not 100 %.
func TestOneWrongLookupBreaksAPromise(t *testing.T) {
	names := story.NewNames(ttl, story.Sites[:1])
	h, r := &lab.Host{Name: "h1"}, &result{Case: "case"}
	p := r.part("part")
	name := names.Timed[0]
	good := lab.Lookup{Name: name, Result: "OK", Took: time.Millisecond, Addrs: names.Addresses(name)}
	for range 1999 {
		p.add(names, h, good)
	}
	r.wantAll(p)
	bad := good
	bad.Addrs = bad.Addrs[:1] // one address family is missing
	p.add(names, h, bad)
	r.wantAll(p)
	if len(r.checks) != 2 || !r.checks[0].OK || r.checks[1].OK || r.checks[1].Got != "99.95 % (1999 of 2000)" {
		t.Errorf("got %+v; want the first kept, the second not", r.checks)
	}
}

// A busy machine breaks a promise once; what the product breaks, it breaks twice.
func TestBrokenCaseRunsOnceMoreAndNoMore(t *testing.T) {
	for _, c := range []struct{ good, runs int }{{1, 1}, {2, 2}, {3, 2}} {
		e := &evening{options: options{again: true}, show: story.NewShow()}
		runs := 0
		run := func(r *result) error {
			runs++
			r.want("promise", true, runs >= c.good, runs >= c.good)
			return nil
		}
		if err := e.all([]job{{"case", run, run}}, 1); err != nil {
			t.Fatal(err)
		}
		r := e.results[0]
		if kept := len(r.checks.Broken()) == 0; runs != c.runs || kept != (c.good < 3) || len(r.checks) != 1 || (len(r.AtFirst) > 0) != (runs > 1) {
			t.Errorf("good from run %d on: %d runs, %+v; want %d", c.good, runs, r, c.runs)
		}
	}
}

// An empty part must not pass for 100 %.
func TestNothingLookedUpBreaksAPromise(t *testing.T) {
	r := &result{}
	r.wantAll(r.part("part"))
	if r.checks[0].OK {
		t.Error("got a kept promise")
	}
}
