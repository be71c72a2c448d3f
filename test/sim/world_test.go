package sim

import (
	"fmt"
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

// TestSameSeedSameDigest: in one process, in others, on one core and on two.
// TestSameDigestWithoutRaceDetector has the rest.
func TestSameSeedSameDigest(t *testing.T) {
	const hosts = aloneBelow + 1 // enough to be spread over cores
	one := troubled(7, hosts, Cores())
	defer one.Close()
	if os.Getenv("SIM_DIGEST") != "" {
		t.Logf("digest=%x", one.Digest())
		return
	}
	for cores := 1; cores <= 2; cores++ {
		again := troubled(7, hosts, cores)
		defer again.Close()
		if again.Digest() != one.Digest() {
			t.Errorf("again in this process, on %d cores: %x; want %x", cores, again.Digest(), one.Digest())
		}
		if got := elsewhere(t, cores); got != hex(one.Digest()) {
			t.Errorf("another process with %d threads gives %s; want %x", cores, got, one.Digest())
		}
	}
	if a, b := troubled(7, 8, 1), troubled(8, 8, 1); a.Digest() == b.Digest() {
		t.Error("another seed gives the same digest: nothing was taken in")
	}
}

// elsewhere is the digest that a process with so many threads comes to.
func elsewhere(t *testing.T, threads int) string {
	cmd := exec.Command(os.Args[0], "-test.run=^TestSameSeedSameDigest$", "-test.v")
	cmd.Env = append(os.Environ(), "SIM_DIGEST=1", fmt.Sprint("GOMAXPROCS=", threads))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("another process: %v\n%s", err, out)
	}
	_, rest, _ := strings.Cut(string(out), "digest=")
	digest, _, _ := strings.Cut(rest, "\n")
	return digest
}

// A host that was switched on in the world's past at once would hear what was said
// before its own clock began.
func TestHostIsOffUntilItBoots(t *testing.T) {
	w := New(Options{Seed: 3, Hosts: 20, Start: 20 * time.Second})
	defer w.Close()
	for up := 0; up < 20; w.Run(100 * time.Millisecond) {
		was := up
		if up = 0; w.Now() > 20*time.Second {
			t.Fatal("not all hosts are up after 20 s")
		}
		for _, h := range w.Hosts() {
			if h.Up() {
				up++
			} else if h.Counts[countReceived] > 0 {
				t.Fatalf("%s heard something before it was up", h.Name)
			}
		}
		if up < was || w.Now() == 0 && up > 0 {
			t.Fatalf("%d up at %v, %d before", up, w.Now(), was)
		}
	}
	w.Run(time.Minute)
	w.Agree()
	if err := w.Checks.Err(); err != nil {
		t.Error(err)
	}
}
