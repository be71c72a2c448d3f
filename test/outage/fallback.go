package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"mcdns/test/lab"
)

const (
	fallbackWithin = 2 * second
	ownWithin      = 10 * second
)

// fallback loses the site's server on a LAN whose hosts have another one to fall
// back on.
func (e *evening) fallback(loss float64) job {
	title := fmt.Sprintf("fallback, %s loss", percent(loss))
	run := func(r *result) error {
		t, err := e.newTrial(title, r, loss, lab.Config{Hosts: e.hosts, Servers: 2, Stopped: true})
		if err != nil {
			return err
		}
		defer t.close()
		return t.chapters(t.haveFallback, t.first, t.standIn, t.takeOver)
	}
	return job{title, run, run}
}

// haveFallback makes the second server the one to fall back on.
func (t *trial) haveFallback() error {
	own, other := t.lan.Servers[0].Host.Addr, t.lan.Servers[1].Host.Addr
	for _, h := range t.lan.Hosts {
		if err := h.Configure(fmt.Sprintf("[servers]\nfallback = %s\n", other)); err != nil {
			return err
		}
		if err := h.SetResolvConf(fmt.Sprintf("nameserver %s\n", own)); err != nil {
			return err
		}
	}
	if err := eachHost(t.lan.Hosts, func(h *lab.Host) error { return reach(h, other.String()) }); err != nil {
		return err
	}
	return t.lan.StartMcdnsd()
}

// reach makes the host know the way to an address, as it knows its router's: lost
// ARP frames, which the kernel repeats only every second, are not what this case
// is about.
func reach(h *lab.Host, addr string) error {
	return await(h.Name+" reaches "+addr, func() bool {
		return h.Do(func() error { return dial("tcp", addr+":53") }) == nil
	})
}

// standIn wants names that nobody has looked up from every host, the moment the
// site's server dies.
func (t *trial) standIn() error {
	t.end = "frozen"
	p := t.part("never-seen names, at the moment of the outage")
	names := t.fresh("new", t.Hosts)
	if err := t.strike(); err != nil {
		return err
	}
	begin := time.Now()
	err := t.eachLooks(p, names)
	took := time.Since(begin)
	t.say("%s, all within %.2f s", p, took.Seconds())
	t.wantAll(p)
	worst := p.program.Quantile(1)
	t.want(p.Part+": slowest (ms)", fmt.Sprintf("<= %d", fallbackWithin.Milliseconds()), worst, worst <= float64(fallbackWithin.Milliseconds()))
	later := t.part("never-seen names, later in the outage")
	err = errors.Join(err, t.eachLooks(later, t.fresh("later", t.Hosts)))
	t.say("%s", later)
	t.wantAll(later)
	return err
}

// takeOver wants the site's own server to be asked again, and it alone.
func (t *trial) takeOver() error {
	begin := time.Now()
	err := errors.Join(t.lan.Server.On(), t.awaitUp())
	took := time.Since(begin)
	t.want("own server: seconds until every host uses it again", "<= 10", took.Seconds(), err == nil && took <= ownWithin)
	p := t.part("never-seen names, own server back")
	names := t.fresh("back", t.Hosts)
	err = errors.Join(err, t.eachLooks(p, names))
	other := 0
	for _, q := range t.lan.Servers[1].Queries() {
		if strings.HasPrefix(q.Name, "back") {
			other++
		}
	}
	t.say("the own server is used again after %.2f s; %s; the other was asked %d times", took.Seconds(), p, other)
	t.wantAll(p)
	t.want("own server back: questions to the fallback server", 0, other, other == 0)
	return err
}

// fresh makes names that nobody has looked up.
func (t *trial) fresh(word string, n int) (names []string) {
	for i := range n {
		names = append(names, t.names.Host(fmt.Sprintf("%s%d.example", word, i), 1, 1))
	}
	return names
}

// eachLooks lets all hosts look up one name each, at once.
func (t *trial) eachLooks(p *part, names []string) error {
	of := map[*lab.Host]string{}
	for i, h := range t.lan.Hosts {
		of[h] = names[i]
	}
	return eachHost(t.lan.Hosts, func(h *lab.Host) error { return t.byProgram(p, h, []string{of[h]}) })
}
