package sim

import (
	"fmt"
	"math/rand/v2"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
)

// Soak runs a world into trouble at random: everything the simulator can break
// is broken and mended, in an order that the seed decides. At the end all is
// mended and, after a while, everybody must agree again.
func Soak(seed uint64, hosts int) *World { return soak(seed, hosts, newNode, nil) }

func soak(seed uint64, hosts int, make func(node.Config) Node, trace *Trace) *World {
	r := rand.New(rand.NewPCG(seed, 99))
	opt := Options{
		Seed: seed, Hosts: hosts, Sealed: true, Drift: r.IntN(100), Servers: 1 + r.IntN(3), Disks: true,
		Start: time.Duration(r.IntN(30)) * time.Second, Wireless: r.IntN(4) == 0, Make: make,
		Zone: NewMix(Mix{Count: 20 + r.IntN(300), Missing: r.Float64() / 5, Alias: r.Float64() / 3, Seed: seed}),
	}
	w := begin(opt, trace)
	w.Checks.Replay = fmt.Sprintf("go run ./test/sim/cmd/mcdns-sim -scenario soak -hosts %d -seed %d", hosts, seed)
	w.Load(Demand{PerHour: 200 + 600*r.Float64(), Repeat: r.Float64() / 2, Burst: 1 + r.IntN(4)})
	for range 40 {
		trouble(w, r)
		w.Run(time.Duration(r.ExpFloat64() * float64(30*time.Second)))
	}
	w.mend()
	w.Run(2*w.Checks.grace() + 6*helloInterval(hosts) + 2*time.Minute)
	for i, h := range w.hosts { // a server that was never asked is suspect
		w.Lookup(h, Ask(fmt.Sprintf("unheard-of-%d.example", i), dns.TypeA), 0)
	}
	w.Run(time.Second)
	w.Agree()
	w.Checks.Held(w)
	return w
}

// trouble breaks or mends one thing.
func trouble(w *World, r *rand.Rand) {
	h := w.hosts[r.IntN(len(w.hosts))]
	s := w.servers[r.IntN(len(w.servers))]
	what := r.IntN(len(troubles))
	if w.trace != nil {
		w.trace.line(w, h.Name, "trouble", fmt.Sprint(what))
	}
	troubles[what](w, r, h, s)
}

var troubles = []func(w *World, r *rand.Rand, h *Host, s *Server){
	func(w *World, r *rand.Rand, _ *Host, s *Server) { w.Set(s, Mode(r.IntN(7))) },
	func(w *World, r *rand.Rand, _ *Host, s *Server) { w.Set(s, ServerUp) },
	func(w *World, r *rand.Rand, _ *Host, s *Server) { w.Set(s, ServerOff) },
	func(w *World, r *rand.Rand, _ *Host, s *Server) {
		w.Slow(s, time.Duration(r.IntN(3000))*time.Millisecond)
	},
	func(w *World, r *rand.Rand, _ *Host, s *Server) { w.Slow(s, 20*time.Millisecond) },
	func(w *World, r *rand.Rand, _ *Host, _ *Server) { w.Loss(r.Float64() / 3) },
	func(w *World, r *rand.Rand, _ *Host, _ *Server) { w.Loss(0) },
	func(w *World, r *rand.Rand, _ *Host, _ *Server) {
		w.Jitter(time.Duration(r.IntN(200)) * time.Millisecond)
	},
	func(w *World, r *rand.Rand, _ *Host, _ *Server) { w.Jitter(0) },
	func(w *World, r *rand.Rand, _ *Host, _ *Server) { w.Duplicate(r.Float64() / 3) },
	func(w *World, r *rand.Rand, h *Host, _ *Server) { w.Kill(h) },
	func(w *World, r *rand.Rand, h *Host, _ *Server) { w.Stop(h) },
	func(w *World, r *rand.Rand, h *Host, _ *Server) { w.Start(h) },
	func(w *World, r *rand.Rand, h *Host, _ *Server) { w.Reboot(h) },
	func(w *World, r *rand.Rand, h *Host, _ *Server) {
		if h.up && !h.asleep {
			w.Sleep(h)
		}
	},
	func(w *World, r *rand.Rand, h *Host, _ *Server) {
		if h.up && h.asleep {
			w.Awake(h)
		}
	},
	func(w *World, r *rand.Rand, _ *Host, _ *Server) {
		cut := r.IntN(len(w.hosts) + 1)
		w.Partition(w.hosts[:cut], w.hosts[cut:])
	},
	func(w *World, r *rand.Rand, _ *Host, _ *Server) { w.Heal() },
	func(w *World, r *rand.Rand, h *Host, s *Server) { w.Cut(h, s.Index, r.IntN(2) == 0) },
	func(w *World, r *rand.Rand, h *Host, _ *Server) {
		w.Unheard(h, w.hosts[r.IntN(len(w.hosts))], r.IntN(2) == 0)
	},
	func(w *World, r *rand.Rand, h *Host, _ *Server) {
		// Ahead: a clock set back cannot be noticed after a reboot.
		w.Wall(h, h.wall+time.Duration(r.Int64N(int64(100*time.Hour))))
	},
	func(w *World, r *rand.Rand, h *Host, _ *Server) {
		if h.up && !h.asleep {
			w.Pause(h, time.Duration(r.Int64N(int64(2*time.Minute))))
		}
	},
	func(w *World, r *rand.Rand, _ *Host, _ *Server) {
		for _, h := range w.hosts { // a power cut
			w.Kill(h)
		}
		for _, h := range w.hosts {
			w.Reboot(h)
		}
	},
	func(w *World, r *rand.Rand, _ *Host, _ *Server) {
		if w.tape == nil {
			w.Record()
		} else {
			w.Replay()
		}
	},
}

// mend undoes all trouble.
func (w *World) mend() {
	w.Loss(0)
	w.Jitter(0)
	w.Duplicate(0)
	w.Heal()
	clear(w.lan.unheard)
	for _, s := range w.servers {
		w.Set(s, ServerUp)
		w.Slow(s, w.opt.Reply)
	}
	for _, h := range w.hosts {
		clear(h.cut)
		if h.asleep && h.up {
			w.Awake(h)
		}
		w.Start(h)
	}
	w.Checks.disturbed(w)
}
