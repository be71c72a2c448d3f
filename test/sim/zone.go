package sim

import (
	"fmt"
	"math"
	"sort"
	"strings"
	"time"

	"mcdns/gocore/dns"
)

// A Zone is what the DNS servers know.
type Zone interface {
	// Answer is what a server says to a question at a time, nil for SERVFAIL.
	// The answer is shared: it has no birth and no server.
	Answer(q dns.Question, now time.Duration) *dns.Answer
}

// soa is the authority section of every negative answer.
const soa = "example. 300 IN SOA ns.example. hostmaster.example. 1 3600 600 86400 300"

// Records is a zone written out by hand: records in presentation form.
type Records struct {
	lines map[string][]string // by lower-case owner name
	ready map[dns.Question]*dns.Answer
}

// NewRecords reads one record a line, "www.example.org. 300 A 192.0.2.7".
func NewRecords(text string) (*Records, error) {
	z := &Records{lines: map[string][]string{}, ready: map[dns.Question]*dns.Answer{}}
	return z, z.Add(text)
}

// Add adds records; those of a name and type already there are replaced.
func (z *Records) Add(text string) error {
	fresh := map[string]bool{}
	for _, line := range strings.Split(text, "\n") {
		f := strings.Fields(line)
		if len(f) == 0 {
			continue
		}
		if len(f) < 4 {
			return fmt.Errorf("zone: %q: want name, ttl, type, data", line)
		}
		name := strings.ToLower(f[0])
		if key := name + " " + f[2]; !fresh[key] {
			fresh[key] = true
			z.remove(name, f[2])
		}
		z.lines[name] = append(z.lines[name], strings.Join(f, " "))
	}
	clear(z.ready)
	return nil
}

// remove takes the records of a name and type out.
func (z *Records) remove(name, typ string) {
	var keep []string
	for _, l := range z.lines[name] {
		if strings.Fields(l)[2] != typ {
			keep = append(keep, l)
		}
	}
	if z.lines[name] = keep; len(keep) == 0 {
		delete(z.lines, name)
	}
}

// Remove takes a name out of the zone.
func (z *Records) Remove(name string) {
	delete(z.lines, strings.ToLower(name))
	clear(z.ready)
}

// Answer follows CNAMEs within the zone.
func (z *Records) Answer(q dns.Question, _ time.Duration) *dns.Answer {
	if a, ok := z.ready[q]; ok {
		return a
	}
	if q.Name == "." {
		return root(q)
	}
	var out []string
	rcode, name, found := 0, q.Name, false
	for range 12 {
		lines, there := z.lines[name]
		if !there {
			rcode = 3
			break
		}
		next := ""
		for _, l := range lines {
			f := strings.Fields(l)
			if f[2] == dns.TypeName(q.Type) {
				out, found = append(out, l), true
			} else if f[2] == "CNAME" {
				out, next = append(out, l), strings.ToLower(f[3])
			}
		}
		if found || next == "" {
			break
		}
		name = next
	}
	if !found {
		out = append(out, soa)
	}
	a, err := dns.ParseAnswer(q, rcode, out)
	if err != nil {
		panic(fmt.Sprintf("zone: %v: %v", q, err))
	}
	z.ready[q] = a
	return a
}

// root answers a probe that asks for the root's SOA.
func root(q dns.Question) *dns.Answer {
	a, err := dns.ParseAnswer(q, 0, []string{". 86400 IN SOA a.root. hostmaster.root. 1 1800 900 604800 86400"})
	if err != nil {
		panic(err)
	}
	return a
}

// Ask makes a question of a name as people write it.
func Ask(name string, typ uint16) dns.Question {
	q, err := dns.NewQuestion(name, typ)
	if err != nil {
		panic(err)
	}
	return q
}

// Names is a zone made of numbered names: "n17.example." has a TTL drawn from
// the distribution that the report names and an address that never changes. Some are
// aliases, some do not exist, as the Mix says.
type Names struct {
	mix       Mix
	questions []dns.Question
	answers   []*dns.Answer
	index     map[dns.Question]int
	changed   map[int]int // names whose data changed, and how often
}

// Mix is what part of the names are.
type Mix struct {
	Count    int     // names there are (50,000 if 0)
	Missing  float64 // do not exist
	Alias    float64 // are CNAMEs of another name
	Private  int     // names of each host alone, above Count
	Hosts    int     // for Private
	Seed     uint64
	FixedTTL time.Duration // of all names, if not 0
	// Families gives each name an IPv6 address as well: the question for that of
	// the i-th name is the i+Count-th. Not with Private.
	Families bool
}

// NewNames makes the default zone.
func NewNames() *Names { return NewMix(Mix{}) }

// NewMix makes a zone of numbered names.
func NewMix(m Mix) *Names {
	if m.Count == 0 {
		m.Count = 50_000
	}
	total := m.Count + m.Private*m.Hosts
	if m.Families {
		total = 2 * m.Count
	}
	z := &Names{mix: m, questions: make([]dns.Question, total), answers: make([]*dns.Answer, total), changed: map[int]int{}}
	z.index = make(map[dns.Question]int, total)
	for i := range total {
		z.questions[i] = Ask(fmt.Sprintf("n%d.example.", i), dns.TypeA)
		if m.Families && i >= m.Count {
			z.questions[i] = Ask(fmt.Sprintf("n%d.example.", i-m.Count), dns.TypeAAAA)
		}
		z.index[z.questions[i]] = i
	}
	return z
}

// Question is the i-th there is.
func (z *Names) Question(i int) dns.Question { return z.questions[i] }

// Fill makes all answers now.
func (z *Names) Fill() {
	for i, a := range z.answers {
		if a == nil {
			z.answers[i] = z.make(i)
		}
	}
}

// Change gives the i-th name another address.
func (z *Names) Change(i int) {
	z.changed[i]++
	z.answers[i] = nil
}

// Answer makes the answer when it is first asked for.
func (z *Names) Answer(q dns.Question, _ time.Duration) *dns.Answer {
	i, ok := z.index[q]
	if q.Name == "." {
		return root(q)
	}
	if !ok {
		return nameless(q)
	}
	if z.answers[i] == nil {
		z.answers[i] = z.make(i)
	}
	return z.answers[i]
}

func (z *Names) make(i int) *dns.Answer {
	q, ttl := z.questions[i], int(z.TTL(i)/time.Second)
	address := "A 11.%d.%d.%d"
	if q.Type == dns.TypeAAAA {
		i, address = i-z.mix.Count, "AAAA 2001:db8::%x:%x:%x"
	}
	var lines []string
	rcode := 0
	name := q.Name
	switch p := chance(z.mix.Seed, 9, uint64(i)); {
	case p < z.mix.Missing:
		rcode, lines = 3, []string{fmt.Sprintf("example. %d IN SOA ns.example. hostmaster.example. 1 3600 600 86400 %d", ttl, ttl)}
	case p < z.mix.Missing+z.mix.Alias:
		lines = append(lines, fmt.Sprintf("%s %d CNAME c%d.cdn.example.", name, ttl, i))
		name = fmt.Sprintf("c%d.cdn.example.", i)
		fallthrough
	default:
		v := i + z.changed[i]*1_000_000
		lines = append(lines, fmt.Sprintf("%s %d "+address, name, ttl, v>>16&255, v>>8&255, v&255))
	}
	a, err := dns.ParseAnswer(q, rcode, lines)
	if err != nil {
		panic(err)
	}
	return a
}

// lives are the TTLs of the model and the share of names up to each.
var lives = []struct {
	share float64
	ttl   time.Duration
}{
	{.10, 20 * time.Second}, {.35, time.Minute}, {.67, 5 * time.Minute}, {.72, 15 * time.Minute},
	{.90, time.Hour}, {.95, 4 * time.Hour}, {1, 24 * time.Hour},
}

// TTL is that of the i-th name.
func (z *Names) TTL(i int) time.Duration {
	if z.mix.FixedTTL != 0 {
		return z.mix.FixedTTL
	}
	if z.mix.Families {
		i %= z.mix.Count
	}
	p := chance(z.mix.Seed, 10, uint64(i))
	for _, l := range lives {
		if p < l.share {
			return l.ttl
		}
	}
	return lives[len(lives)-1].ttl
}

// A zipf draws names: the i-th with a probability that falls as 1/(i+1)^s.
type zipf struct{ below []float64 }

func newZipf(n int, s float64) *zipf {
	z := &zipf{below: make([]float64, n)}
	sum := 0.0
	for i := range n {
		sum += math.Pow(float64(i+1), -s)
		z.below[i] = sum
	}
	for i := range z.below {
		z.below[i] /= sum
	}
	return z
}

func (z *zipf) draw(p float64) int {
	return min(sort.SearchFloat64s(z.below, p), len(z.below)-1)
}

// Len is how many names there are.
func (z *Names) Len() int { return len(z.questions) }
