package main

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/wire"
	"mcdns/test/lab"
)

// An insider: one machine with the key, and what it says.

// emptied floods the memory of all hosts with answers of 20 names of the insider.
func emptied(s *stage) (outcome, error) {
	const names, rate, flood = 20, 250, 10 * second
	z, used := zone(time.Hour, 400)
	in, err := s.joined(lab.Config{Hosts: 3, Zone: z, Conf: "[cache]\nsize = 1MiB\n"}, names)
	if err != nil {
		return outcome{}, err
	}
	victim := s.lan.Hosts[0]
	if err := s.learn(victim, used); err != nil {
		return outcome{}, err
	}
	if s.attacked {
		if err := in.flood(s, rate, flood); err != nil {
			return outcome{}, err
		}
	}
	if err := s.lose(victim); err != nil {
		return outcome{}, err
	}
	all, err := look(victim, used, 4)
	return of(count(all, failed), len(all), "names that the host had used were gone"), err
}

// flood tells so many datagrams a second, each full of names that nobody asked for.
func (in *insider) flood(s *stage, rate int, how time.Duration) error {
	const each = 11
	begin, sent := time.Now(), 0
	for time.Since(begin) < how {
		id := in.ids[sent%len(in.ids)]
		var all []wire.Aged
		for i := range each {
			name := fmt.Sprintf("f%d.x", sent*each+i)
			all = append(all, in.answer(s, id, dns.RcodeSuccess, 4*time.Hour, name, is(name, lie)))
		}
		if err := in.say(id, &wire.Announce{Answers: all}); err != nil {
			return err
		}
		sent++
		time.Sleep(time.Until(begin.Add(time.Duration(sent) * second / time.Duration(rate))))
	}
	return nil
}

// turned leads a public name to the loopback address in two steps: there is none,
// then there is that one.
func turned(s *stage) (outcome, error) {
	z, names := zone(second, 12)
	in, err := s.joined(lab.Config{Hosts: 3, Zone: z}, 1)
	if err != nil {
		return outcome{}, err
	}
	victim := s.lan.Hosts[0]
	if err := s.learn(victim, names); err != nil {
		return outcome{}, err
	}
	time.Sleep(2500 * time.Millisecond) // past their time to live: a fresh one is not hidden
	if s.attacked {
		var none, here []wire.Aged
		soa := ". 900 IN SOA ns. root. 1 3600 600 86400 900"
		for _, n := range names {
			none = append(none, in.answer(s, in.ids[0], dns.RcodeSuccess, 15*time.Minute, n, soa))
		}
		if err := in.tell(none); err != nil {
			return outcome{}, err
		}
		time.Sleep(2500 * time.Millisecond) // births closer together than 2 s leave what is held
		for _, n := range names {
			here = append(here, in.answer(s, in.ids[0], dns.RcodeSuccess, 4*time.Hour, n, is(n, "127.0.0.1")))
		}
		if err := in.tell(here); err != nil {
			return outcome{}, err
		}
		time.Sleep(100 * time.Millisecond)
	}
	all, err := look(victim, names, 4)
	return of(count(all, says("127.0.0.1")), len(all), "public names led to this host"), err
}

// tell announces answers, a few in each datagram.
func (in *insider) tell(all []wire.Aged) error {
	for some := range slices.Chunk(all, 8) {
		if err := in.say(in.ids[0], &wire.Announce{Answers: some}); err != nil {
			return err
		}
	}
	return nil
}

// replaced tells other addresses in the last seconds of what a host fetched itself.
func replaced(s *stage) (outcome, error) {
	const ttl = 20 * second
	z, names := zone(ttl, 16)
	in, err := s.joined(lab.Config{Hosts: 3, Zone: z}, 1)
	if err != nil {
		return outcome{}, err
	}
	begin := time.Now()
	victim := s.lan.Hosts[0]
	if err := s.learn(victim, names); err != nil {
		return outcome{}, err
	}
	time.Sleep(time.Until(begin.Add(ttl - 1400*time.Millisecond)))
	if s.attacked {
		if err := in.tell(in.lies(s, in.ids[0], names...)); err != nil {
			return outcome{}, err
		}
	}
	time.Sleep(100 * time.Millisecond)
	all, err := look(victim, names, 4)
	if took := time.Since(begin); err == nil && took >= ttl {
		err = fmt.Errorf("the machine was too slow: the answers ended before they were asked for, after %v", took)
	}
	return of(count(all, says(lie)), len(all), "own answers were replaced within their time to live"), err
}

// silenced says one thing to each other host in the name of the first, by a number
// far ahead: what the first says after that must still be heard.
func silenced(s *stage) (outcome, error) {
	z, names := zone(5*time.Minute, 60)
	in, err := s.joined(lab.Config{Hosts: 3, Zone: z}, 1)
	if err != nil {
		return outcome{}, err
	}
	teller, others := s.lan.Hosts[0], s.lan.Hosts[1:]
	was, err := in.hears(teller)
	if err != nil {
		return outcome{}, err
	}
	if s.attacked {
		for _, h := range others {
			m := was.as(1<<60, &wire.Hello{Version: "0.1.0"})
			if err := in.send(netip.AddrPortFrom(h.Addr, groupPort), m); err != nil {
				return outcome{}, err
			}
		}
	}
	return s.whatIsLeft(teller, names)
}

// whatIsLeft lets one host look names up and die together with the server, and asks
// another one for them.
func (s *stage) whatIsLeft(teller *lab.Host, names []string) (outcome, error) {
	if err := s.learn(teller, names); err != nil {
		return outcome{}, err
	}
	time.Sleep(5 * second)
	if err := teller.PowerOff(); err != nil {
		return outcome{}, err
	}
	other := s.lan.Hosts[len(s.lan.Hosts)-1]
	if err := s.lose(other); err != nil {
		return outcome{}, err
	}
	all, err := look(other, names, 4)
	return of(count(all, failed), len(all), "names that the host had told were lost"), err
}

// dismissed says goodbye in the name of each host, to the others.
func dismissed(s *stage) (outcome, error) {
	in, err := s.joined(lab.Config{Hosts: 3}, 1)
	if err != nil {
		return outcome{}, err
	}
	for _, h := range s.lan.Hosts {
		was, err := in.hears(h)
		if err != nil {
			return outcome{}, err
		}
		for _, to := range s.lan.Hosts {
			if to == h || !s.attacked {
				continue
			}
			if err := in.send(netip.AddrPortFrom(to.Addr, groupPort), was.as(was.seq+100, &wire.Bye{})); err != nil {
				return outcome{}, err
			}
		}
	}
	time.Sleep(300 * time.Millisecond)
	missing := 0
	for _, h := range s.lan.Hosts {
		st, err := h.Status()
		if err != nil {
			return outcome{}, err
		}
		missing += max(0, 3-st.Group.Proven)
	}
	return of(missing, 6, "members were dropped that are there"), nil
}

// amplified asks for everything, with new nonces, and counts the bytes that come of it.
func amplified(s *stage) (outcome, error) {
	const asked, each = 30, 55
	z := lab.NewZone(time.Hour)
	var names []string
	for i := range asked {
		names = append(names, fmt.Sprintf("q%d.b", i))
		for j := range each {
			z.Name(names[i], fmt.Sprintf("192.0.2.%d", 1+j))
		}
	}
	in, err := s.joined(lab.Config{Hosts: 3, Zone: z}, 1)
	if err != nil {
		return outcome{}, err
	}
	if err := s.learn(s.lan.Hosts[0], names); err != nil {
		return outcome{}, err
	}
	time.Sleep(8 * second) // all is told
	t, err := s.outsider()
	if err != nil {
		return outcome{}, err
	}
	q := &wire.Query{}
	for _, n := range names {
		for _, kind := range []uint16{dns.TypeA} {
			question, err := dns.NewQuestion(n, kind)
			if err != nil {
				return outcome{}, err
			}
			q.Asked = append(q.Asked, wire.Asked{Question: question})
		}
	}
	in0 := 0
	const queries, pause = 40, 100 * time.Millisecond
	for range queries {
		ask := *q
		ask.Nonce = random()
		if s.attacked {
			if err := in.say(in.ids[0], &ask); err != nil {
				return outcome{}, err
			}
		}
		in0 += wire.Size(&wire.Message{Body: &ask}) + 49
		time.Sleep(pause)
	}
	time.Sleep(second)
	out := 0
	mine := in.host.Addr
	for _, f := range t.heard() {
		if f.isGroup() && f.from() != mine {
			out += len(datagramOf(f.bytes))
		}
	}
	return outcome{float64(out) / float64(in0), fmt.Sprintf("%d bytes of questions made %d to the group, x%.1f", in0, out, float64(out)/float64(in0))}, nil
}

// cutOff says to so many hosts in an outage that the server is up, and answers what it
// is then asked.
func cutOff(hosts int) func(*stage) (outcome, error) {
	return func(s *stage) (outcome, error) { return s.cutOff(hosts) }
}

func (s *stage) cutOff(hosts int) (outcome, error) {
	z, names := zone(second, 30)
	in, err := s.joined(lab.Config{Hosts: hosts, Zone: z}, 1)
	if err != nil {
		return outcome{}, err
	}
	if err := s.learn(s.lan.Hosts[0], names); err != nil {
		return outcome{}, err
	}
	time.Sleep(3 * second) // all is told, and past its time to live
	if err := s.lose(s.lan.Hosts...); err != nil {
		return outcome{}, err
	}
	time.Sleep(3 * second) // the first seconds of an outage are another matter
	if s.attacked {
		server := dns.HashServer(netip.AddrPortFrom(s.lan.Server.Host.Addr, 53))
		in.mu.Lock()
		in.asked = func(q dns.Question) {
			if q.Type == dns.TypeA {
				in.tell(in.lies(s, in.ids[0], q.Name[:len(q.Name)-1]))
			}
		}
		in.mu.Unlock()
		lying := make(chan struct{})
		defer close(lying)
		go func() {
			for {
				in.say(in.ids[0], &wire.Hello{Version: "0.1.0"}, wire.ServerState{Server: server, Failure: wire.Never})
				select {
				case <-lying:
					return
				case <-time.After(500 * time.Millisecond):
				}
			}
		}()
		time.Sleep(5 * second)
	}
	all, err := look(s.lan.Hosts[min(1, hosts-1)], names, 1)
	slow := count(all, func(l lab.Lookup) bool { return l.Took > 100*time.Millisecond || failed(l) || says(lie)(l) })
	return of(slow, len(all), fmt.Sprintf("held names were slow, lost or poisoned (%d poisoned)", count(all, says(lie)))), err
}
