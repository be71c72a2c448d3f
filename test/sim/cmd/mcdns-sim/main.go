// Command mcdns-sim runs the simulator: the whole set of cases, or one.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"

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
	scenario := flag.String("scenario", "", "play one: a transcript's file, \"soak\", or a case such as 100-hosts-0%-loss")
	seed := flag.Uint64("seed", 0, "seed in place of the scenario's own")
	hosts := flag.Int("hosts", 8, "hosts of a soak")
	rewrite := flag.Bool("rewrite", false, "write what happens now into the transcript")
	quick := flag.Bool("quick", false, "run the small set")
	dir := flag.String("out", "build", "where sim.json and sim/ go")
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
	live := terminal(os.Stderr)
	switch {
	case *scenario == "":
		all, err := figures.Run(*quick, max(*seed, 1), *dir, os.Stderr, live)
		fmt.Print(all.Summary())
		return err
	case *scenario == "soak":
		w := sim.Soak(max(*seed, 1), *hosts)
		fmt.Printf("digest %x\n", w.Digest())
		return w.Checks.Err()
	default:
		return one(*scenario, *seed, *rewrite, live)
	}
}

// one plays a transcript, or a case by its name.
func one(name string, seed uint64, rewrite, live bool) error {
	if text, err := os.ReadFile(name); err == nil {
		if rewrite {
			return sim.PlayFile(name, seed, true)
		}
		out, err := sim.Play(name, string(text), seed)
		fmt.Print(out)
		return err
	}
	res, err := figures.One(name, max(seed, 1), os.Stderr, live)
	if err != nil {
		return fmt.Errorf("%s: no such file or case: %w", name, err)
	}
	fmt.Print(res.Summary())
	fmt.Printf("%d goroutines, %s\n", runtime.NumGoroutine(), runtime.Version())
	if res.Faults != "" {
		return fmt.Errorf("%s", res.Faults)
	}
	return nil
}

func terminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
