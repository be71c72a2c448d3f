package sim

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// troubled is ten minutes in which everything happens that a world can do.
func troubled(seed uint64, hosts, cores int) *World {
	w := New(Options{
		Seed: seed, Hosts: hosts, Cores: cores, Loss: .05, ServerLoss: .01, Jitter: 3 * time.Millisecond,
		Drift: 50, Servers: 2, Disks: true, Sealed: true, Start: 20 * time.Second, Zone: NewMix(Mix{Count: 300, Missing: .1, Alias: .2, Seed: seed}),
	})
	w.Load(Demand{PerHour: 600, Repeat: .2, Burst: 3})
	w.Run(90 * time.Second)
	w.Set(w.Server(0), ServerOff)
	w.Run(90 * time.Second)
	w.Partition(w.hosts[:hosts/2], w.hosts[hosts/2:])
	w.Set(w.Server(1), ServerFails)
	w.Run(90 * time.Second)
	for i := 0; i < hosts; i += 3 {
		w.Kill(w.hosts[i])
	}
	w.Heal()
	w.Run(time.Minute)
	for i := 0; i < hosts; i += 3 {
		w.Reboot(w.hosts[i])
	}
	w.Sleep(w.hosts[1])
	w.Set(w.Server(0), ServerUp)
	w.Run(90 * time.Second)
	w.Awake(w.hosts[1])
	w.Run(time.Minute)
	return w
}

// TestSameSeedSameDigest: in one process, in two, on one core and on two.
func TestSameSeedSameDigest(t *testing.T) {
	const hosts = 80 // enough to be spread over cores
	a, b, c := troubled(7, hosts, 1), troubled(7, hosts, 1), troubled(7, hosts, 2)
	defer c.Close()
	if a.Digest() != b.Digest() || a.Digest() != c.Digest() {
		t.Errorf("digests differ: one core %x, again %x, two cores %x", a.Digest(), b.Digest(), c.Digest())
	}
	if other := troubled(8, hosts, 1); other.Digest() == a.Digest() {
		t.Error("another seed gives the same digest: nothing was taken in")
	}
	if os.Getenv("SIM_DIGEST") != "" {
		t.Logf("digest=%x", a.Digest())
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=TestSameSeedSameDigest", "-test.v")
	cmd.Env = append(os.Environ(), "SIM_DIGEST=1", "GOMAXPROCS=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("another process: %v\n%s", err, out)
	}
	_, rest, _ := strings.Cut(string(out), "digest=")
	theirs, _, _ := strings.Cut(rest, "\n")
	if mine := hex(a.Digest()); theirs != mine {
		t.Errorf("another process gives %s; want %s", theirs, mine)
	}
}
