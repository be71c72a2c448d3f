package sim

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// troubled is a few minutes in which everything happens that a world can do.
func troubled(seed uint64, hosts, cores int) *World {
	w := New(Options{
		Seed: seed, Hosts: hosts, Cores: cores, Loss: .05, ServerLoss: .01, Jitter: 3 * time.Millisecond,
		Drift: 50, Servers: 2, Disks: true, Sealed: true, Start: 20 * time.Second, Zone: NewMix(Mix{Count: 300, Missing: .1, Alias: .2, Seed: seed}),
	})
	w.Load(Demand{PerHour: 600, Repeat: .2, Burst: 3})
	w.Run(45 * time.Second)
	w.Set(w.Server(0), ServerOff)
	w.Run(45 * time.Second)
	w.Partition(w.hosts[:hosts/2], w.hosts[hosts/2:])
	w.Set(w.Server(1), ServerFails)
	w.Run(45 * time.Second)
	for i := 0; i < hosts; i += 3 {
		w.Kill(w.hosts[i])
	}
	w.Heal()
	w.Run(30 * time.Second)
	for i := 0; i < hosts; i += 3 {
		w.Reboot(w.hosts[i])
	}
	w.Sleep(w.hosts[1])
	w.Set(w.Server(0), ServerUp)
	w.Run(45 * time.Second)
	w.Awake(w.hosts[1])
	w.Run(30 * time.Second)
	return w
}

// TestSameSeedSameDigest: in one process, in two, on one core and on two.
func TestSameSeedSameDigest(t *testing.T) {
	const hosts = aloneBelow + 1 // enough to be spread over cores
	one := troubled(7, hosts, 1).Digest()
	if os.Getenv("SIM_DIGEST") != "" {
		t.Logf("digest=%x", one)
		return
	}
	two := troubled(7, hosts, 2)
	defer two.Close()
	if two.Digest() != one {
		t.Errorf("two cores give %x; want %x", two.Digest(), one)
	}
	if got := elsewhere(t); got != hex(one) {
		t.Errorf("another process gives %s; want %x", got, one)
	}
	a, b := troubled(7, 8, 1).Digest(), troubled(7, 8, 1).Digest()
	if a != b {
		t.Errorf("again in this process: %x; want %x", b, a)
	}
	if troubled(8, 8, 1).Digest() == a {
		t.Error("another seed gives the same digest: nothing was taken in")
	}
}

// elsewhere is the digest that a process with one thread comes to.
func elsewhere(t *testing.T) string {
	cmd := exec.Command(os.Args[0], "-test.run=TestSameSeedSameDigest", "-test.v")
	cmd.Env = append(os.Environ(), "SIM_DIGEST=1", "GOMAXPROCS=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("another process: %v\n%s", err, out)
	}
	_, rest, _ := strings.Cut(string(out), "digest=")
	digest, _, _ := strings.Cut(rest, "\n")
	return digest
}
