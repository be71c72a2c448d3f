package packages

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"mcdns/daemon/control"
)

// onEach runs f for each machine at the same moment; the first error counts.
func onEach(machines []*Machine, f func(i int, m *Machine) error) error {
	var group sync.WaitGroup
	errs := make([]error, len(machines))
	for i, m := range machines {
		group.Go(func() { errs[i] = f(i, m) })
	}
	group.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// hearAll waits until a machine has proven so many peers.
func hearAll(m *Machine, peers int) error {
	return until(60*time.Second, func() error {
		out, _ := m.Command("mcdns", "status", "--json").Output() // its exit code is the state
		var status control.Status
		if err := json.Unmarshal(out, &status); err != nil {
			return fmt.Errorf("%s: mcdns status: %w: %s", m.host.Name, err, out)
		}
		if status.Group.Proven != peers {
			return fmt.Errorf("%s has proven %d of %d peers", m.host.Name, status.Group.Proven, peers)
		}
		return nil
	})
}

// Ten machines with one key survive the death of their DNS server: every name
// that any of them looked up resolves on all of them, past its TTL, and also
// after all of them were rebooted in the outage.
func TestTenMachinesSurviveTheirDNSServer(t *testing.T) {
	all(t)
	const hosts, ttl = 10, 4 * time.Second
	lan, names := newLAN(t, hosts, 100, ttl)
	var machines []*Machine
	for _, h := range lan.Hosts {
		machines = append(machines, boot(t, h, "bookworm"))
	}
	must(t, onEach(machines, func(_ int, m *Machine) error { _, err := m.Run("sh", "-ec", install); return err }))
	sh(t, machines[0], "mcdns key generate")
	must(t, spreadKey(machines))
	must(t, onEach(machines, func(_ int, m *Machine) error { return hearAll(m, hosts-1) }))

	begin := time.Now()
	must(t, onEach(machines, func(i int, m *Machine) error {
		_, err := m.lookUp(names[i*10 : i*10+10])
		return err
	}))
	t.Logf("%d questions for %d names", len(lan.Server.Queries()), len(names))
	must(t, until(20*time.Second, func() error { return holdAll(machines, len(names)) }))
	must(t, lan.Server.PowerOff())
	must(t, until(time.Minute, func() error {
		if left := ttl + time.Second - time.Since(begin); left > 0 {
			return fmt.Errorf("TTLs end in %v", left)
		}
		return nil
	}))
	survive := func(when string) {
		var mu sync.Mutex
		resolved, worst := 0, time.Duration(0)
		must(t, onEach(machines, func(_ int, m *Machine) error {
			load, err := m.lookUp(names)
			mu.Lock()
			defer mu.Unlock()
			resolved += load.Total - len(load.Lost)
			worst = max(worst, load.Worst)
			return err
		}))
		t.Logf("%s: %d lookups, the slowest took %v", when, resolved, worst)
		promise(t, when+": names resolved on ten machines", hosts*len(names), resolved, resolved == hosts*len(names))
	}
	survive("DNS server dead, all TTLs run out")
	must(t, onEach(machines, func(_ int, m *Machine) error { return m.Reboot() }))
	survive("then all machines rebooted")
}

// spreadKey copies the first machine's key to the others, as its owner would.
func spreadKey(machines []*Machine) error {
	var key []byte
	err := machines[0].Files(func(files string) (err error) {
		key, err = os.ReadFile(filepath.Join(files, "etc/mcdns/group.key"))
		return err
	})
	if err != nil {
		return err
	}
	for _, m := range machines[1:] {
		install := m.Command("install", "-g", "mcdns", "-m", "640", "/dev/stdin", "/etc/mcdns/group.key")
		in, err := install.StdinPipe()
		if err != nil {
			return err
		}
		if err := install.Start(); err != nil {
			return err
		}
		in.Write(key)
		in.Close()
		if err := install.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// holdAll checks that every machine holds so many names.
func holdAll(machines []*Machine, names int) error {
	return onEach(machines, func(_ int, m *Machine) error {
		out, _ := m.Command("mcdns", "status", "--json").Output()
		var status control.Status
		if err := json.Unmarshal(out, &status); err != nil {
			return err
		}
		if n := status.Cache.Entries; n < names {
			return fmt.Errorf("%s holds %d of %d answers", m.host.Name, n, names)
		}
		return nil
	})
}

// lookUp has one client look each name up once.
func (m *Machine) lookUp(names []string) (load Load, err error) {
	c, err := m.NewClient(lookupProgram)
	if err != nil {
		return load, err
	}
	defer c.Close()
	for _, name := range names {
		l, err := c.Ask(name)
		if err != nil {
			return load, err
		}
		load.add(l)
	}
	return load, nil
}
