package node

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/renewal"
)

const forged = "203.0.113.66"

// birthNow is what a peer says that it fetched at this moment.
func (n *testNode) birthNow() dns.Birth {
	return dns.Birth{Peer: n.self(), Clock: n.clock().Truncate(time.Millisecond)}
}

// TestInsiderChangesNoOwnAnswerWithinItsTTL: neither at once, nor in the refresh window,
// nor in two steps: the same data with a younger birth of its own first.
func TestInsiderChangesNoOwnAnswerWithinItsTTL(t *testing.T) {
	for _, c := range []struct {
		name string
		told []string
	}{{"other data", []string{forged}}, {"the same data, then other", []string{"203.0.113.7", forged}}, {"a denial", []string{""}}} {
		t.Run(c.name, func(t *testing.T) {
			l := newLAN(t, 2)
			l.answers["www.example."] = "203.0.113.7"
			l.settle()
			n, liar := l.nodes[0], l.nodes[1]
			n.lookup("www.example.")
			own := n.holds(l.now, question("www.example."))
			for end := own.Expires(); l.now < end-time.Millisecond; {
				for _, data := range c.told {
					if data == "" {
						n.tells(liar, 0, l.denial("www.example.", 3, liar.birthNow()))
						continue
					}
					n.tells(liar, 0, l.positive("www.example.", data, liar.birthNow()))
				}
				if e := n.holds(l.now, question("www.example.")); e.Answer != own.Answer {
					t.Fatalf("%v before its end the own answer was changed", end-l.now)
				}
				step := 5 * time.Second
				if end-l.now < 6*time.Second {
					step = 100 * time.Millisecond
				}
				l.run(min(step, end-l.now-time.Millisecond))
			}
		})
	}
}

// TestOwnAnswerGivesWayAtItsEndToWhatWaited: the younger answer of an honest peer is not
// lost, and nobody asks the server again for the same data.
func TestOwnAnswerGivesWayAtItsEndToWhatWaited(t *testing.T) {
	for _, data := range []string{"203.0.113.7", "203.0.113.8"} {
		l := newLAN(t, 2)
		l.answers["www.example."] = "203.0.113.7"
		l.settle()
		n, peer := l.nodes[0], l.nodes[1]
		n.lookup("www.example.")
		end := n.holds(l.now, question("www.example.")).Expires()
		l.run(end - l.now - time.Second)
		told := l.positive("www.example.", data, peer.birthNow())
		n.tells(peer, 0, told)
		l.run(2 * time.Second)
		if e := n.holds(l.now, question("www.example.")); e.Answer != told || !e.Fresh(l.now) {
			t.Errorf("%s: got %+v; want what the peer told, fresh", data, e)
		}
	}
}

// TestOtherDataCancelsTheRefreshOfLowRanksAlone: in the window the three ranked first
// ask whatever a peer tells, and what they get is what stands for them.
func TestOtherDataCancelsTheRefreshOfLowRanksAlone(t *testing.T) {
	l := newLAN(t, 20)
	l.settle()
	liar := l.nodes[19]
	asked, spared := 0, 0
	for i := range 40 {
		name := fmt.Sprintf("n%d.example.", i)
		l.answers[name] = "203.0.113.7"
		n := l.nodes[i%19]
		n.lookup(name)
		end := n.holds(l.now, question(name)).Expires()
		l.run(end - l.now - 1900*time.Millisecond)
		n.tells(liar, 0, l.positive(name, forged, liar.birthNow()))
		before := l.asked[question(name)]
		n.lookup(name)
		l.run(3 * time.Second)
		e := n.holds(l.now, question(name))
		switch refreshed := l.asked[question(name)] > before; {
		case n.rank(question(name)) >= renewal.Surest:
			spared++
			if refreshed {
				t.Errorf("%s: host %d of rank %d asked in spite of what it was told", name, n.i, n.rank(question(name)))
			}
		case !refreshed || !e.Own():
			t.Errorf("%s: host %d of rank %d asked: %v, holds its own: %v", name, n.i, n.rank(question(name)), refreshed, e.Own())
		default:
			asked++
		}
	}
	if asked == 0 || spared == 0 {
		t.Errorf("%d asked, %d did not: the test shows nothing", asked, spared)
	}
}

// TestRotationCostsNoQuestionsAndAccusesNobody: a day of an honest LAN whose names have
// another address in each reply, beside the same day without.
func TestRotationCostsNoQuestionsAndAccusesNobody(t *testing.T) {
	if raced || testing.Short() {
		t.Skip("two days of twenty hosts")
	}
	still, _ := dayOfTwenty(t, false)
	rotating, accused := dayOfTwenty(t, true)
	t.Logf("questions to the server in a day: %d, %d with rotation", still, rotating)
	if float64(rotating) > 1.03*float64(still) {
		t.Errorf("%d questions to the server; %d without rotation, want at most 1.03 times that (seed %d)", rotating, still, seed)
	}
	if accused != 0 {
		t.Errorf("honest peers were accused %d times (seed %d)", accused, seed)
	}
}

func dayOfTwenty(t *testing.T, rotates bool) (asked, accused int) {
	const names, every = 6, 300 * time.Millisecond // several hosts use a name in each window
	l := newLAN(t, 20)
	for i := range names {
		l.answers[fmt.Sprintf("n%d.example.", i)] = "203.0.113.1"
	}
	l.onAsk = func(a Ask) {
		asked++
		if _, known := l.answers[a.Question.Name]; rotates && known {
			l.answers[a.Question.Name] = fmt.Sprintf("203.0.113.%d", 1+asked%8)
		}
	}
	l.onEffect = func(_ *testNode, e Effect) {
		if e == Effect(Count{AnswersContradicted}) {
			accused++
		}
	}
	l.settle()
	r := rand.New(rand.NewPCG(seed, 2))
	for end := l.now + 24*time.Hour; l.now < end; l.run(every) {
		i := min(r.IntN(names), r.IntN(names)) // some are asked for more than others
		l.nodes[r.IntN(20)].query(fmt.Sprintf("n%d.example.", i))
		l.sent = nil
		if len(l.nodes[0].results) > 1000 {
			for _, n := range l.nodes {
				clear(n.results)
			}
		}
	}
	return asked, accused
}

// TestWhatAPeerTellsBeforeItsTurnSparesAHostItsQuestion: between its lookup and its turn,
// too, a host of a low rank hears that another has asked.
func TestWhatAPeerTellsBeforeItsTurnSparesAHostItsQuestion(t *testing.T) {
	l := newLAN(t, 20)
	l.settle()
	other := l.nodes[19]
	spared := 0
	for i := range 40 {
		name := fmt.Sprintf("n%d.example.", i)
		l.answers[name] = "203.0.113.7"
		n := l.nodes[i%19]
		if n.rank(question(name)) < renewal.Surest {
			continue
		}
		spared++
		n.lookup(name)
		e := n.holds(l.now, question(name))
		l.run(e.Expires() - e.Window() + 10*time.Millisecond - l.now)
		before := l.asked[question(name)]
		n.lookup(name)
		n.tells(other, 0, l.positive(name, "203.0.113.8", other.birthNow()))
		l.run(e.Window() + time.Second)
		if l.asked[question(name)] > before {
			t.Errorf("%s: host %d of rank %d asked though it had heard the answer before its turn", name, n.i, n.rank(question(name)))
		}
	}
	if spared < 10 {
		t.Errorf("%d hosts of low rank: the test shows nothing", spared)
	}
}
