package nss

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"mcdns/test/nss/fake"
)

var good = found([]string{"192.0.2.7", "192.0.2.8"}, []string{"host.example.org", "www.example.org"}, 7)

// within runs the call until it stays within the limits, ten times at most: the
// machine that runs the tests has other things to do. Too early is a daemon that
// was not run in time for its sign of life, which is excused once. It is package
// transparency that holds the limits to the letter.
func within(t *testing.T, limit, least float64, args ...string) result {
	t.Helper()
	var seen []float64
	for early := 0; early < 2 && len(seen) < 10; {
		r := call(t, append([]string{"PROBE_SLOW=1"}, args...)...)
		ms := r.ms(t)
		if ms >= least && ms <= limit {
			return r
		}
		if ms < least {
			early++
		}
		seen = append(seen, ms)
	}
	t.Fatalf("took %.1f ms; want %.1f to %.1f", seen, least, limit)
	return nil
}

func TestNoDaemonIsNoticedAtOnce(t *testing.T) {
	tests := map[string]func(t *testing.T){
		"no socket": func(*testing.T) {},
		"stale":     func(t *testing.T) { bound(t) },
		"not a socket": func(t *testing.T) {
			if err := os.WriteFile(socket, nil, 0o666); err != nil {
				t.Fatal(err)
			}
		},
		"a directory": func(t *testing.T) {
			if err := os.Mkdir(socket, 0o755); err != nil {
				t.Fatal(err)
			}
		},
		"a loop of links": func(t *testing.T) {
			if err := os.Symlink(socket, socket); err != nil {
				t.Fatal(err)
			}
		},
		"of datagrams": func(t *testing.T) {
			c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: socket, Net: "unixgram"})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { c.Close() })
		},
	}
	for name, prepare := range tests {
		t.Run(name, func(t *testing.T) {
			prepare(t)
			t.Cleanup(func() { os.Remove(socket) })
			for _, f := range byName {
				unavailable(t, within(t, 2, 0, "call", f.function, f.family, "www", "1024"))
			}
			unavailable(t, within(t, 2, 0, "call", "a2", inet, "c0000207", "1024"))
		})
	}
}

// bound leaves a socket that nobody listens on, as a killed daemon does.
func bound(t *testing.T) int {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrUnix{Name: socket}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Remove(socket) })
	return fd
}

func TestNoSocketToBeHadIsNoDaemon(t *testing.T) {
	d := listen(t, say(good.Frame()))
	for _, fault := range []string{"emfile", "eafnosupport"} {
		for _, f := range byName {
			unavailable(t, call(t, "PROBE_FAULT="+fault, "call", f.function, f.family, "www", "1024"))
		}
	}
	if len(d.Asked()) != 0 {
		t.Errorf("asked %+v; want nothing", d.Asked())
	}
}

func TestSocketThatMayNotBeUsedIsNoDaemon(t *testing.T) {
	listen(t, say(good.Frame()))
	if err := os.Chmod(socket, 0); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(probe(t), "call", "4", "0", "www", "1024")
	if os.Getuid() == 0 { // who may use every socket
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	unavailable(t, output(t, cmd))
}

func TestFrozenDaemonCostsAQuarterSecond(t *testing.T) {
	part := good.Frame()
	tests := map[string]fake.Behaviour{
		"silent":                freeze(),
		"half a header":         freeze(part[:10]),
		"header and no more":    freeze(part[:fake.HeaderSize]),
		"all but the last byte": freeze(part[:len(part)-1]),
	}
	for name, act := range tests {
		t.Run(name, func(t *testing.T) {
			d := listen(t, act)
			unavailable(t, within(t, 250, 200, "call", "4", "0", "www", "1024"))
			if n := len(d.Asked()); n > 10 {
				t.Errorf("asked %d times in at most 10 calls", n)
			}
		})
	}
}

func TestDaemonThatDoesNotAcceptCostsAQuarterSecond(t *testing.T) {
	if err := syscall.Listen(bound(t), 16); err != nil {
		t.Fatal(err)
	}
	unavailable(t, within(t, 250, 200, "call", "4", "0", "www", "1024"))
}

// full makes a socket whose backlog has no place left.
func full(t *testing.T) (listener int) {
	t.Helper()
	listener = bound(t)
	if err := syscall.Listen(listener, 0); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { syscall.Close(fd) })
		if err := syscall.Connect(fd, &syscall.SockaddrUnix{Name: socket}); err == syscall.EAGAIN {
			return listener
		} else if err != nil {
			t.Fatal(err)
		}
	}
	t.Fatal("the backlog does not fill")
	return listener
}

func TestFullBacklogCostsAQuarterSecond(t *testing.T) {
	full(t)
	unavailable(t, within(t, 250, 200, "call", "4", "0", "www", "1024"))
}

func TestFullBacklogIsWaitedFor(t *testing.T) {
	listener := full(t)
	waiting := time.AfterFunc(slow*50*time.Millisecond, func() {
		for { // those that fill the backlog send nothing; the module's request is answered
			fd, _, err := syscall.Accept(listener)
			if err != nil {
				return
			}
			go func() {
				defer syscall.Close(fd)
				if n, _ := syscall.Read(fd, make([]byte, 8192)); n > 0 {
					syscall.Write(fd, good.Frame())
				}
			}()
		}
	})
	t.Cleanup(func() { waiting.Stop() })
	call(t, "call", "4", "0", "www", "1024").want(t, "status", "SUCCESS")
	syscall.Shutdown(listener, syscall.SHUT_RDWR)
}

func TestSilenceAfterASignOfLifeIsAFrozenDaemon(t *testing.T) {
	listen(t, freeze(reply{Status: fake.Alive}.Frame()))
	unavailable(t, within(t, 1600, 1450, "call", "4", "0", "www", "1024"))
}

// Once more at most: a sign of life that the machine holds back for half a second
// is none.
func TestSlowAnswerIsWaitedFor(t *testing.T) {
	d := listen(t, busy(3, time.Second, good.Frame()))
	tries, r := 1, call(t, "PROBE_SLOW=1", "call", "4", "0", "www", "1024")
	if r["status"] != "SUCCESS" {
		t.Logf("%s after %s ms; once more", r["status"], r["ms"])
		tries++
		r = call(t, "PROBE_SLOW=1", "call", "4", "0", "www", "1024")
	}
	r.want(t, "status", "SUCCESS", "addresses", "192.0.2.7 192.0.2.8")
	if ms := r.ms(t); ms < 2900 || len(d.Asked()) != tries {
		t.Errorf("took %.0f ms and asked %d times in %d calls; want 3 s, once each", ms, len(d.Asked()), tries)
	}
}

// A busy machine may run the daemon, and the program not for 300 ms: the answer
// is there then. One of 1000 addresses comes in many pieces.
func TestProgramThatWasNotRunTakesWhatIsThere(t *testing.T) {
	big := good
	for i := range 1000 {
		big.Addresses = append(big.Addresses, fmt.Sprintf("10.0.%d.%d", i/250, i%250))
	}
	for _, fault := range []string{"stopped-before", "stopped-in", "stopped-after", "stopped-in,stopped-after", "stopped-after,interrupted"} {
		for name, answer := range map[string]reply{"small": good, "big": big} {
			t.Run(fault+", "+name, func(t *testing.T) {
				d := listen(t, say(answer.Frame()))
				for _, args := range [][]string{{"4", "0"}, {"3", inet}} {
					r := call(t, "PROBE_FAULT="+fault, "call", args[0], args[1], "www", "65536")
					r.want(t, "status", "SUCCESS", "addresses", strings.Join(answer.Addresses, " "))
				}
				if n := len(d.Asked()); n != 2 {
					t.Errorf("asked %d times; want 2", n)
				}
			})
		}
	}
}

// What is there counts even when it is late, so a daemon that is never silent is
// the one that could hold a program for ever. A thousand signs are too many, however
// little time they took.
func TestSignsOfLifeWithoutAPauseEnd(t *testing.T) {
	listen(t, func(c *net.UnixConn, _ request) {
		signs := bytes.Repeat(reply{Status: fake.Alive}.Frame(), 1000)
		for {
			if _, err := c.Write(signs); err != nil {
				return
			}
		}
	})
	unavailable(t, within(t, 2000, 0, "PROBE_SPEED=20", "call", "4", "0", "www", "1024"))
}

// Under libfaketime the clock may stand still. What the module waits for ends all
// the same, by the time that poll itself took or by count.
func TestLookupEndsThoughTheClockStandsStill(t *testing.T) {
	alive := reply{Status: fake.Alive}.Frame()
	tests := map[string]struct {
		act   fake.Behaviour
		fault string
		most  float64 // ms
	}{
		"frozen":              {freeze(), "", 250},
		"frozen, interrupted": {freeze(), "interrupted", 250},
		"frozen at work":      {freeze(alive), "", 1600},
		"frozen in a frame":   {freeze(alive, good.Frame()[:fake.HeaderSize+5]), "", 3100},
		"alive for ever":      {busy(1<<30, time.Millisecond, nil), "", 20000},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			listen(t, test.act)
			unavailable(t, within(t, test.most, 0, "PROBE_SPEED=0", "PROBE_FAULT="+test.fault, "call", "4", "0", "www", "1024"))
		})
	}
	t.Run("full backlog", func(t *testing.T) {
		full(t)
		unavailable(t, within(t, 5000, 200, "PROBE_SPEED=0", "call", "4", "0", "www", "1024"))
	})
}

// Signs of life for ever: half a minute, on a clock that runs 20 times faster.
func TestNoDaemonHoldsAProgramForEver(t *testing.T) {
	listen(t, busy(1<<30, 10*time.Millisecond, nil))
	unavailable(t, within(t, 2000, 1400, "PROBE_SPEED=20", "call", "4", "0", "www", "1024"))
}

func TestHangingUpIsForgivenOnce(t *testing.T) {
	frame := good.Frame()
	early := map[string]fake.Behaviour{
		"before the answer":       fake.HangUp,
		"after a sign of life":    say(reply{Status: fake.Alive}.Frame()),
		"in the header":           say(frame[:7]),
		"between header and body": say(frame[:fake.HeaderSize]),
		"in an address":           say(frame[:fake.HeaderSize+5]),
		"in a name":               say(frame[:len(frame)-3]),
	}
	for name, act := range early {
		t.Run(name, func(t *testing.T) {
			d := listen(t, act, say(frame))
			r := call(t, "call", "3", inet, "www", "1024")
			r.want(t, "status", "SUCCESS", "name", "host.example.org", "aliases", "www.example.org", "addresses", "192.0.2.7 192.0.2.8")
			if n := len(d.Asked()); n != 2 {
				t.Errorf("asked %d times; want 2", n)
			}
		})
		t.Run(name+", twice", func(t *testing.T) {
			d := listen(t, act, act, say(frame))
			r := within(t, 20, 0, "call", "3", inet, "www", "1024")
			if n := len(d.Asked()); n == 2 {
				unavailable(t, r)
			}
		})
	}
}

// Who was hung up on knows that a daemon was there: its successor may take longer
// to start than a frozen one is waited for.
func TestSuccessorOfADaemonThatHungUpIsWaitedFor(t *testing.T) {
	late := func(c *net.UnixConn, q request) {
		<-time.After(3 * time.Second)
		c.Write(good.Frame())
	}
	listen(t, fake.HangUp, late)
	r := call(t, "PROBE_SLOW=3", "call", "4", "0", "www", "1024")
	r.want(t, "status", "SUCCESS", "addresses", "192.0.2.7 192.0.2.8")
}

func TestFrozenSuccessorIsNotWaitedForLong(t *testing.T) {
	var acts []fake.Behaviour
	for range 10 {
		acts = append(acts, fake.HangUp, freeze())
	}
	d := listen(t, acts...)
	unavailable(t, within(t, 1600, 1450, "call", "4", "0", "www", "1024"))
	if n := len(d.Asked()); n%2 != 0 {
		t.Errorf("asked %d times; want twice in each call", n)
	}
}

// A frame cut at each byte is never an answer.
func TestHalfFrames(t *testing.T) {
	frame := good.Frame()
	var acts []fake.Behaviour
	for cut := range frame {
		acts = append(acts, say(frame[:cut]), say(frame[:cut]))
	}
	d := listen(t, acts...)
	for range frame {
		unavailable(t, call(t, "call", "4", "0", "www", "1024"))
	}
	if n := len(d.Asked()); n != len(acts) {
		t.Errorf("asked %d times; want %d", n, len(acts))
	}
}

func TestNonsenseIsNoDaemon(t *testing.T) {
	frame := good.Frame()
	names := func(names ...string) []byte { return found(good.Addresses, names, 7).Frame() }
	family := func(value byte) []byte {
		out := bytes.Clone(frame)
		out[fake.HeaderSize] = value
		return out
	}
	status := func(value byte) []byte {
		out := reply{Status: fake.NoName}.Frame()
		out[fake.AtStatus] = value
		return out
	}
	tests := map[string][]byte{
		"another magic":            put32(frame, 0, fake.Magic+1),
		"the next version":         put32(frame, 0, fake.Magic+1<<24),
		"HTTP":                     []byte("HTTP/1.1 400 Bad Request\r\n\r\n"),
		"noise":                    bytes.Repeat([]byte{0xa5}, 4096),
		"zeros":                    make([]byte, 4096),
		"length 0":                 put32(frame, fake.AtLength, 0),
		"length below the header":  put32(frame, fake.AtLength, fake.HeaderSize-1),
		"length of the header":     put32(frame, fake.AtLength, fake.HeaderSize),
		"length short by one":      put32(frame, fake.AtLength, uint32(len(frame)-1)),
		"length above the limit":   put32(frame, fake.AtLength, 262145),
		"length 2^31":              put32(frame, fake.AtLength, 1<<31),
		"length 2^32-1":            put32(frame, fake.AtLength, 1<<32-1),
		"status 6":                 status(6),
		"status 255":               status(255),
		"no address":               found(nil, good.Names, 7).Frame(),
		"no names":                 found(good.Addresses, nil, 7).Frame(),
		"too many addresses":       put16(frame, fake.AtAddresses, 3),
		"65535 addresses":          put16(frame, fake.AtAddresses, 65535),
		"fewer addresses":          put16(frame, fake.AtAddresses, 1),
		"one name too few":         put16(frame, fake.AtNames, 1),
		"one name too many":        put16(frame, fake.AtNames, 3),
		"65535 names":              put16(frame, fake.AtNames, 65535),
		"family 0":                 family(0),
		"family 3":                 family(3),
		"family 255":               family(255),
		"an empty name":            names("", "www.example.org"),
		"an empty alias":           names("host.example.org", ""),
		"a space in a name":        names("host example.org"),
		"a newline in an alias":    names("host.example.org", "www\nexample.org"),
		"a byte above 127":         names("h\xf6st.example.org"),
		"an endless name":          names(strings.Repeat("x", 1025)),
		"a name without an end":    append(frame[:len(frame)-1:len(frame)-1], 'x'),
		"NO_NAME with addresses":   put16(reply{Status: fake.NoName}.Frame(), fake.AtAddresses, 1),
		"NO_NAME with a body":      reply{Status: fake.NoName, Names: []string{"x"}}.Frame(),
		"ALIVE with a body":        append(reply{Status: fake.Alive, Names: []string{"x"}}.Frame(), frame...),
		"ALIVE with a long length": put32(reply{Status: fake.Alive}.Frame(), fake.AtLength, 65536),
	}
	for name, bytes := range tests {
		t.Run(name, func(t *testing.T) {
			d := listen(t, say(bytes))
			for _, args := range [][]string{{"4", "0", "www"}, {"3", inet, "www"}} {
				unavailable(t, call(t, append(append([]string{"call"}, args...), "4096")...))
			}
			if n := len(d.Asked()); n != 2 {
				t.Errorf("asked %d times; want 2: nonsense is not asked again", n)
			}
		})
	}
}

func TestAnswerToAnotherQuestionIsNonsense(t *testing.T) {
	tests := []struct {
		name string
		say  reply
		args []string
	}{
		{"IPv6 for IPv4", found(six, []string{"h"}, 7), []string{"3", inet, "www"}},
		{"IPv4 for IPv6", found(four, []string{"h"}, 7), []string{"2", inet6, "www"}},
		{"one of the other family", found(append(four, six...), []string{"h"}, 7), []string{"2", inet, "www"}},
		{"addresses for an address", good, []string{"a2", inet, "c0000207"}},
		{"a name for a name", found(nil, []string{"h"}, 7), []string{"4", "0", "www"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			listen(t, say(test.say.Frame()))
			unavailable(t, call(t, append(append([]string{"call"}, test.args...), "1024")...))
		})
	}
}

// Bytes behind the answer are none of ours.
func TestNothingIsReadBehindTheAnswer(t *testing.T) {
	listen(t, say(good.Frame(), bytes.Repeat([]byte{0xa5}, 3000)))
	call(t, "call", "4", "0", "www", "1024").want(t, "status", "SUCCESS")
}

func TestEveryCallMayBeInterruptedOrPartial(t *testing.T) {
	for _, fault := range []string{"bytewise", "interrupted", "bytewise,interrupted"} {
		t.Run(fault, func(t *testing.T) {
			d := listen(t, say(reply{Status: fake.Alive}.Frame(), good.Frame()))
			env := []string{"PROBE_FAULT=" + fault, "LOCALDOMAIN=a.example", "RES_OPTIONS=ndots:2"}
			r := call(t, append(env, "call", "3", inet, "www", "1024")...)
			r.want(t, "status", "SUCCESS", "name", "host.example.org", "aliases", "www.example.org", "own_errno", "kept")
			want := request{Kind: 1, Families: 1, Flags: 6, Name: "www", LocalDomain: "a.example", ResOptions: "ndots:2"}
			if got := d.Asked(); len(got) != 1 || got[0] != want {
				t.Errorf("asked %+v; want %+v", got, want)
			}
		})
	}
}

// A cancel acts at the end of the lookup where getaddrinfo asked: left pending, it
// would act in glibc's sort, where a socket is open. What gethostbyname and
// gethostbyaddr call under a lock of glibc's gives its thread back.
func TestCancelledLookupsLeakNothing(t *testing.T) {
	tests := []struct{ function, family, name, returned string }{
		{"4", "0", "www", "0"}, {"3", inet, "www", "0"}, {"3", inet6, "www", "0"}, {"2", inet, "www", "0"}, {"2", inet6, "www", "0"},
		{"1", inet, "www", "5"}, {"a2", inet, "c0000207", "5"}, {"a", inet, "c0000207", "5"},
	}
	for _, test := range tests {
		t.Run(test.function+" "+test.family, func(t *testing.T) {
			begun, tell := pipe(t)
			hear, cancelled := pipe(t)
			listen(t, func(c *net.UnixConn, q request) {
				c.Write(reply{Status: fake.Alive}.Frame())
				fmt.Fprintln(tell)
				hear.Read(make([]byte, 1))
				c.Write(reply{Status: fake.NoName}.Frame())
			})
			cmd := exec.Command(plainProbe(t), "cancel", test.function, test.family, test.name)
			cmd.Stdin, cmd.ExtraFiles = begun, []*os.File{cancelled}
			output(t, cmd).want(t, "leaked", "0", "returned", test.returned)
		})
	}
}

func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}
