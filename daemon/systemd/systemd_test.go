package systemd

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const passed = "MCDNS_TEST_PASSED"

// TestSocketThatIsPassedIsTakenAndItsFileLeftAlone, by its name or its file's; another
// is closed, or its programs would wait for ever.
func TestSocketThatIsPassedIsTakenAndItsFileLeftAlone(t *testing.T) {
	if path := os.Getenv(passed); path != "" {
		take(t, path)
		return
	}
	for names, file := range map[string]string{"other:nss": "x.sock", "a:b": "nss.sock"} {
		dir := t.TempDir()
		cmd := exec.Command("/proc/self/exe", "-test.run=^"+t.Name()+"$")
		for _, name := range []string{"other.sock", file} {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(dir, name), Net: "unix"})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			f, err := l.File()
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			cmd.ExtraFiles = append(cmd.ExtraFiles, f)
		}
		cmd.Env = append(os.Environ(), passed+"="+filepath.Join(dir, file), "LISTEN_FDS=2", "LISTEN_FDNAMES="+names)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", names, err, out)
		}
	}
}

// take is in the program that systemd has started.
func take(t *testing.T, path string) {
	os.Setenv("LISTEN_PID", fmt.Sprint(os.Getpid()))
	l := Socket("nss")
	if l == nil || l.Addr().String() != path {
		t.Fatalf("got %v; want %s", l, path)
	}
	for fd := range 100 {
		if a, err := unix.Getsockname(fd); err == nil && a.(*unix.SockaddrUnix).Name != path {
			t.Errorf("%s is open", a.(*unix.SockaddrUnix).Name)
		}
	}
	l.Close()
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestWithoutSystemdNothingIsPassedAndNobodyTold(t *testing.T) {
	for _, name := range []string{"LISTEN_PID", "NOTIFY_SOCKET", "WATCHDOG_USEC"} {
		t.Setenv(name, "")
		os.Unsetenv(name)
	}
	Notify(Ready)
	ticks, stop := Watchdog()
	defer stop()
	if l := Socket("nss"); l != nil || ticks != nil {
		t.Errorf("got %v, %v", l, ticks)
	}
}

// TestSystemdThatHearsNothingHoldsNothingUp: after a crash it freezes, and its queue fills.
func TestSystemdThatHearsNothingHoldsNothingUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	deaf, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("NOTIFY_SOCKET", path)
	full, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	for full.SetWriteDeadline(time.Now().Add(50*time.Millisecond)) == nil {
		if _, err := full.Write([]byte("STATUS=x")); err != nil {
			break
		}
	}
	told := make(chan bool)
	go func() {
		defer close(told)
		for range 3 {
			Notify(Alive)
		}
	}()
	select {
	case <-told:
	case <-time.After(10 * time.Second):
		t.Error("mcdnsd waits for systemd")
	}
	deaf.Close() // lets go whoever waits
	<-told
}
