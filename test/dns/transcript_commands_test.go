package dns

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// command runs one command of a transcript.
func (w *scene) command(line string) error {
	line, says, _ := strings.Cut(line, " = ")
	f := strings.Fields(line)
	args := f[1:]
	switch f[0] {
	case "set":
		return w.doSet(args)
	case "zone":
		q, _, err := question(args)
		w.zone[q.String()] = says
		return err
	case "server":
		return w.doServer(args)
	case "ask":
		return w.doAsk(args)
	case "wait":
		d, err := time.ParseDuration(args[0])
		w.Run(d)
		return err
	case "peer":
		return w.doPeer(args, says)
	case "restart":
		w.restart()
		return nil
	case "held":
		return w.doHeld(args)
	case "state":
		w.say("upstream %v", w.node.Status(w.Now).Upstream)
		return nil
	}
	return errors.New("no such command")
}

func (w *scene) doSet(args []string) error {
	for _, a := range args {
		key, value, _ := strings.Cut(a, "=")
		d, _ := time.ParseDuration(value)
		names := strings.Split(value, ",")
		for i := range names {
			if names[i] != "." {
				names[i] += "."
			}
		}
		switch key {
		case "servers":
			w.set.Servers = serverList(value)
		case "fallback":
			w.set.Fallback = serverList(value)
		case "max-stale":
			w.set.MaxStale = d
		case "max-ttl":
			w.set.MaxTTL = d
		case "min-ttl":
			w.set.MinTTL = d
		case "negative-ttl":
			w.set.NegativeTTL = d
		case "search":
			w.set.Search = names
		case "forward":
			w.set.Forward = names
		case "stop-rebinding":
			w.set.StopRebinding = value == "yes"
		case "private-names":
			w.set.PrivateNames = names
		case "route": // domain@server
			domain, server, _ := strings.Cut(value, "@")
			w.set.Routes = []node.Route{{Domain: domain + ".", Servers: serverList(server)}}
			w.set.Search = []string{domain + "."}
		case "fetch-ahead":
			w.set.FetchAhead = value == "yes"
		case "rotate":
			w.set.Rotate = value == "yes"
		default:
			return fmt.Errorf("no setting %q", key)
		}
	}
	w.node.Take(node.Configure{Settings: w.set})
	return nil
}

func (w *scene) doServer(args []string) error {
	s := w.servers[args[0]]
	if s == nil {
		return fmt.Errorf("no server %q", args[0])
	}
	if slow, is := strings.CutPrefix(args[1], "slow="); is {
		d, err := time.ParseDuration(slow)
		s.mode, s.slow = "up", d
		return err
	}
	s.mode, s.slow = args[1], replyTime
	return nil
}

// doAsk asks and lets time pass until the answer is there.
func (w *scene) doAsk(args []string) error {
	q, rest, err := question(args)
	if err != nil {
		return err
	}
	times := 1
	for _, a := range rest {
		switch {
		case a == "do":
			q.Flags |= dns.DO
		case a == "cd":
			q.Flags |= dns.CD
		case a[0] == 'x':
			if times, err = strconv.Atoi(a[1:]); err != nil {
				return err
			}
		}
	}
	for range times {
		w.nextID++
		w.waiting[w.nextID] = q
		w.node.Take(node.Lookup{ID: w.nextID, Question: q})
	}
	for end := w.Now + time.Minute; len(w.waiting) > 0; {
		if !w.Step(end) {
			return errors.New("no result after a minute")
		}
	}
	return nil
}

// doPeer lets a proven peer tell an answer by multicast.
func (w *scene) doPeer(args []string, says string) error {
	q, rest, err := question(args)
	if err != nil {
		return err
	}
	if !w.set.Shares {
		w.set.Shares, w.set.Links = true, []node.Link{{Index: 1, Name: "eth0", IPv4: true}}
		w.node.Take(node.Configure{Settings: w.set})
		w.hear(&wire.Hello{Version: "test"}, true)
		w.Run(3 * time.Second)
	}
	r, _ := replied(q, says)
	if r.Answer == nil {
		return errors.New("that is no answer")
	}
	told := *r.Answer
	told.Server = dns.HashServer(serverAddrs["s1"])
	told.Birth = dns.Birth{Peer: thePeer, Clock: w.Now.Truncate(time.Millisecond)}
	var age time.Duration
	for _, r := range rest {
		key, value, _ := strings.Cut(r, "=")
		switch key {
		case "age":
			if age, err = time.ParseDuration(value); err != nil {
				return err
			}
			told.Birth.Clock -= age
		case "birth": // a birth with a name of its own, told again by this number
			n, err := strconv.Atoi(value)
			if err != nil {
				return err
			}
			told.Birth = dns.Birth{Peer: wire.Peer{ID: 3, Epoch: 33}, Clock: time.Duration(n) * time.Second}
		case "server":
			told.Server = dns.HashServer(serverAddrs[value])
		}
	}
	w.hear(&wire.Announce{Answers: []wire.Aged{{Answer: &told, Age: age}}}, true)
	return nil
}

// restart saves, ends and starts the node, as a daemon on one boot does.
func (w *scene) restart() {
	saved, _ := w.node.Changes(w.Now, 0)
	w.LAN = newLAN(w.t, w.Now) // what was under way is lost
	w.start()
	w.node.Take(node.Restore{Entries: saved})
}

func (w *scene) doHeld(args []string) error {
	q, _, err := question(args)
	if err != nil {
		return err
	}
	e, ok := w.node.Entry(w.Now, q)
	if !ok {
		w.say("held: nothing")
		return nil
	}
	w.say("held: %s age=%v %s", kindOf(e.Answer), e.Age.Truncate(time.Second), data(e.Answer))
	return nil
}
