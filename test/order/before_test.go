package order

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"mcdns/test/lab"
)

// before is the last commit that did not keep the order.
const before = "71b6b87"

// daemonBefore builds mcdnsd of that commit from the history.
func daemonBefore(t *testing.T) string {
	t.Helper()
	lab.Need(t)
	dir := t.TempDir()
	git := exec.Command("git", "-C", lab.Top(), "archive", before)
	tar := exec.Command("tar", "x", "-C", dir)
	var err error
	if tar.Stdin, err = git.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	if err := tar.Start(); err != nil {
		lab.Skip(t, err.Error())
	}
	if out := git.Run(); out != nil {
		tar.Wait()
		lab.Skip(t, "the history has no commit "+before+" (a shallow clone?)")
	}
	if err := tar.Wait(); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "mcdnsd.before")
	build := exec.Command("go", "build", "-buildvcs=false", "-o", program, "./daemon/cmd/mcdnsd")
	build.Dir, build.Env = dir, append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// The version before believed B when A took 200 ms. What it saved of B's, and what a
// peer that still runs it tells, is not given to programs while A answers.
func TestAnswersOfTheVersionBeforeAreReadByTheOrder(t *testing.T) {
	if !whole {
		t.Skip("a part of make order: it builds another mcdnsd")
	}
	program := daemonBefore(t)
	p := newPair(t)
	now := p.own.Mcdnsd.Path
	run := func(h *lab.Host, path string) {
		t.Helper()
		p.must(h.Mcdnsd.Stop())
		h.Mcdnsd.Path = path
		p.must(h.Mcdnsd.Start(), h.Mcdnsd.Ready(20*time.Second))
	}
	run(p.own, program)
	run(p.peer, program)
	p.must(p.a.Slow(200 * ms))
	names := p.names(10)
	told := p.tells(p.peer, len(names))
	old := p.look(p.own, names)
	if old.AtB == 0 {
		t.Fatal("the version before did not ask B: the test shows nothing")
	}
	t.Logf("before: %d of %d right, B was asked for %d", old.Right, old.Of, old.AtB)
	told()
	run(p.own, now) // its last state is saved when it stops
	if r := p.look(p.own, names); r.Right != r.Of || r.AtB != 0 {
		t.Errorf("with the state of the version before: %d of %d right, B was asked for %d: %q", r.Right, r.Of, r.AtB, r.wrong)
	}
	more := p.names(10)
	told = p.tells(p.own, len(more))
	p.look(p.peer, more) // asked of B, and told by the version before
	told()
	if r := p.look(p.own, more); r.Right != r.Of || r.AtB != 0 {
		t.Errorf("beside a peer of the version before: %d of %d right, B was asked for %d: %q", r.Right, r.Of, r.AtB, r.wrong)
	}
}

// tells returns a wait until a host was told of so many names more than it holds now,
// each with both addresses.
func (p *pair) tells(h *lab.Host, names int) (wait func()) {
	p.t.Helper()
	held := func() int {
		s, err := h.Status()
		p.must(err)
		return s.Cache.Entries
	}
	want := held() + 2*names
	return func() {
		p.t.Helper()
		for begin := time.Now(); held() < want; time.Sleep(20 * ms) {
			if time.Since(begin) > 20*time.Second {
				p.t.Fatalf("%s holds %d answers; want %d: it was not told", h.Name, held(), want)
			}
		}
	}
}
