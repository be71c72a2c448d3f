package main

import (
	"fmt"
	"sync"
	"time"

	"mcdns/test/lab"
)

// caller is a C program on a host that looks names up at moments that are told,
// several at once where lookups stall.
type caller struct {
	host     *lab.Host
	resolver *lab.Resolver

	mu    sync.Mutex
	sent  map[string]time.Time // lookups under way
	calls []call
	over  chan struct{}
	err   error
}

// call is a lookup, and when it began.
type call struct {
	lab.Lookup
	host *lab.Host
	at   time.Time
}

// threads of a caller: more lookups than may stall at one time.
const threads = 16

func newCaller(h *lab.Host) (*caller, error) {
	r, err := h.NewResolver(threads, lab.ByUnspec)
	if err != nil {
		return nil, err
	}
	c := &caller{host: h, resolver: r, sent: map[string]time.Time{}, over: make(chan struct{})}
	go c.read()
	return c, nil
}

func (c *caller) read() {
	defer close(c.over)
	for {
		l, err := c.resolver.Next()
		if err != nil {
			return
		}
		c.mu.Lock()
		c.calls = append(c.calls, call{l, c.host, c.sent[l.Name]})
		delete(c.sent, l.Name)
		c.mu.Unlock()
	}
}

// look begins a lookup. One of the same name must not be under way.
func (c *caller) look(name string) error {
	c.mu.Lock()
	c.sent[name] = time.Now()
	c.mu.Unlock()
	return c.resolver.Send(name)
}

// finish waits for the lookups under way, and returns all.
func (c *caller) finish() ([]call, error) {
	c.resolver.NoMore()
	<-c.over
	if len(c.sent) > 0 {
		c.err = fmt.Errorf("%d lookups on %s have no end", len(c.sent), c.host.Name)
	}
	c.resolver.Close()
	return c.calls, c.err
}

// callers is one on each of several hosts.
type callers []*caller

func newCallers(hosts []*lab.Host) (callers, error) {
	var all callers
	for _, h := range hosts {
		c, err := newCaller(h)
		if err != nil {
			return all, err
		}
		all = append(all, c)
	}
	return all, nil
}

func (all callers) finish() (calls []call, err error) {
	for _, c := range all {
		some, problem := c.finish()
		if problem != nil {
			err = problem
		}
		calls = append(calls, some...)
	}
	return calls, err
}
