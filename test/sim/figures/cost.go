package figures

import (
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"mcdns/test/sim"
)

// Cost is what simulating a case takes. Times are of the processor, so that what
// else a machine does is left out, but for ElapsedS.
type Cost struct {
	// WarmS, WorkS and AllS are those of the process, the collection of garbage
	// included.
	WarmHours float64 `json:"warm_hours"`
	WarmS     float64 `json:"warm_s"`
	WorkS     float64 `json:"work_s"`
	AllS      float64 `json:"all_s"`
	// ElapsedS is how long the warm-up and the work took by the clock on the wall.
	ElapsedS float64 `json:"elapsed_s"`
	// For a host and a virtual hour of work, in microseconds: all, what goes into
	// deliveries, and the rest.
	HourUS     float64 `json:"host_hour_us"`
	DeliverUS  float64 `json:"host_hour_deliveries_us"`
	RestUS     float64 `json:"host_hour_rest_us"`
	DeliveryNS float64 `json:"one_delivery_ns"`
	// For a host, in bytes, without the DNS servers' zone: all, what its peers and
	// its answers take by their known sizes, and the rest.
	Bytes   float64 `json:"host_bytes"`
	Members float64 `json:"host_members_bytes"`
	Entries float64 `json:"host_entries_bytes"`
	Rest    float64 `json:"host_rest_bytes"`
}

// processorTime is what the calling thread has used.
func processorTime() time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		return 0
	}
	return time.Duration(t.Nano())
}

// processTime is what the whole process has used.
func processTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// spent is the cost up to a moment.
type spent struct {
	sim.Spent
	all      time.Duration
	received uint64
}

func costs(w *sim.World) spent { return spent{w.Spent, processorTime(), w.Received()} }

// work says what the work since before has cost.
func (c *Cost) work(w *sim.World, of Case, before spent) {
	now, cores := costs(w), time.Duration(max(of.Cores, 1))
	per := float64(of.Hosts) * of.Measure.Hours() * float64(time.Microsecond)
	all, delivered := now.all-before.all, now.Deliveries-before.Deliveries
	c.RestUS = float64(all-delivered) / per
	delivered *= cores // the stopwatch is this core's, and each has the same share
	c.DeliverUS = float64(delivered) / per
	c.HourUS = c.DeliverUS + c.RestUS
	c.DeliveryNS = float64(delivered) / max(float64(now.received-before.received), 1)
}

// What a peer and an answer take at every host, beside the bytes that hosts share
// (gocore/DESIGN.md).
const (
	memberBytes = 70
	entryBytes  = 64
)

// heap is what is in use now.
func heap() float64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return float64(s.HeapAlloc)
}

// memory says what all hosts take now beside what was there before them.
func (c *Cost) memory(w *sim.World, before float64) {
	hosts := float64(len(w.Hosts()))
	for _, h := range w.Hosts() {
		st := h.Status(w)
		c.Members += float64(st.Peers) * memberBytes / hosts
		c.Entries += float64(st.Entries) * entryBytes / hosts
	}
	c.Bytes = (heap() - before) / hosts
	c.Rest = c.Bytes - c.Members - c.Entries
}
