package lab

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Lookup is one lookup by a C program, as its caller saw it.
type Lookup struct {
	Name   string
	Result string        // "OK", or the error: "NONAME", "AGAIN", "HOST_NOT_FOUND", ...
	Took   time.Duration // inside the C library, in whole microseconds
	Addrs  []string      // sorted as text; of an address, its name
}

// How a Resolver looks names up.
const (
	ByUnspec = "unspec" // getaddrinfo, both families; getnameinfo for addresses
	ByInet   = "inet"   // getaddrinfo, AF_INET
	ByInet6  = "inet6"  // getaddrinfo, AF_INET6
	ByName   = "byname" // gethostbyname_r
)

// Resolver is the C program, running on a host: it looks up what it is told to,
// until Close. The time of a lookup is taken in it, so that Go is not on the
// clock.
type Resolver struct {
	cmd *Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// NewResolver starts the program with so many threads; how is one of ByUnspec,
// ByInet, ByInet6 and ByName.
func (h *Host) NewResolver(threads int, how string) (*Resolver, error) {
	program, err := lookupProgram()
	if err != nil {
		return nil, err
	}
	r := &Resolver{cmd: h.Command(program, "-j", strconv.Itoa(threads), "-f", how)}
	if r.in, err = r.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	r.out = bufio.NewScanner(out)
	return r, r.cmd.Start()
}

var lookupProgram = sync.OnceValues(buildLookup)

// Send gives the program a name or an address to look up.
func (r *Resolver) Send(name string) error {
	_, err := io.WriteString(r.in, name+"\n")
	return err
}

// Next waits for the end of a lookup: with several threads, of any. After
// NoMore and the last lookup the error is io.EOF.
func (r *Resolver) Next() (Lookup, error) {
	if !r.out.Scan() {
		if err := r.out.Err(); err != nil {
			return Lookup{}, err
		}
		return Lookup{}, io.EOF
	}
	return parseLookup(r.out.Text())
}

// Ask looks one name up. It suits a Resolver of one thread.
func (r *Resolver) Ask(name string) (Lookup, error) {
	if err := r.Send(name); err != nil {
		return Lookup{}, err
	}
	return r.Next()
}

// NoMore says that no further name comes.
func (r *Resolver) NoMore() error { return r.in.Close() }

// Close ends the program.
func (r *Resolver) Close() error {
	r.in.Close()
	return r.cmd.Wait()
}

// parseLookup reads "name, result, microseconds, addresses", between tabs.
func parseLookup(line string) (Lookup, error) {
	f := strings.Split(line, "\t")
	if len(f) != 4 {
		return Lookup{}, fmt.Errorf("lab: lookup said %q", line)
	}
	us, err := strconv.ParseInt(f[2], 10, 64)
	if err != nil {
		return Lookup{}, fmt.Errorf("lab: lookup said %q: %w", line, err)
	}
	l := Lookup{Name: f[0], Result: f[1], Took: time.Duration(us) * time.Microsecond}
	if f[3] != "" {
		l.Addrs = strings.Split(f[3], ",")
	}
	return l, nil
}

// Lookups looks all names up on the host, with so many threads, and calls each
// after each of them, from one goroutine.
func (h *Host) Lookups(names []string, threads int, each func(Lookup)) error {
	r, err := h.NewResolver(threads, ByUnspec)
	if err != nil {
		return err
	}
	defer r.Close()
	go func() {
		for _, name := range names {
			if r.Send(name) != nil {
				break
			}
		}
		r.NoMore()
	}()
	for range names {
		l, err := r.Next()
		if err != nil {
			return fmt.Errorf("lab: lookup on %s ended early: %w", h.Name, err)
		}
		each(l)
	}
	return nil
}
