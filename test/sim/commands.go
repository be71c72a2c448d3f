package sim

import (
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
)

// a command of scripts.
type command struct {
	args  int // that it needs
	usage string
	do    func(s *script, args, input []string) error
}

var commands map[string]command

func init() {
	commands = map[string]command{
		"hosts":     {1, "N [bare seed=1 servers=1 loss=0% serverloss=0% jitter=0s disks drift=PPM wireless reply=20ms start=0s cache=BYTES search=DOMAIN]", makeWorld},
		"zone":      {0, "(records on the next lines)", (*script).addRecords},
		"remove":    {1, "NAME", func(s *script, a, _ []string) error { s.zone.Remove(dotted(a[0])); return nil }},
		"lookup":    {2, "HOSTS NAME [TYPE]", (*script).lookup},
		"begin":     {2, "HOSTS NAME [TYPE]", (*script).begin},
		"survey":    {1, "NAME... : every host asks each", (*script).survey},
		"wait":      {1, "DURATION", func(s *script, a, _ []string) error { return s.during(a[0], s.w.Run) }},
		"server":    {1, "up|off|refuses|fails|flaps|lies|partial|slow D|loss P [dns=N]", (*script).server},
		"kill":      {1, "HOSTS", func(s *script, a, _ []string) error { return s.each(a[0], s.w.Kill) }},
		"stop":      {1, "HOSTS", func(s *script, a, _ []string) error { return s.each(a[0], s.w.Stop) }},
		"start":     {1, "HOSTS", func(s *script, a, _ []string) error { return s.each(a[0], s.w.Start) }},
		"reboot":    {1, "HOSTS", func(s *script, a, _ []string) error { return s.each(a[0], s.w.Reboot) }},
		"sleep":     {1, "HOSTS", func(s *script, a, _ []string) error { return s.each(a[0], s.w.Sleep) }},
		"awake":     {1, "HOSTS", func(s *script, a, _ []string) error { return s.each(a[0], s.w.Awake) }},
		"link":      {2, "HOSTS SEGMENT : one more interface", (*script).link},
		"move":      {2, "HOSTS SEGMENT : to another network", (*script).link},
		"pause":     {2, "HOST DURATION : host and clock stand still", (*script).pause},
		"partition": {1, "HOSTS HOSTS ...", (*script).partition},
		"heal":      {0, "", func(s *script, _, _ []string) error { s.w.Heal(); return nil }},
		"unheard":   {2, "HOST HOSTS [off] : whose multicast they do not hear", (*script).unheard},
		"cut":       {1, "HOSTS [off] : from the DNS servers", (*script).cut},
		"use":       {2, "HOSTS 1,2 : which DNS servers", (*script).use},
		"loss":      {1, "P%", func(s *script, a, _ []string) error { return s.share(a[0], s.w.Loss) }},
		"duplicate": {1, "P%", func(s *script, a, _ []string) error { return s.share(a[0], s.w.Duplicate) }},
		"jitter":    {1, "DURATION", func(s *script, a, _ []string) error { return s.during(a[0], s.w.Jitter) }},
		"delay":     {1, "DURATION", func(s *script, a, _ []string) error { return s.during(a[0], s.w.Delay) }},
		"key":       {2, "HOSTS none|SEAL[,OPEN...]", (*script).keys},
		"record":    {0, "", func(s *script, _, _ []string) error { s.w.Record(); return nil }},
		"replay":    {0, "", func(s *script, _, _ []string) error { s.say("%d datagrams, again", s.w.Replay()); return nil }},
		"show":      {1, "HELLO PROVE ... : kinds to tell of", func(s *script, a, _ []string) error { return s.show(a, true) }},
		"hide":      {1, "HELLO PROVE ... : kinds not to tell of", func(s *script, a, _ []string) error { return s.show(a, false) }},
		"status":    {0, "[HOSTS]", (*script).status},
		"cache":     {1, "HOSTS", (*script).cache},
		"peers":     {1, "HOSTS", (*script).peers},
		"agree":     {0, ": all hosts see the same", func(s *script, _, _ []string) error { s.w.Agree(); return nil }},
		"counts":    {0, ": what was sent so far", (*script).counts},
	}
}

// makeWorld begins the world of a script.
func makeWorld(s *script, args, _ []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil || n < 1 || n > 1000 || s.w != nil {
		return fmt.Errorf("want hosts N once, N from 1 to 1000")
	}
	s.zone, _ = NewRecords("")
	opt := Options{Hosts: n, Seed: 1, Zone: s.zone, Sealed: n <= 100}
	bare := false
	for _, a := range args[1:] {
		if a == "bare" {
			bare = true
			continue
		}
		if err := option(&opt, a); err != nil {
			return err
		}
	}
	if s.seed != 0 {
		opt.Seed = s.seed
	}
	s.trace = newTrace()
	s.w = begin(opt, nil)
	if opt.Start == 0 && !bare {
		s.w.Run(10 * time.Second) // the group forms; newcomer.txt shows how
	}
	s.w.trace = s.trace
	for _, h := range s.w.hosts {
		s.out = append(s.out, h.Name)
	}
	s.out = []string{strings.Join(s.out, " ") + " up"}
	s.w.Checks.Replay = fmt.Sprintf("go run ./test/sim/cmd/mcdns-sim -seed %d -scenario %s", opt.Seed, s.path)
	return nil
}

// option reads one "word=value" of hosts.
func option(opt *Options, a string) (err error) {
	word, value, _ := strings.Cut(a, "=")
	switch word {
	case "seed":
		opt.Seed, err = strconv.ParseUint(value, 10, 64)
	case "servers":
		opt.Servers, err = strconv.Atoi(value)
	case "drift":
		opt.Drift, err = strconv.Atoi(value)
	case "loss":
		opt.Loss, err = percent(value)
	case "serverloss":
		opt.ServerLoss, err = percent(value)
	case "jitter":
		opt.Jitter, err = time.ParseDuration(value)
	case "reply":
		opt.Reply, err = time.ParseDuration(value)
	case "start":
		opt.Start, err = time.ParseDuration(value)
	case "cache":
		opt.Settings.CacheBytes, err = strconv.Atoi(value)
	case "search":
		opt.Settings.Search = append(opt.Settings.Search, dotted(value))
	case "disks":
		opt.Disks = true
	case "wireless":
		opt.Wireless = true
	default:
		err = fmt.Errorf("no option %s", word)
	}
	return err
}

func percent(s string) (float64, error) {
	p, err := strconv.ParseFloat(strings.TrimSuffix(s, "%"), 64)
	return p / 100, err
}

func (s *script) during(d string, f func(time.Duration)) error {
	t, err := time.ParseDuration(d)
	if err == nil {
		f(t)
	}
	return err
}

func (s *script) share(p string, f func(float64)) error {
	v, err := percent(p)
	if err == nil {
		f(v)
	}
	return err
}

func dotted(name string) string { return strings.TrimSuffix(name, ".") + "." }

func (s *script) addRecords(_, input []string) error {
	for i, l := range input {
		f := strings.Fields(l)
		f[0] = dotted(f[0])
		if len(f) > 3 && (f[2] == "CNAME" || f[2] == "PTR") {
			f[3] = dotted(f[3])
		}
		input[i] = strings.Join(f, " ")
	}
	err := s.zone.Add(strings.Join(input, "\n"))
	for i := range input {
		input[i] = strings.Join(strings.Fields(input[i]), " ")
	}
	return err
}

func question(args []string) (dns.Question, error) {
	typ := dns.TypeA
	if len(args) > 1 {
		var ok bool
		if typ, ok = dns.TypeNamed(args[1]); !ok {
			return dns.Question{}, fmt.Errorf("no type %s", args[1])
		}
	}
	return dns.NewQuestion(args[0], typ)
}

// begin has hosts ask; nobody waits.
func (s *script) begin(args, _ []string) error {
	q, err := question(args[1:])
	if err != nil {
		return err
	}
	return s.each(args[0], func(h *Host) { s.w.Lookup(h, q, 0) })
}

// lookup has hosts ask and waits until all are answered.
func (s *script) lookup(args, _ []string) error {
	if err := s.begin(args, nil); err != nil {
		return err
	}
	hosts, err := s.hosts(args[0])
	s.until(hosts)
	return err
}

// survey has everybody ask for every name and tells the outcomes in one line.
func (s *script) survey(names, _ []string) error {
	s.w.trace = nil
	was := *s.w.Tally
	hosts, _ := s.hosts("all")
	for _, n := range names {
		q, err := question([]string{n})
		if err != nil {
			return err
		}
		for _, h := range hosts {
			s.w.Lookup(h, q, 0)
		}
		s.until(hosts)
	}
	s.w.trace = s.trace
	by := s.w.Tally.By
	for i := range by {
		by[i] -= was.By[i]
	}
	s.say("%d hosts asked for %d names: %d from a server, %d from their caches, %d from peers, %d stale, %d not at all",
		len(hosts), len(names), by[byServer], by[byCache], by[byPeer], by[byStale], by[byNobody])
	return nil
}

var modes = map[string]Mode{
	"up": ServerUp, "off": ServerOff, "refuses": ServerRefuses, "fails": ServerFails,
	"flaps": ServerFlaps, "lies": ServerLies, "partial": ServerPartial,
}

func (s *script) server(args, _ []string) error {
	servers := s.w.servers
	if n, ok := strings.CutPrefix(args[len(args)-1], "dns="); ok {
		i, err := strconv.Atoi(n)
		if err != nil || i < 1 || i > len(servers) {
			return fmt.Errorf("no server %s", n)
		}
		servers, args = servers[i-1:i], args[:len(args)-1]
	}
	for _, srv := range servers {
		switch m, ok := modes[args[0]]; {
		case ok:
			s.w.Set(srv, m)
		case args[0] == "slow" && len(args) > 1:
			if err := s.during(args[1], func(d time.Duration) { s.w.Slow(srv, d) }); err != nil {
				return err
			}
		case args[0] == "loss" && len(args) > 1:
			if err := s.share(args[1], func(p float64) { s.w.ServerLoss(srv, p) }); err != nil {
				return err
			}
		default:
			return fmt.Errorf("cannot be %s", args[0])
		}
	}
	return nil
}

func (s *script) link(args, _ []string) error {
	n, err := strconv.Atoi(args[1])
	if err != nil || n < 0 || n > 9 {
		return fmt.Errorf("segments are 0 to 9")
	}
	return s.each(args[0], func(h *Host) {
		if s.command == "move" {
			s.w.Move(h, n)
		} else {
			s.w.AddLink(h, n)
		}
	})
}

func (s *script) pause(args, _ []string) error {
	h := s.find(args[0])
	if h == nil {
		return fmt.Errorf("no host %s", args[0])
	}
	return s.during(args[1], func(d time.Duration) { s.w.Pause(h, d) })
}

func (s *script) partition(args, _ []string) error {
	var islands [][]*Host
	for _, a := range args {
		hosts, err := s.hosts(a)
		if err != nil {
			return err
		}
		islands = append(islands, hosts)
	}
	s.w.Partition(islands...)
	return nil
}

func (s *script) unheard(args, _ []string) error {
	from := s.find(args[0])
	if from == nil {
		return fmt.Errorf("no host %s", args[0])
	}
	on := len(args) < 3 || args[2] != "off"
	return s.each(args[1], func(h *Host) {
		if h != from {
			s.w.Unheard(from, h, on)
		}
	})
}

func (s *script) cut(args, _ []string) error {
	on := len(args) < 2 || args[1] != "off"
	return s.each(args[0], func(h *Host) {
		for i := range s.w.servers {
			s.w.Cut(h, i, on)
		}
	})
}

func (s *script) use(args, _ []string) error {
	use, err := numbers(args[1])
	for i := range use {
		use[i]--
	}
	if err != nil {
		return err
	}
	return s.each(args[0], func(h *Host) { s.w.Servers(h, use...) })
}

func numbers(list string) (out []int, err error) {
	for _, n := range strings.Split(list, ",") {
		v, err := strconv.Atoi(n)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, nil
}

func (s *script) keys(args, _ []string) error {
	if args[1] == "none" {
		return s.each(args[0], s.w.NoKey)
	}
	n, err := numbers(args[1])
	if err != nil {
		return err
	}
	return s.each(args[0], func(h *Host) { s.w.Keys(h, n[0], n[1:]...) })
}

func (s *script) show(args []string, on bool) error {
	for _, a := range args {
		found := false
		for k := range wire.EachKind {
			if k.String() == a {
				s.trace.show[k], found = on, true
			}
		}
		if a == "logs" {
			s.trace.logs, found = on, true
		}
		if !found {
			return fmt.Errorf("no message %s", a)
		}
	}
	return nil
}

func (s *script) status(args, _ []string) error {
	who := "all"
	if len(args) > 0 {
		who = args[0]
	}
	return s.each(who, func(h *Host) {
		st := h.Status(s.w)
		s.say("%-3s upstream %-8v group %-9s %d answers, %d stale", h.Name, st.Upstream, st.Group, st.Entries, st.Stale)
	})
}

func (s *script) cache(args, _ []string) error {
	return s.each(args[0], func(h *Host) {
		entries, _ := h.node.Changes(h.clock.read(s.w.now), 0)
		sort.Slice(entries, func(i, j int) bool {
			return entries[i].Answer.Question.Name < entries[j].Answer.Question.Name
		})
		for _, e := range entries {
			from := "fetched by itself"
			if e.From != (wire.Peer{}) {
				from = "from " + s.w.nameOf(e.From)
			}
			if e.Age >= e.Answer.TTL {
				from += ", STALE"
			}
			s.say("%s holds %s = %s ttl=%s age=%s %s", h.Name, brief(e.Answer.Question), data(e.Answer), seconds(e.Answer.TTL), round(e.Age), from)
		}
		if len(entries) == 0 {
			s.say("%s holds nothing", h.Name)
		}
	})
}

func (s *script) peers(args, _ []string) error {
	return s.each(args[0], func(h *Host) {
		peers := h.Peers(s.w)
		var out []string
		for _, p := range peers {
			word := s.w.nameOf(p.Peer)
			if !p.Proven {
				word += " (unproven)"
			}
			if !p.HearsUs {
				word += " (does not hear us)"
			}
			out = append(out, word)
		}
		sort.Strings(out)
		s.say("%s hears %s", h.Name, strings.Join(out, ", "))
	})
}

func (s *script) counts(_, _ []string) error {
	t := s.w.Tally
	for k := range wire.EachKind {
		if t.Group[k]+t.Single[k] > 0 {
			s.say("%-8v %d to the group, %d to one host", k, t.Group[k], t.Single[k])
		}
	}
	s.say("%d questions to DNS servers, %d streams", t.Asked, t.Pulls)
	return nil
}
