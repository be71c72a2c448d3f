package control

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"mcdns/gocore/dns"
)

// MostHeld is how many answers are listed at most in one reply: some 4 MB.
const MostHeld = 10000

// Listing says which of the answers held are asked for, in the order of their names.
type Listing struct {
	// Name alone, "" for all.
	Name string
	// After is Held.Place of the last one that is known, "" for the beginning.
	After string
	// Limit is how many at most.
	Limit int
}

// Values are what a Listing is asked by.
func (l Listing) Values() url.Values {
	return url.Values{"name": {l.Name}, "after": {l.After}, "limit": {strconv.Itoa(l.Limit)}}
}

func parseListing(r *http.Request) (l Listing, err error) {
	l = Listing{Name: r.FormValue("name"), After: r.FormValue("after"), Limit: MostHeld}
	if l.Name != "" {
		q, err := dns.NewQuestion(l.Name, 1)
		if err != nil {
			return l, errors.New("name: this is no valid name")
		}
		l.Name = q.Name
	}
	if text := r.FormValue("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > MostHeld {
			return l, errors.New("limit: a number from 1 to " + strconv.Itoa(MostHeld))
		}
		l.Limit = n
	}
	return l, nil
}

// CacheList is some of what is held.
type CacheList struct {
	Schema string `json:"schema"`
	// Held counts all that is held; More says that there is more after these.
	Held    int    `json:"held"`
	More    bool   `json:"more"`
	Answers []Held `json:"answers"`
}

// Held is one answer.
type Held struct {
	Result
	// Place is where it stands among all (Listing.After).
	Place string `json:"place"`
	// Asked counts this host's queries for it.
	Asked uint32 `json:"asked"`
}

// Drill is what would be answered if the DNS servers died now.
type Drill struct {
	Schema string `json:"schema"`
	// OverS is how long ago the first of the questions was asked: a day at most.
	OverS float64 `json:"over_s"`
	// Names were asked for in that time; of those Held would be answered, Stale of them past
	// their TTL, and Lost would not.
	Names int `json:"names"`
	Held  int `json:"held"`
	Stale int `json:"stale"`
	Lost  int `json:"lost"`
	// Beyond counts questions that there was no room to remember.
	Beyond uint64 `json:"beyond"`
	// LostNames are at most a thousand of those.
	LostNames []string `json:"lost_names"`
}

// notForAll refuses who may only look.
func notForAll(w http.ResponseWriter) {
	http.Error(w, "it puts questions to others at once: it is for root and the group mcdns", http.StatusUnauthorized)
}

// private refuses who may not know what others looked up.
func private(w http.ResponseWriter) {
	http.Error(w, "what is held tells what others looked up: it is for root and the group mcdns", http.StatusUnauthorized)
}
