package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"mcdns/test/checks"
	"mcdns/test/lab"
	"mcdns/test/story"
)

// before is the commit in which the attacks were found to succeed.
const before = "71b6b87"

// options are what the command line decides.
type options struct {
	rows   []row
	beside int  // attempts at one time
	again  bool // a row that is not kept runs once more
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "user" {
		lab.Exit(misuse(os.Args[2:]))
	}
	if len(os.Args) > 1 && os.Args[1] == "mail" {
		lab.Exit(mail(os.Args[2:]))
	}
	if len(os.Args) > 1 && os.Args[1] == "knock" {
		lab.Exit(knock(os.Args[2:]))
	}
	lab.Run(func(args []string) error {
		o, err := parse(args)
		if err != nil {
			return err
		}
		return attack(o)
	})
}

func parse(args []string) (options, error) {
	flags := flag.NewFlagSet("attack", flag.ExitOnError)
	only := flags.String("row", "", "numbers of rows, separated by commas (default: all)")
	quick := flags.Bool("quick", false, "what CI has time for")
	beside := flags.Int("beside", 4, "attempts at one time")
	flags.Parse(args)
	o := options{beside: max(1, *beside), again: *quick}
	for _, r := range rows {
		if *only == "" && (r.quick || !*quick) || slices.Contains(strings.Split(*only, ","), r.number) {
			o.rows = append(o.rows, r)
		}
	}
	if len(o.rows) == 0 {
		return o, fmt.Errorf("attack: no row %q", *only)
	}
	return o, nil
}

// siege is the whole run.
type siege struct {
	options
	show *story.Show
	logs string
	old  *lab.Binaries // nil without the history

	mu      sync.Mutex
	numbers byte // of LANs
	tried   []*tried
}

func attack(o options) error {
	s := &siege{options: o, show: story.NewShow(), logs: filepath.Join(lab.Top(), "build", "attack", "logs")}
	if err := os.RemoveAll(s.logs); err != nil {
		return err
	}
	s.findOld()
	s.everything()
	s.show.Say("Over.")
	fmt.Println(table(s.tried))
	return s.report()
}

// findOld looks for what before.sh built.
func (s *siege) findOld() {
	dir := filepath.Join(lab.Top(), "build", "attack", "before")
	if _, err := os.Stat(filepath.Join(dir, "commit")); err != nil {
		s.show.Say("No binaries of %s (test/attack/before.sh): the attacks are not seen to succeed.", before)
		return
	}
	s.old = &lab.Binaries{
		Mcdnsd: filepath.Join(dir, "mcdnsd"), Mcdns: filepath.Join(dir, "mcdns"), Module: filepath.Join(dir, "libnss_mcdns.so.2"),
	}
}

// everything runs all rows: those that may have company first, then the others.
func (s *siege) everything() {
	for i := range s.rows {
		r := &s.rows[i]
		s.tried = append(s.tried, &tried{Number: r.number, Who: r.who, Attack: r.attack, HarmIs: r.harm, AtMost: r.most, Left: r.left, Open: r.open, row: r})
	}
	slots := make(chan struct{}, s.beside)
	var over sync.WaitGroup
	for _, t := range s.tried {
		if t.row.alone {
			continue
		}
		slots <- struct{}{}
		over.Go(func() {
			s.try(t)
			<-slots
		})
	}
	over.Wait()
	for _, t := range s.tried {
		if t.row.alone {
			s.try(t)
		}
	}
}

// try makes all attempts of a row, and where CI would fail all of them once more:
// what a busy machine did is not done twice, what the product does is.
func (s *siege) try(t *tried) {
	s.attempts(t)
	if first := t.broken(); s.again && len(first) > 0 {
		s.show.Say("%s once more, because of: %s", t.Number, strings.Join(first, "; "))
		t.AtFirst, t.err = first, nil
		s.attempts(t)
	}
}

func (s *siege) attempts(t *tried) {
	t.Control, t.Before, t.Edge, t.Now = nil, nil, nil, nil
	run := t.row.run
	t.Control = s.attempt(t, run, "control", stage{})
	switch {
	case t.row.left != "" || t.row.held && t.row.edge == nil:
	case t.row.held:
		t.Edge = s.attempt(t, t.row.edge, "edge", stage{attacked: true, edge: true})
	case s.old != nil:
		t.Before = s.attempt(t, run, "before", stage{attacked: true, binaries: s.old})
	}
	t.Now = s.attempt(t, run, "now", stage{attacked: true})
}

// attempt runs a row once.
func (s *siege) attempt(t *tried, run func(*stage) (outcome, error), word string, st stage) *outcome {
	s.mu.Lock()
	st.number = 10 + s.numbers%90
	s.numbers++
	s.mu.Unlock()
	if st.binaries == nil {
		st.binaries = lab.FindBinaries()
	}
	st.title, st.logs, st.old = t.Number+" "+word, s.logs, s.old
	begin := time.Now()
	o, err := run(&st)
	if err = errors.Join(err, st.close()); err != nil {
		t.err = errors.Join(t.err, fmt.Errorf("%s: %w", st.title, err))
		s.show.Say("%s: %v", st.title, err)
		return nil
	}
	s.show.Say("%-3s %-8s %s: %s (%.0f s)", t.Number, word, t.Attack, o.Figure, time.Since(begin).Seconds())
	return &o
}

// report writes build/attack.json.
func (s *siege) report() error {
	r := checks.New("attack")
	r.Set("before", before)
	r.Set("seconds", time.Since(s.show.Begin).Seconds())
	r.Set("rows", s.tried)
	for _, t := range s.tried {
		r.List = append(r.List, t.judge()...)
		if t.err != nil {
			r.Want(t.Number+" "+t.Attack, "an outcome", t.err.Error(), false)
		}
	}
	return r.End(filepath.Join(lab.Top(), "build"), ", "+s.logs+" what the daemons said")
}
