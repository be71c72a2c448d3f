package metrics

import (
	"context"
	"net/http"
	"time"
)

// Health answers /healthz and /readyz, as supervisors of containers and load balancers ask:
// 200 and "ok", or 503 and why not.
type Health struct {
	// Alive is nil while mcdnsd answers, Ready while what an earlier run saved has been read
	// too. An outage of the DNS servers is neither's business: names are served in it.
	Alive, Ready func(context.Context) error
}

// healthTime is less than those who ask wait for.
const healthTime = 900 * time.Millisecond

// ServeHTTP answers one of the two.
func (h Health) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), healthTime)
	defer cancel()
	is := h.Alive
	switch r.URL.Path {
	case "/healthz":
	case "/readyz":
		is = h.Ready
	default:
		http.NotFound(w, r)
		return
	}
	if err := is(ctx); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Write([]byte("ok\n"))
}
