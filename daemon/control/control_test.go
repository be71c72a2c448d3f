package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
	return Answer{Schema: AnswerSchema, Name: fmt.Sprint(name, types)}, s.err
}

func serve(t *testing.T, s Source) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "control.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	server, done := New(s), make(chan error, 1)
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

func get(t *testing.T, path, target string) (int, string) {
	t.Helper()
	c := http.Client{Timeout: patience, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) },
	}}
	r, err := c.Get("http://mcdnsd" + target)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	return r.StatusCode, string(b)
}

func TestEveryPathSaysItsSchema(t *testing.T) {
	path := serve(t, &source{})
	for target, want := range map[string]string{
		"/status": StatusSchema, "/peers": PeersSchema, "/query?name=www&type=1,28": AnswerSchema,
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

func TestWrongRequestsAreRefused(t *testing.T) {
	path := serve(t, &source{})
	for target, want := range map[string]int{
		"/": 404, "/cache": 404, "/query?name=www&type=MX": 400, "/query?name=www&type=0": 400, "/query?name=www&type=65536": 400,
		"/query?name=www&type=1,1,1,1,1,1,1,1,1": 400, "/query?name=" + strings.Repeat("a", 100000): 431,
	} {
		if code, body := get(t, path, target); code != want {
			t.Errorf("%.40s: got %d %s; want %d", target, code, body, want)
		}
	}
	code, body := get(t, serve(t, &source{err: errors.New("mcdnsd is stopping")}), "/status")
	if code != 503 || !strings.Contains(body, "mcdnsd is stopping") {
		t.Errorf("got %d %s", code, body)
	}
}

func TestSilentClientsLeaveRoom(t *testing.T) {
	path := serve(t, &source{})
	for range connections + 10 {
		c, err := net.Dial("unix", path)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	if code, _ := get(t, path, "/status"); code != 200 {
		t.Errorf("got %d", code)
	}
}
