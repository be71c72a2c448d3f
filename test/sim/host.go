package sim

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// noWake: nothing is scheduled.
const noWake = time.Duration(-1)

// A Host is a machine: its clock, links and disk, and the node it runs.
type Host struct {
	Index int
	Name  string

	node     Node
	pcg      *rand.PCG // the node's chance
	self     wire.Peer
	up       bool          // mcdnsd runs
	asleep   bool          // suspended: the clock runs, nothing else does
	dozed    time.Duration // when it was last suspended
	run      int32         // counts starts; what was meant for an earlier run is dropped
	boots    uint64
	clock    clock
	wall     time.Duration // what the wall clock is off by
	wakeAt   time.Duration // earliest wake-up in the queue
	stuck    int
	hasAsked bool // this run put a question to a server

	links    []*iface
	key      int  // index of the group key; noKey makes it solo
	gullible bool // opens what it has no key for: a fault that tests plant
	settings node.Settings
	cut      map[int]bool // servers this host's packets do not reach
	disk     *disk
	seen     map[uint64]*lookup // queries not yet answered
	asks     map[uint64]*asking // questions to servers whose fate is open
	pulls    map[uint64]*flow
	Counts   [numCounts]uint64
	said     [wire.Kinds]budget // of this run
	proved   map[wire.Peer]bool // seen to be proven to this run
	replied  *asking            // the question a reply at hand is about
	faults   []Fault            // found by a check in a delivery, told in host order
	lastBad  time.Duration
}

// noKey is the key of a host that has none.
const noKey = -1

func newHost(w *World, i int) *Host {
	h := &Host{Index: i, Name: HostName(i), wakeAt: noWake, lastBad: noWake}
	h.self.ID = mix(w.opt.Seed, uint64(i)+1000)
	if d := w.opt.Drift; d > 0 {
		h.clock.ppm = int64(chance(w.opt.Seed, 2, uint64(i))*float64(2*d+1)) - int64(d)
	}
	h.clock.base = time.Duration(chance(w.opt.Seed, 3, uint64(i)) * float64(100*time.Hour)).Truncate(time.Millisecond)
	h.links = []*iface{newIface(h, 0, w.opt)}
	h.settings = w.opt.Settings
	h.settings.Servers = nil
	for _, s := range w.servers {
		h.settings.Servers = append(h.settings.Servers, node.Server{Addr: s.Addr, ID: s.ID})
	}
	h.cut = map[int]bool{}
	if w.opt.Disks {
		h.disk = newDisk()
	}
	return h
}

// HostName gives the names of transcripts: a, b, ... z, then h26, h27 and on.
func HostName(i int) string {
	if i < 26 {
		return string(rune('a' + i))
	}
	return fmt.Sprintf("h%d", i)
}

// runs reports whether the host is awake and in the given run.
func (h *Host) runs(run int32) bool { return h.up && !h.asleep && h.run == run }

// Up reports whether the host's mcdnsd runs.
func (h *Host) Up() bool { return h.up }

// boot starts a host's mcdnsd: a new epoch, what the disk has, the settings.
func (w *World) boot(h *Host) {
	h.up, h.asleep = true, false
	h.run++
	h.boots++
	h.wakeAt, h.stuck, h.hasAsked = noWake, 0, false
	h.self.Epoch = mix(mix(w.opt.Seed, uint64(h.Index)+2000), h.boots)
	h.seen, h.asks, h.pulls = map[uint64]*lookup{}, map[uint64]*asking{}, map[uint64]*flow{}
	h.proved, h.said = map[wire.Peer]bool{}, [wire.Kinds]budget{}
	seed := mix(h.self.ID, h.self.Epoch)
	h.pcg = rand.NewPCG(seed, w.opt.Seed)
	h.node = w.opt.Make(node.Config{
		Self:    h.self,
		Rand:    rand.New(h.pcg),
		Version: "0.1.0",
	})
	w.births.started(h)
	w.note(1, uint64(h.Index), h.self.Epoch)
	w.configure(h)
	if h.disk != nil {
		if saved := h.disk.load(w, h); len(saved) > 0 {
			w.handle(h, node.Restore{Entries: saved})
		}
		w.queue.Push(w.now+saveEvery, event{kind: evSave, host: int32(h.Index), run: h.run})
	}
}

// configure hands the host's settings to its node.
func (w *World) configure(h *Host) {
	s := h.settings
	s.Shares = h.key != noKey
	s.Links = nil
	for _, l := range h.links {
		s.Links = append(s.Links, l.link)
	}
	w.handle(h, node.Configure{Settings: s})
}

// defaults fills in the settings of mcdnsd.conf(5).
func defaults(s node.Settings) node.Settings {
	d := node.Defaults()
	s.Timeout, s.Attempts, s.CacheBytes = cmp.Or(s.Timeout, d.Timeout), cmp.Or(s.Attempts, d.Attempts), cmp.Or(s.CacheBytes, d.CacheBytes)
	s.MaxTTL, s.NegativeTTL, s.MaxStale = cmp.Or(s.MaxTTL, d.MaxTTL), cmp.Or(s.NegativeTTL, d.NegativeTTL), cmp.Or(s.MaxStale, d.MaxStale)
	s.Place = cmp.Or(s.Place, 1)
	return s
}

// handle hands one input to the node and has what it does checked. It touches
// nothing but the host, so that deliveries may run side by side.
func (h *Host) handle(w *World, in node.Input) []node.Effect {
	now := h.clock.read(w.now)
	before := w.Checks.before(w, h, now, in)
	effects := h.node.Handle(now, in)
	w.Checks.after(w, h, now, in, before)
	return effects
}

// Status is the host's node at a glance.
func (h *Host) Status(w *World) node.Status { return h.node.Status(h.clock.read(w.now)) }

// Peers are those the host's node knows.
func (h *Host) Peers(w *World) []node.PeerStatus { return h.node.Peers(h.clock.read(w.now)) }

// Entry is the answer the host holds to a question, if any.
func (h *Host) Entry(w *World, q dns.Question) (node.Entry, bool) {
	return h.node.Entry(h.clock.read(w.now), q)
}

// Servers sets the DNS servers a host uses, by their numbers.
func (w *World) Servers(h *Host, use ...int) {
	h.settings.Servers = nil
	for _, i := range use {
		s := w.servers[i]
		h.settings.Servers = append(h.settings.Servers, node.Server{Addr: s.Addr, ID: s.ID})
	}
	w.configure(h)
}

// Stop ends a host's mcdnsd in good order: it says BYE and saves.
func (w *World) Stop(h *Host) {
	if !h.up {
		return
	}
	w.handle(h, node.Stop{})
	if h.disk != nil {
		h.disk.store(w, h)
	}
	w.down(h)
}

// Kill ends a host at once, as a power cut does.
func (w *World) Kill(h *Host) {
	if h.up {
		w.down(h)
	}
}

func (w *World) down(h *Host) {
	h.up = false
	w.note(2, uint64(h.Index))
	w.Tally.lost += uint64(len(h.seen))
	w.breakFlows(h)
	h.node, h.seen, h.asks, h.pulls = nil, nil, nil, nil
}

// Start starts a stopped or killed mcdnsd on a machine that ran on.
func (w *World) Start(h *Host) {
	if !h.up {
		w.boot(h)
	}
}

// Reboot starts a machine that was off: its clock begins anew.
func (w *World) Reboot(h *Host) {
	w.Kill(h)
	h.clock.boot, h.clock.base = w.now, 20*time.Second
	if h.disk != nil {
		h.disk.rebooted()
	}
	w.boot(h)
}

// Sleep suspends a host; its clock goes on, nothing else does.
func (w *World) Sleep(h *Host) {
	h.asleep, h.dozed = true, w.now
	for _, l := range h.seen {
		l.limit, l.bad = 1<<62, true // its programs sleep too
	}
	w.breakFlows(h)
}

// Awake ends Sleep.
func (w *World) Awake(h *Host) {
	w.Checks.slept = max(w.Checks.slept, w.now-h.dozed)
	h.asleep, h.wakeAt = false, noWake
	w.handle(h, node.Wake{})
}

// Pause stops a host and its clock for d, as a hypervisor does; then its driver
// sees by the wall clock what was missed, and tells the node.
func (w *World) Pause(h *Host, d time.Duration) {
	w.Sleep(h)
	w.Run(d)
	h.clock.base -= d
	h.asleep, h.wakeAt = false, noWake
	w.handle(h, node.Paused{By: d})
}

// addrOf makes the i-th host's address on a segment.
func addrOf(segment, i int, v6 bool) netip.Addr {
	if v6 {
		a := [16]byte{0xfe, 0x80, 8: 2, 13: byte(i >> 16), 14: byte(i >> 8), 15: byte(i)}
		a[9] = byte(segment)
		return netip.AddrFrom16(a)
	}
	i += 10
	return netip.AddrFrom4([4]byte{10, byte(77 + segment), byte(i >> 8), byte(i)})
}
