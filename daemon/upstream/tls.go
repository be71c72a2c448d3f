package upstream

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"time"

	"mcdns/gocore/dns"
)

// TLS says whether servers are asked by DNS over TLS (RFC 7858).
type TLS struct {
	Mode TLSMode
	// Names are the names that servers' certificates must bear in strict mode;
	// without one it is the server's address.
	Names map[netip.Addr]string
	// Verified are servers that are asked in strict mode, whatever Mode is, by the names
	// that their certificates must bear.
	Verified map[netip.AddrPort]string
	// Log is told, once in a quarter of an hour for each server, why it cannot be
	// asked in strict mode; nil: nobody is.
	Log *slog.Logger
	// Config is what tests put in place of the system's certificates.
	Config *tls.Config
}

// TLSMode is the privacy profile of RFC 8310.
type TLSMode uint8

const (
	// TLSOff: UDP and TCP.
	TLSOff TLSMode = iota
	// TLSOpportunistic: TLS where a server has it, whoever that is: nobody can
	// listen in who does not also forge.
	TLSOpportunistic
	// TLSStrict: TLS with a verified certificate, or no answer.
	TLSStrict
)

// of is the mode for a server.
func (t *TLS) of(server netip.AddrPort) TLSMode {
	if t.Verified[server] != "" {
		return TLSStrict
	}
	return t.Mode
}

// name is what a server's certificate must bear in strict mode.
func (t *TLS) name(server netip.AddrPort) string {
	addr := server.Addr().WithZone("")
	return cmp.Or(t.Verified[server], t.Names[addr], addr.String())
}

// secured are the connections made as one setting wants them. None is used under
// another: its server may not have proved who it is.
type secured struct {
	TLS
	streams
}

// SetTLS changes how servers are asked from the next question on. Connections are
// kept if nothing is new but the log.
func (c *Client) SetTLS(t TLS) {
	before := c.tls.Load()
	if before != nil && before.Mode == t.Mode && before.Config == t.Config && maps.Equal(before.Names, t.Names) && maps.Equal(before.Verified, t.Verified) {
		return
	}
	next := &secured{TLS: t}
	next.dial = func(ctx context.Context, server netip.AddrPort) (net.Conn, error) {
		return c.dialTLS(ctx, t, server)
	}
	c.tls.Store(next)
	if before != nil {
		before.close()
	}
}

// tlsPort is where servers that answer at port 53 speak TLS (RFC 7858 section
// 3.1); others do at the port that was named.
const tlsPort = 853

// dialTLS opens a connection to a server and shakes hands.
func (c *Client) dialTLS(ctx context.Context, t TLS, server netip.AddrPort) (net.Conn, error) {
	conf := &tls.Config{}
	if t.Config != nil {
		conf = t.Config.Clone()
	}
	conf.MinVersion = tls.VersionTLS12
	conf.ServerName = t.name(server)
	conf.InsecureSkipVerify = t.of(server) != TLSStrict
	port := server.Port()
	if port == 53 {
		port = tlsPort
	}
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 5 * time.Second}, Config: conf}
	conn, err := d.DialContext(ctx, "tcp", netip.AddrPortFrom(server.Addr(), port).String())
	if err != nil && t.of(server) == TLSStrict && t.Log != nil && c.learnt.sayTLS(server, c.now()) {
		t.Log.Error("no TLS connection to a DNS server, and it is not to be asked otherwise",
			"server", server.String(), "name", conf.ServerName, "problem", err)
	}
	return conn, err
}

// overTLS asks by TLS where the administrator wants it and the server has it.
type overTLS struct{ *Client }

func (t overTLS) reach(server netip.AddrPort, _ bool) way {
	s := t.secured(server)
	if s == nil {
		return nil
	}
	return func(ctx context.Context, q dns.Question) (*dns.Answer, error) {
		answer, err := t.overStreams(ctx, &s.streams, server, q, t.wantsEDNS(server, q))
		if errors.Is(err, errNoAnswer) && s.of(server) != TLSStrict { // it shakes hands and hangs up
			t.learnt.lacksTLS(server, t.now())
			return nil, errOtherWay
		}
		return answer, err
	}
}

// secured returns the connections to ask by TLS over, nil if that is not to be.
// Opportunistic, the first connection is made beside questions that go by UDP: a
// port that swallows packets must not cost a lookup its time.
func (c *Client) secured(server netip.AddrPort) *secured {
	t := c.tls.Load()
	if t == nil || t.of(server) == TLSOff {
		return nil
	}
	if server.Addr().IsLoopback() && t.Config == nil && t.Verified[server] == "" {
		return nil // a stub on this host
	}
	if t.of(server) == TLSStrict || t.kept(server) != nil {
		return t
	}
	if c.learnt.tryTLS(server, c.now()) {
		c.group.Go(func() {
			ctx, cancel := context.WithTimeout(c.ctx, 5*time.Second)
			defer cancel()
			conn, err := t.dial(ctx, server)
			if err != nil {
				return
			}
			c.learnt.hasTLS(server) // before questions go there: they may find that it is of no use
			if !t.keep(server, newStream(conn)) {
				conn.Close()
			}
		})
	}
	return nil
}
