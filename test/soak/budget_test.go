package main

import (
	"slices"
	"testing"

	"mcdns/test/checks"
)

// minutes makes the samples of an hour in which every figure is 10, but for one that
// is what f says at each minute.
func minutes(n, figure int, f func(minute int) float64) []*series {
	s := &series{Host: "h1"}
	for i := range n {
		var one sample
		for j := range one.Figures {
			one.Figures[j] = 10
		}
		one.Figures[figure] = f(i)
		s.Samples = append(s.Samples, one)
	}
	return []*series{s}
}

func broken(all []*series) (names []string) {
	for _, c := range budgets(all) {
		if !c.OK {
			names = append(names, c.Name)
		}
	}
	return names
}

func TestAFigureThatGrowsBreaksItsBudget(t *testing.T) {
	steady := func(int) float64 { return 20 }
	if got := broken(minutes(60, fds, steady)); got != nil {
		t.Errorf("nothing grew, but %q", got)
	}
	warm := func(i int) float64 { return float64(min(i, 20)) }
	if got := broken(minutes(60, fds, warm)); got != nil {
		t.Errorf("the warm-up counts: %q", got)
	}
	// One descriptor lost in five minutes.
	leak := func(i int) float64 { return float64(20 + i/5) }
	if got, want := broken(minutes(60, fds, leak)), []string{"h1: descriptors, mean of the last third"}; !slices.Equal(got, want) {
		t.Errorf("got %q; want %q", got, want)
	}
	once := func(i int) float64 { return float64(20 + 200*(i/59)) }
	if got := broken(minutes(60, fds, once)); !slices.Contains(got, "h1: descriptors, at most") {
		t.Errorf("220 descriptors once: got %q", got)
	}
}

// Means of a few samples say nothing, and what was not measured is 0.
func TestTooFewSamplesProveNothing(t *testing.T) {
	steady := func(int) float64 { return 20 }
	ok := func(c checks.Check) bool { return c.OK }
	if all := budgets(minutes(29, fds, steady)); ok(all[0]) || ok(all[1]) {
		t.Error("29 samples are taken for enough")
	}
	if got := broken(minutes(60, fds, func(int) float64 { return 0 })); len(got) == 0 {
		t.Error("no descriptors at all are within the budget")
	}
}
