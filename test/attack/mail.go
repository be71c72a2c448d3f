package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"mcdns/test/lab"
	"mcdns/test/story"
)

// A mail server is one user too, and no attacker: it looks up where its clients come
// from, and is to be served as fast as ever.

const (
	mailRate = 2000 // reverse lookups a second
	mailTime = second
)

// mailed is what a mail server saw.
type mailed struct {
	P99  float64 // seconds
	Rate float64 // answers a second
}

// mail looks addresses up at its pace, whether those before are answered or not, and
// prints what it saw.
func mail(args []string) error {
	if len(args) != 2 {
		return errors.New("attack mail: want a socket and the first part of an IPv4 address")
	}
	var mu sync.Mutex
	var times story.Times
	var all sync.WaitGroup
	begin := time.Now()
	const count = int(mailRate * mailTime / second)
	for i := range count {
		due := begin.Add(time.Duration(i) * second / mailRate)
		time.Sleep(time.Until(due))
		addr, err := netip.ParseAddr(fmt.Sprintf("%s.%d.%d.%d", args[1], 1+i>>16, i>>8&255, i&255))
		if err != nil {
			return err
		}
		all.Go(func() {
			if exchange(args[0], request(byAddress, string(addr.AsSlice()))) == nil {
				mu.Lock()
				times = append(times, time.Since(due))
				mu.Unlock()
			}
		})
	}
	all.Wait()
	seen := mailed{times.Quantile(0.99), float64(len(times)) / time.Since(begin).Seconds()}
	return json.NewEncoder(os.Stdout).Encode(seen)
}

// mailServer runs one on a LAN of today and on one of before, in turn.
func mailServer(s *stage) (outcome, error) {
	if s.old == nil {
		return outcome{Figure: "nothing of " + before + " to compare with"}, nil
	}
	binaries := []*lab.Binaries{s.old, s.binaries}
	if !s.attacked {
		binaries[1] = s.old // what chance does
	}
	var hosts [2]*lab.Host
	for i, b := range binaries {
		s.binaries = b
		z, _ := zone(time.Hour, 1)
		if err := s.open(lab.Config{Hosts: 1, Zone: z}); err != nil {
			return outcome{}, err
		}
		s.number++
		hosts[i] = s.lan.Hosts[0]
	}
	var p99, rate [2][]float64
	for round := range 6 {
		for i, h := range hosts {
			out, err := h.Command("/proc/self/exe", "mail", nssSocket, fmt.Sprint(20+round)).Output()
			var m mailed
			if err = errors.Join(err, json.Unmarshal(out, &m)); err != nil {
				return outcome{}, err
			}
			p99[i], rate[i] = append(p99[i], m.P99), append(rate[i], m.Rate)
		}
	}
	was, is := slices.Min(p99[0]), slices.Min(p99[1]) // the machine's other work is in the others
	wasRate, isRate := slices.Max(rate[0]), slices.Max(rate[1])
	return outcome{max(is/was, wasRate/isRate), fmt.Sprintf("p99 %s, %s on %s; %.0f a second, %.0f",
		story.Span(is), story.Span(was), before, isRate, wasRate)}, nil
}
