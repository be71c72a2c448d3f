package lab

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Service is a program that the lab keeps running on a host, as systemd would:
// in the foreground, started again when it dies.
type Service struct {
	Name string // of the unit: of its log, and of the socket handed to it
	Path string // of the program
	Args []string
	Env  []string // beside what Host.Command sets
	// Socket is a Unix stream socket (0666) that the lab holds and hands over
	// as descriptor 3, under the name FDName. Connections wait in it while the
	// program is started again. Empty: none.
	Socket, FDName string
	// Notify: the program says READY=1 on $NOTIFY_SOCKET.
	Notify bool
	// Nice is the program's, where the lab may give it.
	Nice int
}

// Unit is a Service on a host. Its methods may be called from any goroutine.
type Unit struct {
	Service
	host *Host

	mu      sync.Mutex
	wanted  bool // started again when it dies
	boots   bool // was wanted when the host lost its power
	process *process
	starts  int
	socket  *os.File      // nil while the unit is stopped
	notify  *net.UnixConn // likewise
}

// process is one life of a unit.
type process struct {
	cmd   *Cmd
	born  time.Time
	ready chan struct{} // closed at READY=1
	gone  chan struct{} // closed when it has ended
	once  sync.Once
	// killed by the lab: no sign of a program that cannot start. Under Unit.mu.
	killed bool
}

// How often a program may end within quickEnd of its start before the lab gives
// up: a program that cannot start must not keep the machine busy.
const (
	quickEnd  = 200 * time.Millisecond
	quickEnds = 5
	stopTime  = 10 * time.Second
)

// Serve starts a service on the host.
func (h *Host) Serve(s Service) (*Unit, error) {
	u := &Unit{Service: s, host: h}
	h.units = append(h.units, u)
	return u, u.Start()
}

// Start starts a unit that is not running.
func (u *Unit) Start() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.wanted {
		return nil
	}
	if err := u.openSockets(); err != nil {
		return fmt.Errorf("lab: %s on %s: %w", u.Name, u.host.Name, err)
	}
	u.wanted = true
	return u.launch(0)
}

// launch starts the program; quick counts its last ends right after its start.
func (u *Unit) launch(quick int) error {
	log, err := os.OpenFile(u.Log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd := u.command()
	cmd.Stdout, cmd.Stderr = log, log
	p := &process{cmd: cmd, born: time.Now(), ready: make(chan struct{}), gone: make(chan struct{})}
	u.process = p
	u.starts++
	if err := u.host.Do(func() error { return nicely(u.Nice, cmd.Cmd.Start) }); err != nil {
		u.wanted = false
		close(p.gone)
		return fmt.Errorf("lab: start %s on %s: %w", u.Name, u.host.Name, err)
	}
	go u.watch(p, quick)
	return nil
}

// nicely starts a program that inherits the nice value of the thread that starts it.
func nicely(nice int, start func() error) error {
	if nice != 0 && unix.Setpriority(unix.PRIO_PROCESS, 0, nice) == nil {
		defer unix.Setpriority(unix.PRIO_PROCESS, 0, 0)
	}
	return start()
}

// command goes through a shell where a socket is handed over: LISTEN_PID is the
// program's own, which nobody knows before it exists.
func (u *Unit) command() *Cmd {
	cmd := u.host.Command(u.Path, u.Args...)
	if u.socket != nil {
		args := append([]string{"-c", `LISTEN_PID=$$ exec "$0" "$@"`, u.Path}, u.Args...)
		cmd = u.host.Command("/bin/sh", args...)
		cmd.Env = append(cmd.Env, "LISTEN_FDS=1", "LISTEN_FDNAMES="+u.FDName)
		cmd.ExtraFiles = []*os.File{u.socket}
	}
	if u.notify != nil {
		cmd.Env = append(cmd.Env, "NOTIFY_SOCKET="+u.notifyPath())
	}
	cmd.Env = append(cmd.Env, u.Env...)
	return cmd
}

// watch waits for the end of the program and starts it again.
func (u *Unit) watch(p *process, quick int) {
	p.cmd.Wait()
	u.mu.Lock()
	defer u.mu.Unlock()
	close(p.gone)
	if quick++; p.killed || time.Since(p.born) > quickEnd {
		quick = 0
	}
	if !u.wanted {
		return
	}
	if quick >= quickEnds {
		u.wanted = false
		return
	}
	// An error is seen by whoever waits for the unit to be ready.
	_ = u.launch(quick)
}

func (u *Unit) openSockets() error {
	if u.Socket != "" {
		if err := u.host.Do(u.listen); err != nil {
			return err
		}
	}
	if u.Notify {
		return u.listenNotify()
	}
	return nil
}

// listen runs on the host's thread.
func (u *Unit) listen() error {
	if err := os.MkdirAll(filepath.Dir(u.Socket), 0o755); err != nil {
		return err
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: u.Socket, Net: "unix"})
	if err != nil {
		return err
	}
	// The file is a copy; the path must outlive the listener.
	l.SetUnlinkOnClose(false)
	defer l.Close()
	if err := os.Chmod(u.Socket, 0o666); err != nil {
		return err
	}
	u.socket, err = l.File()
	return err
}

func (u *Unit) notifyPath() string { return "/run/systemd/notify." + u.Name }

func (u *Unit) listenNotify() error {
	err := u.host.Do(func() (err error) {
		u.notify, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: u.notifyPath(), Net: "unixgram"})
		return err
	})
	if err == nil {
		go u.readNotify(u.notify)
	}
	return err
}

func (u *Unit) readNotify(c *net.UnixConn) {
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		for line := range bytes.Lines(buf[:n]) {
			if string(bytes.TrimSpace(line)) == "READY=1" {
				u.setReady()
			}
		}
	}
}

func (u *Unit) setReady() {
	u.mu.Lock()
	defer u.mu.Unlock()
	if p := u.process; p != nil {
		p.once.Do(func() { close(p.ready) })
	}
}

func (u *Unit) closeSockets() {
	if u.socket != nil {
		u.socket.Close()
		u.socket = nil
		u.host.Do(func() error { return os.Remove(u.Socket) })
	}
	if u.notify != nil {
		u.notify.Close() // removes its path, but looks for it outside the host
		u.notify = nil
		u.host.Do(func() error { return os.Remove(u.notifyPath()) })
	}
}

// Ready waits until the program has said READY=1 (see Service.Notify), at most
// for limit. The error ends with the last lines of the unit's log.
func (u *Unit) Ready(limit time.Duration) error {
	deadline := time.After(limit)
	for {
		u.mu.Lock()
		p, wanted := u.process, u.wanted
		u.mu.Unlock()
		if !wanted || p == nil {
			return fmt.Errorf("lab: %s on %s does not stay up%s", u.Name, u.host.Name, u.tail())
		}
		select {
		case <-p.ready:
			return nil
		case <-p.gone:
		case <-deadline:
			return fmt.Errorf("lab: %s on %s is not ready after %v%s", u.Name, u.host.Name, limit, u.tail())
		}
	}
}

// Stop ends the program by SIGTERM and closes its socket; Start undoes it. The
// error says that the program had to be killed.
func (u *Unit) Stop() error {
	p := u.unwant()
	defer u.lockedCloseSockets()
	if p == nil {
		return nil
	}
	p.signal(unix.SIGTERM)
	p.signal(unix.SIGCONT) // a frozen program would never see it
	select {
	case <-p.gone:
		return nil
	case <-time.After(stopTime):
	}
	p.signal(unix.SIGKILL)
	<-p.gone
	return fmt.Errorf("lab: %s on %s was still there %v after SIGTERM%s", u.Name, u.host.Name, stopTime, u.tail())
}

// Kill ends the program by SIGKILL, and waits for its end; the lab starts it
// again at once.
func (u *Unit) Kill() {
	u.mu.Lock()
	p := u.process
	if p != nil {
		p.killed = true
	}
	u.mu.Unlock()
	if p != nil {
		p.signal(unix.SIGKILL)
		<-p.gone
	}
}

// KillForGood is Kill without a new start. The socket stays: connections wait
// in it and get no answer.
func (u *Unit) KillForGood() {
	if p := u.unwant(); p != nil {
		p.signal(unix.SIGKILL)
		<-p.gone
	}
}

// Freeze stops the program where it stands, until Thaw.
func (u *Unit) Freeze() { u.Signal(unix.SIGSTOP) }

// Thaw lets a frozen program go on.
func (u *Unit) Thaw() { u.Signal(unix.SIGCONT) }

// Signal sends a signal to the program, if it is there.
func (u *Unit) Signal(s unix.Signal) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.process != nil {
		u.process.signal(s)
	}
}

// Pid is the program's process id in the lab's /proc; 0 while it is not there.
func (u *Unit) Pid() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	if p := u.process; p != nil && p.alive() {
		return p.cmd.Process.Pid
	}
	return 0
}

// Starts counts how often the program was started.
func (u *Unit) Starts() int {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.starts
}

// Log is the path of the file that has the program's output of all its lives.
func (u *Unit) Log() string {
	if dir := u.host.lan.cfg.LogDir; dir != "" {
		return filepath.Join(dir, u.host.Name+"-"+u.Name+".log")
	}
	return filepath.Join(u.host.dir, "log", u.Name+".log")
}

func (u *Unit) tail() string {
	text := strings.Split(read(u.Log()), "\n")
	last := strings.Join(text[max(0, len(text)-5):], "\n\t")
	if last == "" {
		return ""
	}
	return "; its last words:\n\t" + last
}

func (u *Unit) unwant() *process {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.wanted = false
	return u.process
}

func (u *Unit) lockedCloseSockets() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closeSockets()
}

func (p *process) alive() bool {
	select {
	case <-p.gone:
		return false
	default:
		return true
	}
}

func (p *process) signal(s unix.Signal) {
	if !p.alive() {
		return
	}
	if err := p.cmd.Process.Signal(s); err != nil && !errors.Is(err, os.ErrProcessDone) {
		panic("lab: " + err.Error())
	}
}
