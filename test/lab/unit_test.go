package lab

import (
	"bufio"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// echo is a service in two lines of Python: it says READY=1, and answers each
// connection to the socket it was handed with its process id.
const echo = `
import os, socket
assert os.environ["LISTEN_PID"] == str(os.getpid()) and os.environ["LISTEN_FDNAMES"] == "nss"
n = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
n.sendto(b"STATUS=up\nREADY=1", os.environ["NOTIFY_SOCKET"])
l = socket.socket(fileno=3)
while True:
    c, _ = l.accept()
    c.sendall(str(os.getpid()).encode() + b"\n")
    c.close()
`

func serveEcho(t *testing.T) (*Host, *Unit) {
	t.Helper()
	Need(t)
	if _, err := os.Stat("/usr/bin/python3"); err != nil {
		Skip(t, "needs /usr/bin/python3: apt-get install python3-minimal")
	}
	h := plain(t, Config{}).Hosts[0]
	u, err := h.Serve(Service{
		Name: "echo", Path: "/usr/bin/python3", Args: []string{"-c", echo},
		Socket: "/run/mcdns/nss.sock", FDName: "nss", Notify: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := u.Ready(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	return h, u
}

// call connects to the service and returns what it says; "" for nothing.
func call(h *Host) string {
	var c net.Conn
	err := h.Do(func() (err error) { c, err = net.Dial("unix", "/run/mcdns/nss.sock"); return err })
	if err != nil {
		return ""
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	line, _ := bufio.NewReader(c).ReadString('\n')
	return strings.TrimSpace(line)
}

func TestKilledServiceLosesNoConnection(t *testing.T) {
	h, u := serveEcho(t)
	first := call(h)
	u.Kill()
	// Nobody is there to accept now: the connection waits in the socket.
	if second := call(h); first == "" || second == "" || first == second {
		t.Errorf("got %q before SIGKILL and %q after; want two process ids", first, second)
	}
	if n := u.Starts(); n != 2 {
		t.Errorf("started %d times; want 2", n)
	}
}

func TestStoppedServiceIsAbsentUntilStarted(t *testing.T) {
	h, u := serveEcho(t)
	if err := u.Stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(h.Path("/run/mcdns/nss.sock")); err == nil || u.Pid() != 0 {
		t.Errorf("after Stop the socket is there (%v) or pid %d", err, u.Pid())
	}
	if err := u.Start(); err != nil {
		t.Fatal(err)
	}
	if call(h) == "" {
		t.Error("no answer after Start")
	}
}

func TestServiceThatCannotStartIsGivenUp(t *testing.T) {
	h := plain(t, Config{}).Hosts[0]
	u, err := h.Serve(Service{Name: "broken", Path: "/bin/sh", Args: []string{"-c", "echo it broke >&2; exit 1"}, Notify: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := u.Ready(10 * time.Second); err == nil || !strings.Contains(err.Error(), "it broke") {
		t.Errorf("got %v; want an error with the last words of the program", err)
	}
	// A start that a busy machine drags out is not quick, and begins the count anew.
	if n, pid := u.Starts(), u.Pid(); n < quickEnds || pid != 0 {
		t.Errorf("started %d times, pid %d; want at least %d times, and given up", n, pid, quickEnds)
	}
}

func TestPowerCutKeepsTheDiskAndNothingElse(t *testing.T) {
	h, u := serveEcho(t)
	for _, dir := range []string{"/run", "/var/lib/mcdns"} {
		if err := os.WriteFile(filepath.Join(h.Path(dir), "file"), []byte("text"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	boot := read(h.dir + "/boot_id")
	if err := h.PowerOff(); err != nil {
		t.Fatal(err)
	}
	if pids, err := h.processes(); err != nil || len(pids) != 0 || u.Pid() != 0 {
		t.Errorf("processes %v, %v, pid %d run on without power", pids, err, u.Pid())
	}
	if err := h.PowerOn(); err != nil {
		t.Fatal(err)
	}
	if err := u.Ready(10 * time.Second); err != nil {
		t.Fatal(err)
	}
	if read(h.Path("/var/lib/mcdns/file")) != "text" || read(h.Path("/run/file")) != "" {
		t.Error("want the file in /var/lib/mcdns, and none in /run")
	}
	if again := read(h.dir + "/boot_id"); again == boot {
		t.Errorf("boot id is still %s", boot)
	}
	if call(h) == "" {
		t.Error("the service does not answer after the boot")
	}
}
