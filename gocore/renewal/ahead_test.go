package renewal

import (
	"testing"
	"time"

	"mcdns/gocore/dns"
)

// nobody is a host that is not to be asked for anything.
type nobody struct{ Host }

func TestNothingIsFetchedAheadWhereThatIsOff(t *testing.T) {
	q := dns.Question{Name: "www.example.", Type: dns.TypeA}
	a, err := dns.ParseAnswer(q, 0, []string{"www.example. 60 IN A 203.0.113.7"})
	if err != nil {
		t.Fatal(err)
	}
	r := New(Config{Host: nobody{}})
	r.Configure(false)
	r.Ahead(time.Hour, a)
}
