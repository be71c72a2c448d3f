package control

import (
	"bufio"
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
)

// FuzzRequest feeds what a local user sends to the control socket.
func FuzzRequest(f *testing.F) {
	for _, path := range []string{"/status", "/peers", "/query?name=www.example&type=1,28", "/query?name=%00&type=0", "/metrics", "/reach?peer=bb", "/healthz"} {
		f.Add([]byte("GET " + path + " HTTP/1.1\r\nHost: mcdns\r\n\r\n"))
	}
	s := newSocket(&source{}, page, http.NotFoundHandler(), func() bool { return false }, func(context.Context) bool { return false })
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b)))
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		s.http.Handler.ServeHTTP(w, r)
		if w.Code == http.StatusOK && bytes.Contains(w.Body.Bytes(), []byte(`"peer"`)) {
			t.Fatalf("%q: a stranger is told who told: %s", b, w.Body)
		}
	})
}
