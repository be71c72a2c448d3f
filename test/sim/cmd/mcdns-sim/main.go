// Command mcdns-sim runs the simulator: the whole set of cases, or one.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"time"

	"mcdns/test/sim"
	"mcdns/test/sim/figures"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "mcdns-sim: error: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	scenario := flag.String("scenario", "", "play one: a transcript's file, \"soak\", \"day\", \"case\", or a case of the set such as 100-hosts-0%-loss")
	seed := flag.Uint64("seed", 0, "seed in place of the scenario's own")
	hosts := flag.Int("hosts", 8, "hosts of a soak, day or case")
	loss := flag.Float64("loss", 0, "share of datagrams lost in a case")
	warm := flag.Duration("warm", 0, "work before a case is measured")
	measure := flag.Duration("measure", time.Hour, "work measured in a case, length of a day")
	outage := flag.Duration("outage", time.Hour, "length of the outages of a case")
	trace := flag.String("trace", "", "lookups of a case from a file: seconds, host and name a line")
	single := flag.Bool("ipv6", false, "no IPv4 in a case")
	families := flag.Bool("families", false, "programs of a case ask for both addresses of a name, and hosts fetch ahead")
	rewrite := flag.Bool("rewrite", false, "write what happens now into the transcript")
	quick := flag.Bool("quick", false, "run the small set")
	dir := flag.String("out", "build", "where sim.json and sim/ go")
	resume := flag.Bool("resume", false, "do not run parts of the set again whose results are in the output directory")
	part := flag.Bool("part", false, "write what a case of the set found as JSON: how the set runs its parts")
	profile := flag.String("cpuprofile", "", "write a profile of the processor's time")
	flag.Parse()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	// Much lives long and little is collected: rather use the room there is.
	debug.SetGCPercent(200)
	debug.SetMemoryLimit(7 << 30)
	live := terminal(os.Stderr)
	set := figures.Set{Quick: *quick, Seed: max(*seed, 1), Stderr: os.Stderr, Resume: *resume}
	switch {
	case *scenario == "":
		return all(set, *dir, live)
	case *scenario == "soak":
		w := sim.Soak(max(*seed, 1), *hosts)
		fmt.Printf("digest %x\n", w.Digest())
		return w.Checks.Err()
	case *scenario == "day":
		d := sim.NewDay(max(*seed, 1), *hosts, *measure)
		fmt.Print(d)
		return d.Err()
	case *scenario == "case":
		var demand sim.Demand
		if *trace != "" {
			var err error
			if demand.Trace, err = sim.ReadTrace(*trace); err != nil {
				return err
			}
		}
		return told(figures.Case{
			Demand: demand, Hosts: *hosts, Loss: *loss, Warm: *warm, Measure: *measure, Out: *outage, Single: *single, Families: *families,
			Dead: figures.Dead(), Seed: max(*seed, 1),
		}.Run(os.Stderr, live))
	default:
		return one(*scenario, *seed, set, *rewrite, *part, live)
	}
}

// all runs the set, each part by this program in another process.
func all(set figures.Set, dir string, live bool) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	set.Self = []string{self, "-part", "-seed", fmt.Sprint(set.Seed), fmt.Sprintf("-quick=%v", set.Quick), "-scenario"}
	found, err := figures.Run(set, dir)
	if live {
		fmt.Fprint(os.Stderr, "\r\033[K")
	}
	fmt.Print(found.Summary())
	return err
}

// one plays a transcript, or a part of the set by its name.
func one(name string, seed uint64, set figures.Set, rewrite, part, live bool) error {
	if text, err := os.ReadFile(name); err == nil {
		if rewrite {
			return sim.PlayFile(name, seed, true)
		}
		out, err := sim.Play(name, string(text), seed)
		fmt.Print(out)
		return err
	}
	cores := sim.Cores()
	if part {
		cores = 1 // the other one is for another part
	}
	found, err := set.One(name, cores, live)
	if err != nil {
		return fmt.Errorf("%s: no such file or case: %w", name, err)
	}
	if res, ok := found.(figures.Result); ok && !part {
		return told(res)
	}
	out := json.NewEncoder(os.Stdout)
	if !part {
		out.SetIndent("", "  ")
	}
	return out.Encode(found)
}

// told prints a result; a broken promise is an error.
func told(res figures.Result) error {
	fmt.Print(res.Summary())
	if res.Faults != "" {
		return fmt.Errorf("%s", res.Faults)
	}
	return nil
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
