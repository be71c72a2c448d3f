package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"mcdns/test/lab"
)

const (
	freshWithin = 10 * second
	stormBelow  = 2.0 // questions to the server per second and host
	// recoverFor is how long the server's questions are counted.
	recoverFor   = 12 * second
	recoverEvery = 100 * time.Millisecond
)

// recover gives some names new addresses while the server is dead, brings it
// back, and looks those names up until every host has the new ones.
func (t *trial) recover() error {
	for _, name := range t.moving {
		t.names.Host(name, 1, 1)
	}
	all, err := newCallers(t.lan.Hosts)
	if err != nil {
		return err
	}
	begin := time.Now()
	if err := t.lan.Server.On(); err != nil {
		return err
	}
	for i := range int(recoverFor / recoverEvery) {
		h := i % len(all)
		name := t.moving[(i/len(all))%len(t.moving)]
		if err := all[h].lookUnlessUnderWay(name); err != nil {
			return err
		}
		time.Sleep(time.Until(begin.Add(time.Duration(i+1) * recoverEvery)))
	}
	calls, err := all.finish()
	if err != nil {
		return err
	}
	t.judgeRecovery(begin, calls)
	return t.awaitUp()
}

// lookUnlessUnderWay is look for a name that may still be under way.
func (c *caller) lookUnlessUnderWay(name string) error {
	c.mu.Lock()
	_, busy := c.sent[name]
	c.mu.Unlock()
	if busy {
		return nil
	}
	return c.look(name)
}

func (t *trial) judgeRecovery(begin time.Time, calls []call) {
	t.recoveries++
	title := fmt.Sprintf("recovery %d", t.recoveries)
	p := t.part(title)
	fresh := map[*lab.Host]time.Duration{} // the first right lookup
	old := time.Duration(0)                // the last one that said what was true before
	for _, c := range calls {
		at := c.at.Sub(begin)
		if p.add(t.names, c.host, c.Lookup) {
			if was, ok := fresh[c.host]; !ok || at+c.Took < was {
				fresh[c.host] = at + c.Took
			}
		} else if c.Result == "OK" {
			old = max(old, at)
		}
	}
	last := time.Duration(0)
	for _, d := range fresh {
		last = max(last, d)
	}
	p.FreshS, p.StormQPS = last.Seconds(), t.storm(p, begin)
	t.say("%s; fresh everywhere after %.2f s, last stale answer at %.2f s; at most %.2f questions per second and host", p, p.FreshS, old.Seconds(), p.StormQPS)
	t.want(title+": hosts with fresh answers", t.Hosts, len(fresh), len(fresh) == t.Hosts)
	t.want(title+": seconds until every answer is fresh", "<= 10", max(last, old).Seconds(), max(last, old) <= freshWithin)
	t.want(fmt.Sprintf("%s: questions to the server per second and host, over any %v", title, t.stormWindow()), "< 2", p.StormQPS, p.StormQPS < stormBelow)
	t.want(title+": lookups that failed", 0, p.failed, p.failed == 0)
}

// storm is the most questions per second that reached the server since begin, of
// all hosts, divided by their number. All count, also those that a lookup made.
func (t *trial) storm(p *part, begin time.Time) float64 {
	window := t.stormWindow()
	var worst []lab.Query
	all := t.lan.Server.Queries()
	for i, first := range all {
		if first.At.Before(begin) {
			continue
		}
		n := 1
		for i+n < len(all) && all[i+n].At.Sub(first.At) < window {
			n++
		}
		if n > len(worst) {
			worst = all[i : i+n]
		}
	}
	qps := float64(len(worst)) / float64(t.Hosts) / window.Seconds()
	if qps >= stormBelow {
		p.complain(fmt.Sprintf("after %v: %s", worst[0].At.Sub(begin), whatFor(worst)))
	}
	return qps
}

// stormWindow is any second, or, where frames are lost and what is lost is asked
// again within the second, any five.
func (t *trial) stormWindow() time.Duration {
	if t.loss > 0 {
		return 5 * second
	}
	return second
}

// whatFor says for which names, how often, a storm asked.
func whatFor(storm []lab.Query) string {
	times := map[string]int{}
	for _, q := range storm {
		times[fmt.Sprintf("%s/%d", strings.ToLower(q.Name), q.Type)]++
	}
	names := slices.SortedFunc(maps.Keys(times), func(a, b string) int {
		return cmp.Or(times[b]-times[a], strings.Compare(a, b))
	})
	text := fmt.Sprintf("%d questions, %d different:", len(storm), len(names))
	for _, name := range names[:min(len(names), 12)] {
		text += fmt.Sprintf(" %dx %s", times[name], name)
	}
	return text
}

// awaitUp waits until every host knows that the server is back.
func (t *trial) awaitUp() error {
	return await(fmt.Sprintf("%s: every host says that the server is up", t.Case), func() bool {
		for _, h := range t.lan.Hosts {
			if s, err := h.Status(); err != nil || s.Upstream != "up" {
				return false
			}
		}
		return true
	})
}

// awaitTime is what anything awaited may take.
const awaitTime = 60 * second

func await(what string, true func() bool) error {
	for begin := time.Now(); ; {
		if true() {
			return nil
		}
		if time.Since(begin) > awaitTime {
			return fmt.Errorf("in vain for %v: %s", awaitTime, what)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
