package node

import (
	"testing"
	"time"
)

// queryWith begins a lookup of a program with options of its own.
func (n *testNode) queryWith(name string, own Options) func() *Result {
	n.nextID++
	id := n.nextID
	n.handle(Lookup{ID: id, Question: question(name), Own: own})
	return func() *Result { return n.results[id] }
}

// after is what a lookup came to within a time, "waits" if it still does.
func (l *lan) after(d time.Duration, result func() *Result) string {
	l.run(d)
	if result() == nil {
		return "waits"
	}
	return says(result())
}

func (l *lan) expect(what string, d time.Duration, result func() *Result, want string) {
	l.t.Helper()
	if got := l.after(d, result); got != want {
		l.t.Errorf("%s, %v later: got %q; want %q", what, d, got, want)
	}
}

// tcpAsks counts what is asked from now on over TCP and not.
func (l *lan) tcpAsks(name string) (tcp, udp *int) {
	tcp, udp = new(int), new(int)
	l.onEffect = func(_ *testNode, e Effect) {
		if a, ok := e.(Ask); ok && a.Question.Name == name {
			if a.TCP {
				*tcp++
			} else {
				*udp++
			}
		}
	}
	return tcp, udp
}

// A name that takes 14 s is found by who waits for so long, and by nobody else; a
// program that is in a hurry keeps no other from it.
func TestProgramsOwnTimeoutIsHowLongItWaits(t *testing.T) {
	l, a, _ := twoServers(t, 1)
	n := l.nodes[0]
	l.configure(func(s *Settings) { s.Servers = []Server{a.id} })
	a.answers["slow.corp."], a.slow["slow.corp."] = "10.0.0.2", 14*time.Second
	patient := n.queryWith("slow.corp.", Options{Timeout: 10 * time.Second})
	hurried := n.queryWith("slow.corp.", Options{Timeout: time.Second, Attempts: 1})
	plain := n.query("slow.corp.")
	l.expect("timeout:1 attempts:1", 1100*time.Millisecond, hurried, "")
	l.expect("without options", 8*time.Second, plain, "waits")
	l.expect("without options", time.Second, plain, "")
	l.expect("timeout:10", 5*time.Second, patient, "10.0.0.2")
}

// What has failed for who waited for less has not failed for who waits for longer.
func TestFailureOfTheHurriedIsNotThePatientOnes(t *testing.T) {
	l, a, _ := twoServers(t, 1)
	n := l.nodes[0]
	l.configure(func(s *Settings) { s.Servers, s.Timeout, s.Attempts = []Server{a.id}, time.Second, 1 })
	a.answers["slow.corp."], a.slow["slow.corp."] = "10.0.0.2", 2*time.Second
	l.expect("without options", 1100*time.Millisecond, n.query("slow.corp."), "")
	l.expect("without options, at once again", 10*time.Millisecond, n.query("slow.corp."), "")
	l.expect("timeout:5", 3*time.Second, n.queryWith("slow.corp.", Options{Timeout: 5 * time.Second}), "10.0.0.2")
}

// Attempts count too, and who comes late to the fetch of others has all its time.
func TestFetchGoesOnWhileAnyAskerWaits(t *testing.T) {
	l, a, _ := twoServers(t, 1)
	n := l.nodes[0]
	l.configure(func(s *Settings) { s.Servers = []Server{a.id} })
	a.answers["slow.corp."], a.slow["slow.corp."] = "10.0.0.2", 14*time.Second
	plain := n.query("slow.corp.")
	l.run(8 * time.Second)
	patient := n.queryWith("slow.corp.", Options{Attempts: 5})
	l.expect("without options", 3*time.Second, plain, "")
	l.expect("attempts:5", 14*time.Second, patient, "10.0.0.2")
}

// A's turn is as long as the program says, where all who wait say so.
func TestServersTurnIsTheProgramsOwn(t *testing.T) {
	for _, c := range []struct {
		own    Options
		shared bool
		atB    time.Duration // when B is asked
	}{
		{own: Options{Timeout: 2 * time.Second}, atB: 2 * time.Second},
		{own: Options{Timeout: 8 * time.Second}, atB: 8 * time.Second},
		{own: Options{Timeout: 2 * time.Second}, shared: true, atB: 5 * time.Second},
		{own: Options{Timeout: 8 * time.Second}, shared: true, atB: 5 * time.Second},
	} {
		l, a, b := twoServers(t, 1)
		n := l.nodes[0]
		a.mute["stalled.corp."], b.answers["stalled.corp."] = true, "203.0.113.1"
		result := n.queryWith("stalled.corp.", c.own)
		if c.shared {
			result = n.query("stalled.corp.")
		}
		for begin := l.now; l.now < begin+c.atB-100*time.Millisecond; { // A answers others
			a.answers["other.corp."] = "10.0.0.3"
			l.run(100 * time.Millisecond)
			n.lookup(wordFor(l.now))
		}
		if got := len(b.names()); got != 0 {
			t.Errorf("%+v, shared: %v: B was asked before %v", c.own, c.shared, c.atB)
		}
		l.expect("after A's turn", 300*time.Millisecond, result, "203.0.113.1")
	}
}

func wordFor(at time.Duration) string { return "n" + at.String() + ".corp." }

// use-vc asks over TCP alone, and beside others' fetch over UDP once at once. Its way is
// no evidence: a server without TCP is no dead one, and its failure nobody else's.
func TestProgramThatWantsTCPAsksOverTCP(t *testing.T) {
	l, a, _ := twoServers(t, 1)
	n := l.nodes[0]
	a.answers["www.corp."] = "10.0.0.2"
	tcp, udp := l.tcpAsks("www.corp.")
	l.expect("use-vc", 100*time.Millisecond, n.queryWith("www.corp.", Options{TCP: true}), "10.0.0.2")
	if *tcp != 1 || *udp != 0 {
		t.Errorf("%d over TCP, %d over UDP; want 1, 0", *tcp, *udp)
	}
	a.slow["shared.corp."], a.answers["shared.corp."] = 50*time.Millisecond, "10.0.0.3"
	tcp, udp = l.tcpAsks("shared.corp.")
	plain := n.query("shared.corp.")
	own := n.queryWith("shared.corp.", Options{TCP: true})
	if *tcp != 1 || *udp != 1 {
		t.Errorf("beside another's: %d over TCP, %d over UDP; want 1, 1", *tcp, *udp)
	}
	l.expect("beside another's", 100*time.Millisecond, own, "10.0.0.3")
	l.expect("without options", 0, plain, "10.0.0.3")
}

func TestServerWithoutTCPIsNotDownForWhoWantsTCP(t *testing.T) {
	l, a, b := twoServers(t, 1)
	n := l.nodes[0]
	l.configure(func(s *Settings) { s.Servers = []Server{a.id} })
	a.noTCP = true
	for i := range 4 {
		name := wordFor(time.Duration(i))
		a.answers[name] = "10.0.0.2"
		l.expect("use-vc", 11*time.Second, n.queryWith(name, Options{TCP: true}), "")
		l.expect("without options", 100*time.Millisecond, n.query(name), "10.0.0.2")
	}
	a.answers["both.corp."] = "10.0.0.4"
	n.queryWith("both.corp.", Options{TCP: true})
	l.expect("shared", 100*time.Millisecond, n.query("both.corp."), "10.0.0.4")
	if s := n.first(); s.State != Up || len(b.names()) > 0 {
		t.Errorf("A is %v, B was asked %v; want up, nothing", s.State, b.names())
	}
}

// What one program drew by rotate is its own, and is neither lent nor kept.
func TestRotateOfOneProgramIsItsOwn(t *testing.T) {
	l, a, b := twoServers(t, 2)
	n := l.nodes[0]
	fromB := 0
	for i := range 40 {
		name := wordFor(time.Duration(i))
		a.answers[name], b.answers[name] = "10.0.0.2", "203.0.113.1"
		r := n.queryWith(name, Options{Rotate: true})
		if got := l.after(100*time.Millisecond, r); got == "203.0.113.1" {
			fromB++
			n.gets(name, "10.0.0.2")
			l.nodes[1].gets(name, "10.0.0.2")
		} else if got != "10.0.0.2" {
			t.Errorf("%s: got %q", name, got)
		}
	}
	if fromB < 8 || fromB > 32 {
		t.Errorf("%d of 40 from B; want about half (seed %d)", fromB, seed)
	}
	name := "both.corp."
	a.answers[name], b.answers[name] = "10.0.0.2", "203.0.113.1"
	a.delay, b.delay = 20*time.Millisecond, 20*time.Millisecond
	n.queryWith(name, Options{Rotate: true})
	l.expect("shared", 100*time.Millisecond, n.query(name), "10.0.0.2")
}
