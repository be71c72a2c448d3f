package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"mcdns/daemon/clients"
	"mcdns/test/need"
)

// patience is far longer than anything here takes on a loaded machine.
const patience = 20 * time.Second

// source says what it was asked.
type source struct{ err error }

func (s *source) Status(context.Context) (Status, error) {
	return Status{Schema: StatusSchema, Upstream: "up"}, s.err
}
func (s *source) Peers(context.Context) (Peers, error) { return Peers{Schema: PeersSchema}, s.err }
func (s *source) Query(_ context.Context, name string, types []uint16) (Answer, error) {
	return Answer{Schema: AnswerSchema, Name: fmt.Sprint(name, types), Results: []Result{{
		Records: []string{"www.\t300\tIN\tA\t192.0.2.80"},
		Origin:  &Origin{AgeS: 7, Source: "peer", Peer: "bb", Server: "192.0.2.53"},
	}}}, s.err
}

func (s *source) Fresh(ctx context.Context, name string, types []uint16) (Answer, error) {
	return s.Query(ctx, "fresh "+name, types)
}

func (s *source) Reach(_ context.Context, who string) (Reach, error) {
	return Reach{Schema: ReachSchema, Self: who}, s.err
}

func (s *source) Cache(_ context.Context, l Listing) (CacheList, error) {
	return CacheList{Schema: CacheSchema, Answers: []Held{{Place: fmt.Sprint(l)}}}, s.err
}
func (s *source) Drill(context.Context) (Drill, error) {
	return Drill{Schema: DrillSchema, Names: 2, Lost: 1, LostNames: []string{"www.example."}}, s.err
}

// page is the page of metrics.
var page = Page{"text/plain", func(context.Context) ([]byte, error) { return []byte("mcdns_x 1\n"), nil }}

func TestMetricsAreForEveryone(t *testing.T) {
	for _, member := range []bool{true, false} {
		path := serveTo(t, &source{}, func(context.Context) bool { return member })
		if code, body := get(t, path, "/metrics"); code != 200 || body != "mcdns_x 1\n" {
			t.Errorf("member %v: got %d %q", member, code, body)
		}
	}
}

func startSocket(t *testing.T, s Reports) (path string) { return serveTo(t, s, member) }

func serveTo(t *testing.T, s Reports, member func(context.Context) bool) (path string) {
	t.Helper()
	return run(t, newSocket(s, page, http.NotFoundHandler(), func() bool { return false }, member))
}

func run(t *testing.T, server *Socket) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "control.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		server.Shutdown(ctx)
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return path
}

func client(path string) *http.Client {
	return &http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) },
	}}
}

func get(t *testing.T, path, target string) (int, string) {
	t.Helper()
	r, err := client(path).Get("http://mcdnsd" + target)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	return r.StatusCode, string(b)
}

func TestEveryPathSaysItsSchema(t *testing.T) {
	path := startSocket(t, &source{})
	for target, want := range map[string]string{
		"/status": StatusSchema, "/peers": PeersSchema, "/query?name=www&type=1,28": AnswerSchema, "/reach": ReachSchema,
	} {
		code, body := get(t, path, target)
		var v struct{ Schema, Name string }
		if err := json.Unmarshal([]byte(body), &v); err != nil || code != 200 || v.Schema != want {
			t.Errorf("%s: got %d %s, %v", target, code, body, err)
		}
		if want == AnswerSchema && v.Name != "www[1 28]" {
			t.Errorf("asked for %s", v.Name)
		}
	}
}

// TestPeersAreTriedForMembersAlone: others could have mcdnsd send without end.
func TestPeersAreTriedForMembersAlone(t *testing.T) {
	for member, want := range map[bool]int{true: 200, false: 401} {
		path := serveTo(t, &source{}, func(context.Context) bool { return member })
		if code, body := get(t, path, "/reach?peer=bb"); code != want || strings.Contains(body, `"self":"bb"`) != member {
			t.Errorf("member %v: got %d %s", member, code, body)
		}
	}
}

// TestServersAreAskedAnewForMembersAlone: it tells what was held, and changes it.
func TestServersAreAskedAnewForMembersAlone(t *testing.T) {
	for member, want := range map[bool]int{true: 200, false: 401} {
		path := serveTo(t, &source{}, func(context.Context) bool { return member })
		code, body := get(t, path, "/query?name=www&fresh=1")
		if code != want || strings.Contains(body, "fresh www") != member {
			t.Errorf("member %v: got %d %s", member, code, body)
		}
		if _, body := get(t, path, "/query?name=www"); strings.Contains(body, "fresh") {
			t.Errorf("member %v: asked anew without being told to: %s", member, body)
		}
	}
}

func TestWrongRequestsAreRefused(t *testing.T) {
	path := startSocket(t, &source{})
	for target, want := range map[string]int{
		"/": 404, "/elsewhere": 404, "/query?name=www&type=MX": 400, "/query?name=www&type=0": 400, "/query?name=www&type=65536": 400,
		"/query?name=www&type=1,1,1,1,1,1,1,1,1": 400, "/query?name=" + strings.Repeat("a", 100000): 431,
	} {
		if code, body := get(t, path, target); code != want {
			t.Errorf("%.40s: got %d %s; want %d", target, code, body, want)
		}
	}
	code, body := get(t, startSocket(t, &source{err: errors.New("mcdnsd is stopping")}), "/status")
	if code != 503 || !strings.Contains(body, "mcdnsd is stopping") {
		t.Errorf("got %d %s", code, body)
	}
}

func TestSilentClientsLeaveRoom(t *testing.T) {
	path := startSocket(t, &source{})
	for range connections + 10 {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	// They and this one are one user's, so nobody is cut for the other: silent
	// ones end by themselves.
	for limit := time.Now().Add(patience); ; {
		r, err := client(path).Get("http://mcdnsd/status")
		if err == nil {
			r.Body.Close()
			return
		}
		if time.Now().After(limit) {
			t.Fatal("never served again:", err)
		}
	}
}

func TestNoUserKeepsAnotherOut(t *testing.T) {
	server := New(&source{}, page, http.NotFoundHandler(), func() bool { return false })
	for range connections {
		a, b := net.Pipe()
		defer a.Close()
		defer b.Close()
		server.table.Admit(&clients.Client{Conn: a, UID: uint32(os.Geteuid()) + 1})
	}
	path := run(t, server)
	for range 3 {
		if code, _ := get(t, path, "/status"); code != 200 {
			t.Errorf("got %d", code)
		}
	}
}

// Making an answer takes a processor: one user's thousands keep no other's waiting.
func TestOneUserStarvesNobodyAtTheControlSocket(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := New(&source{}, page, http.NotFoundHandler(), func() bool { return false })
		var made []uint32
		goOn := make(chan bool)
		ask := func(user uint32) {
			r := httptest.NewRequest("GET", "/peers", nil)
			r = r.WithContext(clients.WithUser(r.Context(), user))
			go server.write(httptest.NewRecorder(), r, Page{Make: func(context.Context) ([]byte, error) {
				<-goOn
				made = append(made, user)
				return nil, nil
			}})
			synctest.Wait()
		}
		for range 20 {
			ask(1)
		}
		ask(2)
		for range 21 {
			goOn <- true
			synctest.Wait()
		}
		if at := slices.Index(made, 2); at != 1 && at != 2 {
			t.Errorf("answered in the order %v", made)
		}
	})
}

func TestStrangersLearnTheAnswerAndNotWhereItIsFrom(t *testing.T) {
	for _, member := range []bool{true, false} {
		path := serveTo(t, &source{}, func(context.Context) bool { return member })
		_, body := get(t, path, "/query?name=www")
		for _, word := range []string{`"age_s":7`, `"source":"peer"`, `"peer":"bb"`, `"server":"192.0.2.53"`, `\t300\t`} {
			if strings.Contains(body, word) != member {
				t.Errorf("member %v: %s in %s", member, word, body)
			}
		}
		if strings.Contains(body, `"withheld":true`) == member || !strings.Contains(body, `192.0.2.80`) {
			t.Errorf("member %v: got %s", member, body)
		}
	}
}

func TestWhatStaysHereIsNoSecret(t *testing.T) {
	a := Answer{Results: []Result{{Origin: &Origin{Source: "here"}}, {Origin: &Origin{Source: "cache"}}, {}}}
	a.withhold()
	if r := a.Results; r[0].Origin == nil || r[1].Origin != nil || !a.Withheld {
		t.Errorf("got %+v", a)
	}
}

func TestTheDaemonsOwnUserIsAMember(t *testing.T) {
	_, body := get(t, startSocket(t, &source{}), "/query?name=www")
	if strings.Contains(body, "withheld") {
		t.Errorf("got %s", body)
	}
	if member(context.Background()) {
		t.Error("who cannot be told is a member")
	}
}

func TestClientsOfOtherNetworksAreKeptOut(t *testing.T) {
	if !clients.NetworksKnown() {
		t.Skip("this kernel does not say (before Linux 5.14)")
	}
	for beyond, want := range map[bool]int{false: http.StatusForbidden, true: http.StatusOK} {
		path := run(t, New(&source{}, page, http.NotFoundHandler(), func() bool { return beyond }))
		var conn net.Conn
		need.Network(t, func() (err error) {
			conn, err = net.Dial("unix", path)
			return err
		})
		defer conn.Close()
		conn.SetDeadline(time.Now().Add(patience))
		io.WriteString(conn, "GET /status HTTP/1.1\r\nHost: x\r\n\r\n")
		r, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || r.StatusCode != want {
			t.Errorf("beyond %v: got %v, %v; want %d", beyond, r, err, want)
		}
	}
}

// TestWhatIsHeldIsForMembersAlone: it tells what others looked up.
func TestWhatIsHeldIsForMembersAlone(t *testing.T) {
	for _, member := range []bool{true, false} {
		path := serveTo(t, &source{}, func(context.Context) bool { return member })
		for target, schema := range map[string]string{"/cache": CacheSchema, "/cache?name=www": CacheSchema, "/drill": DrillSchema} {
			code, body := get(t, path, target)
			if want := map[bool]int{true: 200, false: 401}[member]; code != want || strings.Contains(body, schema) != member || strings.Contains(body, "www.") && !member {
				t.Errorf("member %v, %s: got %d %s", member, target, code, body)
			}
		}
	}
}

func TestListingIsBounded(t *testing.T) {
	path := startSocket(t, &source{})
	for target, want := range map[string]string{
		"/cache":                     `{  10000}`,
		"/cache?limit=7&after=a%0Ab": `{ a\nb 7}`,
		"/cache?name=WWW.Example":    `{www.example.  10000}`,
	} {
		if code, body := get(t, path, target); code != 200 || !strings.Contains(body, want) {
			t.Errorf("%s: got %d %s; want %s", target, code, body, want)
		}
	}
	for _, target := range []string{"/cache?limit=0", "/cache?limit=10001", "/cache?limit=-1", "/cache?limit=x", "/cache?name=a..b", "/cache?name=" + strings.Repeat("a", 300)} {
		if code, body := get(t, path, target); code != 400 {
			t.Errorf("%s: got %d %s; want 400", target, code, body)
		}
	}
}
