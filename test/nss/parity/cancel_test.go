package parity

import (
	"fmt"
	"math"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mcdns/test/checks"
	"mcdns/test/lab"
)

// forgotten is what cancel.c looks up; nobody may keep it.
const forgotten = `
cancelled.lan.example. 0 IN A 192.0.2.20
cancelled.lan.example. 0 IN A 192.0.2.21
cancelled.lan.example. 0 IN AAAA 2001:db8::20
cancelled.lan.example. 0 IN AAAA 2001:db8::21
20.2.0.192.in-addr.arpa. 0 IN PTR cancelled.lan.example.
`

// cancels is what is left of lookups that were cancelled.
type cancels struct {
	cancelled, count, left int
	after                  string // gethostbyname in another thread: returns or hangs
}

// TestCancelledLookupsLeaveNoMoreThanNssDns cancels each entry, in each family, at
// random moments. A cancel in glibc's own sort leaves a socket with dns too: that is
// what both leave by chance, a few of a thousand.
func TestCancelledLookupsLeaveNoMoreThanNssDns(t *testing.T) {
	p := newPair(t)
	p.options(t, "search lan.example\n")
	for _, l := range p.server { // each lookup waits for the server
		if err := l.Zone.Parse(strings.NewReader(forgotten)); err != nil {
			t.Fatal(err)
		}
		if err := l.Server.Slow(5 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	program := filepath.Join(t.TempDir(), "cancel")
	args := []string{"-O1", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-pthread", "-o", program, "testdata/cancel.c"}
	if out, err := exec.Command("cc", args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	seed := time.Now().UnixNano() & 0xffff
	t.Logf("seed %d", seed)
	count := 100
	if checks.File != "" {
		count = 1000
	}
	for _, entry := range []string{"gai 0 0", "gai 0 2", "gai 2 0", "gai 2 2", "gai 10 0", "gai 10 2", "name2 2 0", "name2 10 0", "info 0 0", "name 0 0"} {
		run := func(h *lab.Host) cancels {
			return cancel(t, h, append([]string{program, fmt.Sprint(count), fmt.Sprint(seed)}, strings.Fields(entry)...))
		}
		if entry == "name 0 0" {
			// In pieces: at its 100th lookup a process of glibc looks for nscd, and a
			// cancel at that connect(2) is under gethostbyname's lock with any service.
			// With nss-dns it hangs, and is cancelled nowhere with mcdns.
			got := cancels{}
			for range count / 50 {
				if got = cancel(t, p.mcdns, append([]string{program, "50", fmt.Sprint(seed)}, strings.Fields(entry)...)); got.after != "returns" || got.left != 0 {
					break
				}
				seed++
			}
			judge(t, entry, count, got, cancels{})
			continue
		}
		got, want := run(p.mcdns), run(p.dns)
		for more := 0; more < 2 && got.left > want.left+chance(got, want); more++ {
			seed++ // by chance, or a leak: the more cancels, the surer
			got, want = got.and(run(p.mcdns)), want.and(run(p.dns))
		}
		if got.cancelled < got.count/4 && entry != "info 0 0" {
			t.Errorf("%s: %d of %d were cancelled: nothing is shown", entry, got.cancelled, got.count)
		}
		judge(t, entry, got.count, got, want)
	}
}

// chance is how many more descriptors one may leave than the other without being
// worse: three times the deviation of the difference of two counts.
func chance(got, want cancels) int { return int(3 * math.Sqrt(float64(got.left+want.left+1))) }

// and adds up two runs; of what came after, the one that did not return counts.
func (c cancels) and(o cancels) cancels {
	c.cancelled, c.count, c.left = c.cancelled+o.cancelled, c.count+o.count, c.left+o.left
	if c.after == "returns" {
		c.after = o.after
	}
	return c
}

func judge(t *testing.T, entry string, count int, got, want cancels) {
	t.Helper()
	checks.Add(t, "cancelled "+entry+": descriptors left, of "+fmt.Sprint(count), fmt.Sprintf("about %d, as with dns", want.left),
		fmt.Sprint(got.left), got.left <= want.left+chance(got, want))
	checks.Add(t, "cancelled "+entry+": gethostbyname after it", "returns", got.after, got.after == "returns")
	t.Logf("%s: mcdns %+v, dns %+v", entry, got, want)
}

func cancel(t *testing.T, h *lab.Host, args []string) (c cancels) {
	t.Helper()
	out, err := h.Command(args[0], args[1:]...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v\n%s", args, err, out)
	}
	if n, _ := fmt.Sscanf(string(out), "cancelled %d of %d, left %d, gethostbyname %s", &c.cancelled, &c.count, &c.left, &c.after); n != 4 {
		c.after = strings.TrimSpace(string(out))
	}
	return c
}
