package programs

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"mcdns/test/checks"
	"mcdns/test/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

const site = "www.programs.example"

// place is a host whose mcdnsd knows the site, which is the host itself.
type place struct {
	host    *lab.Host
	capture *capture
	visits  atomic.Int64 // connections that reached the site
	dir     string
}

func newPlace(t *testing.T) *place {
	t.Helper()
	lab.Need(t)
	zone := lab.NewZone(time.Hour)
	l := lab.Start(t, lab.Config{Hosts: 1, Zone: zone, Number: 78, Program: lab.BuiltIn, NoKey: true})
	p := &place{host: l.Hosts[0]}
	zone.Name(site, p.host.Addr.String())
	zone.Pointer(p.host.Addr.String(), site)
	var err error
	if p.dir, err = os.MkdirTemp("/tmp", "mcdns-programs-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(p.dir) })
	p.serve(t)
	// Every question that programs ask is answered once before, and fresh from
	// then on: all types, and the name of the address.
	for _, ask := range [][]string{{"ahosts", site}, {"ahostsv4", site}, {"ahostsv6", site}, {"hosts", p.host.Addr.String()}} {
		p.host.Command("/usr/bin/getent", ask...).Run()
	}
	p.capture = listen(t, p.host)
	return p
}

// serve is a site on port 80 that counts who comes, and answers HTTP.
func (p *place) serve(t *testing.T) {
	t.Helper()
	l, err := p.host.Listen("tcp", net.JoinHostPort(p.host.Addr.String(), "80"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		Handler:           http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<p>hello, mcdns</p>") }),
		ReadHeaderTimeout: 2 * time.Second, // ssh waits for us to speak first
		ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateNew {
				p.visits.Add(1)
			}
		},
	}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
}

// run runs a program that may fail: what counts is where it went.
func (p *place) run(t *testing.T, env []string, args ...string) (output string, visits, packets int64) {
	t.Helper()
	visits, packets = p.visits.Load(), p.capture.packets.Load()
	cmd := p.host.Command(args[0], args[1:]...)
	cmd.Env = append(cmd.Env, env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	cmd.Wait()
	limit.Stop()
	p.capture.settle()
	return out.String(), p.visits.Load() - visits, p.capture.packets.Load() - packets
}

// build compiles a Go program for one resolver.
func (p *place) build(t *testing.T, name, cgo string) string {
	t.Helper()
	path := filepath.Join(p.dir, name)
	cmd := exec.Command("go", "build", "-buildvcs=false", "-o", path, "./test/nss/programs/testdata/visit")
	cmd.Dir = lab.Top()
	cmd.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func (p *place) compile(t *testing.T, name string, flags ...string) string {
	t.Helper()
	path := filepath.Join(p.dir, name)
	out, err := exec.Command("cc", append([]string{"-O1", "-std=gnu11", "-o", path, "testdata/visit.c"}, flags...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return path
}

func (p *place) write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(p.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

const url = "http://" + site + "/"

const javaVisit = `
public class Visit { public static void main(String[] a) throws Exception {
	new java.net.Socket(java.net.InetAddress.getByName(a[0]), 80).close(); } }
`

// visitors are programs that go through the C library.
func visitors(t *testing.T, p *place) map[string][]string {
	html := "const u='" + url + "';"
	return map[string][]string{
		"getent":            {"/usr/bin/getent", "ahosts", site},
		"getent by address": {"/usr/bin/getent", "hosts", p.host.Addr.String()},
		"curl":              {"/usr/bin/curl", "-s", url},
		"wget":              {"/usr/bin/wget", "-q", "-O-", url},
		"python3":           {"/usr/bin/python3", "-c", "import urllib.request as u; print(u.urlopen('" + url + "').read())"},
		"python3 by name":   {"/usr/bin/python3", "-c", "import socket; socket.create_connection((socket.gethostbyname('" + site + "'), 80))"},
		"perl":              {"/usr/bin/perl", "-MIO::Socket::INET", "-e", "IO::Socket::INET->new(PeerAddr=>'" + site + "', PeerPort=>80) or die"},
		"ruby":              {"/usr/bin/ruby", "-rsocket", "-e", "TCPSocket.new('" + site + "', 80)"},
		"php":               {"/usr/bin/php", "-r", "fsockopen('" + site + "', 80) or exit(1);"},
		"git":               {"/usr/bin/git", "ls-remote", url + "x"},
		"ssh":               {"/usr/bin/ssh", "-F", "/dev/null", "-o", "BatchMode=yes", "-o", "ConnectTimeout=5", "-p", "80", site, "true"},
		"psql":              {"/usr/bin/psql", "-h", site, "-p", "80", "-U", "x", "-w", "-c", "select 1"},
		"node":              {"/usr/bin/node", "-e", html + "require('http').get(u, r => r.resume())"},
		"java":              {"/usr/bin/java", p.write(t, "Visit.java", javaVisit), site},
		"chromium": {"/usr/bin/chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
			"--disable-component-update", "--no-first-run", "--user-data-dir=/run/home/chromium", "--dump-dom", url},
		"Go with cgo":          {p.build(t, "visit-cgo", "1"), site},
		"C":                    {p.compile(t, "visit"), site},
		"C, statically linked": {p.compile(t, "visit-static", "-static", "-Wl,--no-warnings"), site},
		"ping":                 {"/usr/bin/ping", "-c1", "-W2", site},
	}
}

// silent programs make no connection that the site would count.
var silent = map[string]string{"getent": site, "getent by address": site, "ping": "bytes from"}

func missing(t *testing.T, name, path string) bool {
	t.Helper()
	if _, err := os.Stat(path); err == nil {
		return false
	}
	if os.Getenv("MCDNS_TEST_REQUIRE") != "" {
		t.Errorf("%s is not installed", name)
	}
	t.Logf("%s: not installed", name)
	return true
}

// visit runs a visitor; packets are those to port 53 that can be its own.
func (p *place) visit(t *testing.T, name string, args []string) (output string, visits, packets int64) {
	t.Helper()
	about := p.capture.about.Load()
	output, visits, packets = p.run(t, nil, args...)
	if name == "chromium" { // looks for other names as well, which mcdnsd asks for
		packets = p.capture.about.Load() - about
	}
	return output, visits, packets
}

// A program asks the server when the machine does not run mcdnsd for 240 ms, as
// it is meant to: each has a second turn. What goes past the module does so again.
func TestProgramsAskNoServerThemselves(t *testing.T) {
	p := newPlace(t)
	for name, args := range visitors(t, p) {
		if missing(t, name, args[0]) || (checks.File == "" && (name == "java" || name == "chromium")) {
			continue
		}
		output, visits, packets := p.visit(t, name, args)
		if packets > 0 {
			t.Logf("%s: %d packets to port 53; once more", name, packets)
			if _, err := p.host.Status(); err != nil { // answered when mcdnsd runs again
				t.Fatal(err)
			}
			p.capture.settle()
			output, visits, packets = p.visit(t, name, args)
		}
		there := visits > 0
		if say, ok := silent[name]; ok {
			there = strings.Contains(output, say) || strings.Contains(output, p.host.Addr.String())
		}
		checks.Add(t, name+" reaches "+site, "there, 0 packets to port 53",
			fmt.Sprintf("there: %v, %d packets", there, packets), there && packets == 0)
		if !there {
			t.Logf("%s: %s", name, output)
		}
	}
}

// Programs that speak DNS themselves go past nsswitch.conf. The README says so,
// and this is how we know.
func TestProgramsThatBypassTheCLibraryAreKnown(t *testing.T) {
	p := newPlace(t)
	bypass := map[string][]string{
		"dig":                         {"/usr/bin/dig", "+short", site},
		"host":                        {"/usr/bin/host", site},
		"Go without cgo":              {p.build(t, "visit-pure", "0"), site},
		"res_query":                   {p.compile(t, "visit-res", "-DRES_QUERY", "-lresolv"), site},
		"node, dns.resolve4 (c-ares)": {"/usr/bin/node", "-e", "require('dns').resolve4('" + site + "', () => {})"},
	}
	for name, args := range bypass {
		if missing(t, name, args[0]) {
			continue
		}
		_, _, packets := p.run(t, nil, args...)
		checks.Add(t, name+" goes past the module", "packets to port 53", fmt.Sprint(packets), packets > 0)
	}
	if musl := "/usr/bin/musl-gcc"; !missing(t, "musl", musl) {
		path := filepath.Join(p.dir, "visit-musl")
		if out, err := exec.Command(musl, "-O1", "-o", path, "testdata/visit.c").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		_, _, packets := p.run(t, nil, path, site)
		checks.Add(t, "C with musl goes past the module", "packets to port 53", fmt.Sprint(packets), packets > 0)
	}
	_, _, packets := p.run(t, []string{"GODEBUG=netdns=go"}, p.build(t, "visit-cgo", "1"), site)
	checks.Add(t, "Go with GODEBUG=netdns=go goes past the module", "packets to port 53", fmt.Sprint(packets), packets > 0)
}
