package control

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// Reports is where the server has it all from.
type Reports interface {
	Status(context.Context) (Status, error)
	Peers(context.Context) (Peers, error)
	// Query looks a name or address up as the module would; types are numbers of
	// record types, none for addresses.
	Query(ctx context.Context, name string, types []uint16) (Answer, error)
	// Fresh is Query, but the servers are asked whatever is held.
	Fresh(ctx context.Context, name string, types []uint16) (Answer, error)
	// Cache lists what is held.
	Cache(context.Context, Listing) (CacheList, error)
	Drill(context.Context) (Drill, error)
	// Reach tries the ways to the peer of an id or address, to all for "".
	Reach(ctx context.Context, who string) (Reach, error)
}

// Page is a text and how it is made.
type Page struct {
	Type string // Content-Type
	Make func(context.Context) ([]byte, error)
}

// A member function tells root and the group mcdns from all others.
type memberFunc = func(context.Context) bool

// routes are what may be asked.
func (s *Socket) routes(source Reports, page Page, member memberFunc) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, r *http.Request) { s.write(w, r, page) })
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, r *http.Request) {
		s.answer(w, r, func(ctx context.Context) (any, error) { return source.Status(ctx) })
	})
	mux.HandleFunc("GET /peers", func(w http.ResponseWriter, r *http.Request) {
		s.answer(w, r, func(ctx context.Context) (any, error) { return source.Peers(ctx) })
	})
	mux.HandleFunc("GET /query", func(w http.ResponseWriter, r *http.Request) { s.query(w, r, source, member) })
	mux.HandleFunc("GET /cache", forMembers(member, private, func(w http.ResponseWriter, r *http.Request) {
		l, err := parseListing(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.answer(w, r, func(ctx context.Context) (any, error) { return source.Cache(ctx, l) })
	}))
	mux.HandleFunc("GET /drill", forMembers(member, private, func(w http.ResponseWriter, r *http.Request) {
		s.answer(w, r, func(ctx context.Context) (any, error) { return source.Drill(ctx) })
	}))
	mux.HandleFunc("GET /reach", forMembers(member, notForAll, func(w http.ResponseWriter, r *http.Request) {
		reach, err := source.Reach(r.Context(), r.FormValue("peer")) // takes seconds: in nobody's turn
		s.answer(w, r, func(context.Context) (any, error) { return reach, err })
	}))
	return mux
}

// forMembers keeps all others out.
func forMembers(member memberFunc, refuse func(http.ResponseWriter), next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if !member(r.Context()) {
			refuse(w)
			return
		}
		next(w, r)
	}
}

func (s *Socket) query(w http.ResponseWriter, r *http.Request, source Reports, member memberFunc) {
	types, err := parseTypes(r.FormValue("type"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	look, is := source.Query, member(r.Context())
	if r.FormValue("fresh") != "" {
		if look = source.Fresh; !is {
			notForAll(w)
			return
		}
	}
	a, err := look(r.Context(), r.FormValue("name"), types)
	if !is {
		a.withhold()
	}
	s.answer(w, r, func(context.Context) (any, error) { return a, err })
}

func parseTypes(s string) ([]uint16, error) {
	if s == "" {
		return nil, nil
	}
	var out []uint16
	for _, word := range strings.Split(s, ",") {
		n, err := strconv.ParseUint(word, 10, 16)
		if err != nil || n == 0 || len(out) == 8 {
			return nil, errors.New("type: up to 8 numbers of record types, as in 1,28")
		}
		out = append(out, uint16(n))
	}
	return out, nil
}
