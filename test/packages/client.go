package packages

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"mcdns/test/lab"
)

// lookupProgram is where prepare puts the lab's C program on a machine.
const lookupProgram = "/root/lookup"

// Client is a program on a machine that looks names up, started once: what
// happens to the machine meanwhile happens to it.
type Client struct {
	cmd *lab.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

// Lookup is what one lookup came to.
type Lookup struct {
	Name, Result, Addrs string
	Took                time.Duration
}

// NewClient starts one. program is lookupProgram or one like it.
func (m *Machine) NewClient(program string) (*Client, error) {
	c := &Client{cmd: m.Command(program, "-j", "1", "-f", "inet")}
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	c.out = bufio.NewScanner(out)
	m.clients = append(m.clients, c)
	return c, c.cmd.Start()
}

// Ask looks one name up.
func (c *Client) Ask(name string) (Lookup, error) {
	if _, err := io.WriteString(c.in, name+"\n"); err != nil {
		return Lookup{}, err
	}
	if !c.out.Scan() {
		return Lookup{}, fmt.Errorf("the client has ended: %v", c.out.Err())
	}
	f := strings.Split(c.out.Text(), "\t")
	if len(f) < 4 {
		return Lookup{}, fmt.Errorf("the client says %q", c.out.Text())
	}
	us, err := strconv.Atoi(f[2])
	return Lookup{Name: f[0], Result: f[1], Took: time.Duration(us) * time.Microsecond, Addrs: f[3]}, err
}

// Close ends the client; a second Close does nothing.
func (c *Client) Close() {
	c.in.Close()
	c.cmd.Wait()
}

// Load is what clients that never stop asking have seen.
type Load struct {
	Total int
	Lost  []Lookup // not OK
	Worst time.Duration
}

// pause is between two lookups of a client under load: without it four clients
// leave a machine of two processors nothing for what is tested.
const pause = time.Millisecond

// UnderLoad runs f while so many clients on the machine look the names up, one
// after the other, until f has ended and each has done so many.
func (m *Machine) UnderLoad(clients, least int, names []string, f func() error) (Load, error) {
	stop := make(chan struct{})
	type result struct {
		load Load
		err  error
	}
	results := make(chan result, clients)
	for i := range clients {
		c, err := m.NewClient(lookupProgram)
		if err != nil {
			return Load{}, err
		}
		go func() {
			load, err := c.loop(names, i, least, stop)
			c.Close()
			results <- result{load, err}
		}()
	}
	err := f()
	close(stop)
	var sum Load
	for range clients {
		r := <-results
		if r.err != nil && err == nil {
			err = r.err
		}
		sum.Total += r.load.Total
		sum.Lost = append(sum.Lost, r.load.Lost...)
		sum.Worst = max(sum.Worst, r.load.Worst)
	}
	return sum, err
}

func (c *Client) loop(names []string, from, least int, stop <-chan struct{}) (load Load, err error) {
	for i := from; ; i++ {
		select {
		case <-stop:
			if load.Total >= least {
				return load, nil
			}
		default:
		}
		l, err := c.Ask(names[i%len(names)])
		if err != nil {
			return load, err
		}
		load.add(l)
		time.Sleep(pause)
	}
}

func (load *Load) add(l Lookup) {
	load.Total++
	load.Worst = max(load.Worst, l.Took)
	if l.Result != "OK" {
		load.Lost = append(load.Lost, l)
	}
}
