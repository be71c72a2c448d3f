package metrics

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// process writes what mcdnsd costs its host. The names are its own and not
// process_...: node_exporter has those for itself, and reads our page too.
func (p *page) process() {
	var pages, resident uint64
	if text, err := os.ReadFile("/proc/self/statm"); err == nil {
		fmt.Sscan(string(text), &pages, &resident)
	}
	p.one("resident_memory_bytes", "gauge", "Memory that mcdnsd has, its program included.", float64(resident)*float64(os.Getpagesize()))
	var used unix.Rusage
	unix.Getrusage(unix.RUSAGE_SELF, &used)
	p.one("cpu_seconds_total", "counter", "Time of processors that mcdnsd took.", seconds(used.Utime)+seconds(used.Stime))
}

func seconds(t unix.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
