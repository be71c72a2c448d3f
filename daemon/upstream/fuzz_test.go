package upstream

import (
	"net"
	"testing"

	"mcdns/gocore/dns"
)

// FuzzReply feeds what a server, or somebody in its name, replies: by UDP, and as
// the bytes of a connection on which one question waits.
func FuzzReply(f *testing.F) {
	q, err := dns.NewQuestion("www.example", dns.TypeA)
	if err != nil {
		f.Fatal(err)
	}
	query := dns.AppendQuery(nil, q, 7, true)
	f.Add(query)
	f.Add(append([]byte{0, byte(len(query))}, query...))
	f.Fuzz(func(t *testing.T, b []byte) {
		dns.TakeLetters(query, append([]byte(nil), b...))
		if a, err := parse(q, 7, b); (a == nil) == (err == nil) {
			t.Fatalf("%x: got %v, %v", b, a, err)
		}
		ours, theirs := net.Pipe()
		go func() {
			theirs.Write(b)
			theirs.Close()
		}()
		c := newStream(ours)
		waits := &asking{replies: make(chan reply, 1)}
		c.asked = append(c.asked, waiter{7, waits})
		c.read()
		select {
		case r := <-waits.replies:
			if a, err := parseTCP(q, r.id, r.data); (a == nil) == (err == nil) {
				t.Fatalf("%x: got %v, %v", b, a, err)
			}
		default:
		}
	})
}
