package parity

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"mcdns/test/checks"
	"mcdns/test/lab"
)

// confs are the resolv.confs; A, B and C stand for the servers, of which nobody
// listens at C.
var confs = []string{
	"nameserver A\n",
	"nameserver A\nnameserver B\n",
	"nameserver B\nnameserver A\n",
	"nameserver C\nnameserver A\n",
	"nameserver A\nnameserver C\n",
	"nameserver A\nnameserver C\nnameserver B\n",
	"nameserver A\nsearch lan.example\n",
	"nameserver A\nnameserver B\nsearch lan.example other.example\n",
	"nameserver A\nsearch lan.example other.example\noptions ndots:2\n",
	"nameserver A\nnameserver B\noptions edns0\n",
	"nameserver A\nnameserver B\noptions no-aaaa\n",
	"nameserver A\nnameserver B\noptions single-request\n",
	"nameserver A\nnameserver B\noptions attempts:2\n",
	"nameserver A\nnameserver B\noptions use-vc\n",
	"nameserver A\nnameserver B\ndomain lan.example\noptions trust-ad\n",
}

// lanes are pairs of LANs side by side, each with its share of the resolv.confs: most of
// a lookup here is waiting.
const lanes = 5

// newTroubled makes two LANs with the same troubled servers.
func newTroubled(t *testing.T, lane int) *pair {
	t.Helper()
	p := newPairOf(t, 3, byte(40+2*lane))
	for _, l := range p.server {
		for i, s := range l.Servers[:2] {
			(&troubled{nth: i, seen: map[string]int{}}).open(t, s)
		}
		if err := l.Servers[2].Refuse(); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// list gives both hosts a resolv.conf.
func (p *pair) list(t *testing.T, conf string) {
	t.Helper()
	for _, l := range p.server {
		text := conf
		for i, letter := range []string{"A", "B", "C"} {
			text = strings.ReplaceAll(text, "nameserver "+letter+"\n", "nameserver "+l.Servers[i].Host.Addr.String()+"\n")
		}
		if err := l.Hosts[0].SetResolvConf(text + "options timeout:1 attempts:1\n"); err != nil {
			t.Fatal(err)
		}
	}
}

// inTrouble makes questions about names that the servers treat in drawn ways.
func inTrouble(dice *rand.Rand, conf, n int) (list []string) {
	for i := range n {
		draw := func() string {
			w := troubles[dice.IntN(len(troubles))]
			if w == "silent" && dice.IntN(4) != 0 { // each takes seconds
				w = "good"
			}
			return w
		}
		name := fmt.Sprintf("%s-%s-%dx%d.lan.example", draw(), draw(), conf, i)
		if dice.IntN(3) == 0 {
			name = strings.TrimSuffix(name, ".lan.example")
		}
		flags := []int{0, canonical}[dice.IntN(2)]
		list = append(list, []string{
			fmt.Sprintf("gai 0 %d %s", flags, name), fmt.Sprintf("gai 2 %d %s", flags, name), fmt.Sprintf("gai 10 %d %s", flags, name),
			"name " + name, "name2 2 " + name, "name2 10 " + name,
		}[dice.IntN(6)])
	}
	return list
}

// together puts questions from many processes at once.
func (p *pair) together(t *testing.T, h *lab.Host, list []string) []string {
	t.Helper()
	const beside = 24
	answers := make([]string, len(list))
	var over sync.WaitGroup
	for i := range beside {
		if from, to := i*len(list)/beside, (i+1)*len(list)/beside; from < to {
			over.Go(func() { copy(answers[from:to], p.answers(t, h, list[from:to], nil)) })
		}
	}
	over.Wait()
	return answers
}

// both asks both hosts, and returns what nss-dns and mcdns say.
func (p *pair) both(t *testing.T, list []string) (want, got []string) {
	var over sync.WaitGroup
	over.Go(func() { want = p.together(t, p.dns, list) })
	over.Go(func() { got = p.together(t, p.mcdns, list) })
	over.Wait()
	return want, got
}

// quickTroubles is what `+"`go test`"+` has time for; MCDNS_TEST_PARITY says more (make parity).
const quickTroubles = 300

// Servers fail for each name in a way of its own, and every function of the C library
// says what it says with nss-dns, but for the listed reasons.
func TestServersThatFailForSomeNamesAreAsInNssDns(t *testing.T) {
	c := &comparison{listed: map[string]int{}}
	questions, seed := quickTroubles, uint64(time.Now().UnixNano())
	if n, err := strconv.Atoi(os.Getenv("MCDNS_TEST_PARITY")); err == nil {
		questions = n
	}
	// All pairs stand before the first is asked: one that cannot be made ends the test,
	// and the LANs of the others with it, under the questions of those that run.
	pairs := make([]*pair, lanes)
	for lane := range pairs {
		pairs[lane] = newTroubled(t, lane)
	}
	var over sync.WaitGroup
	for lane, p := range pairs {
		over.Go(func() {
			for i := lane; i < len(confs); i += lanes {
				p.list(t, confs[i])
				list := inTrouble(rand.New(rand.NewPCG(seed, uint64(i))), i, questions/len(confs))
				want, got := p.both(t, list)
				c.add(t, confs[i], list, got, want)
			}
		})
	}
	over.Wait()
	t.Logf("%d questions, seed %d", c.asked, seed)
	for why, n := range c.listed {
		t.Logf("%d differ: %s", n, why)
	}
	checks.Add(t, t.Name()+": answers that differ from those of nss-dns, without a listed reason", "0",
		fmt.Sprintf("%d of %d", c.odd, c.asked), c.odd == 0 && c.asked == questions/len(confs)*len(confs))
}

// comparison is what all lanes found.
type comparison struct {
	mu         sync.Mutex
	asked, odd int
	listed     map[string]int
}

func (c *comparison) add(t *testing.T, conf string, list, got, want []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked += len(list)
	for k, q := range list {
		if got[k] == want[k] {
			continue
		}
		if why := troubleReason(conf, q, got[k], want[k]); why != "" {
			c.listed[why]++
			continue
		}
		if c.odd++; c.odd <= 20 {
			t.Logf("%q: %s: got %.100s; nss-dns says %.100s", conf, q, got[k], want[k])
		}
	}
}
