// Package ownname knows the names of this host itself that need no server, as
// nss-myhostname(8) and nss-resolve(8) do: its hostname, _gateway, _outbound. Where
// one of those stands behind mcdns on the hosts line nobody asks it, for mcdnsd
// speaks for everybody who comes after.
package ownname

import (
	"net/netip"
	"strings"

	"mcdns/daemon/hosts"
	"mcdns/daemon/links"
)

const (
	gateway  = "_gateway"
	outbound = "_outbound"
	// without stands for the hostname of a machine that has no address.
	without4, without6 = "127.0.0.2", "::1"
)

// Machine is what this package asks of the machine.
type Machine struct {
	Hostname   func() (string, error)
	Interfaces func() []links.Interface
	// Way is how what is sent to the Internet leaves by IPv4 or IPv6: the zero Way
	// where it does not.
	Way func(v6 bool) links.Way
}

// About returns what the machine says about a name as a program wrote it, nil if
// the name is none of its own.
func (m *Machine) About(name string) *hosts.Table {
	switch name = strings.TrimSuffix(name, "."); name {
	case "localhost.localdomain":
		return table("localhost "+name, "127.0.0.1", "::1")
	case gateway:
		return table(gateway, m.ways(func(w links.Way) netip.Addr { return w.Gateway })...)
	case outbound:
		return table(outbound, m.ways(func(w links.Way) netip.Addr { return w.Source })...)
	}
	if hostname := m.hostname(); hostname != "" && strings.EqualFold(name, hostname) {
		return table(hostname, m.addresses()...)
	}
	return nil
}

// AboutAddress returns what the machine says about an address, nil if it is none of
// its own and not that of a gateway.
func (m *Machine) AboutAddress(a netip.Addr) *hosts.Table {
	a = a.Unmap().WithZone("")
	text := a.String()
	own, near := m.place(a)
	switch {
	case a.IsLoopback() && text != without4:
		return table("localhost", text)
	case own || text == without4:
		if hostname := m.hostname(); hostname != "" {
			return table(hostname, text)
		}
	case near && m.Way(a.Is6()).Gateway.WithZone("") == a:
		return table(gateway, text)
	}
	return nil
}

func (m *Machine) hostname() string {
	name, err := m.Hostname()
	if err != nil {
		return ""
	}
	return name
}

// addresses are those of all interfaces, link-local ones last.
func (m *Machine) addresses() (all []string) {
	var local []string
	for _, i := range m.Interfaces() {
		for _, a := range i.Addrs {
			switch {
			case a.Addr().IsLoopback() || a.Tentative:
			case a.Addr().IsLinkLocalUnicast():
				local = append(local, links.Zoned(a.Addr(), i.Index).String())
			default:
				all = append(all, a.Addr().String())
			}
		}
	}
	if all = append(all, local...); len(all) == 0 {
		return []string{without4, without6}
	}
	return all
}

// place reports whether an address is one of this machine's, or near: on a network
// that the machine is on, as its gateways are.
func (m *Machine) place(addr netip.Addr) (own, near bool) {
	for _, i := range m.Interfaces() {
		for _, a := range i.Addrs {
			own = own || a.Addr() == addr
			near = near || a.Contains(addr)
		}
	}
	return own, near
}

func (m *Machine) ways(of func(links.Way) netip.Addr) (all []string) {
	for _, v6 := range []bool{false, true} {
		if a := of(m.Way(v6)); a.IsValid() {
			all = append(all, a.String())
		}
	}
	return all
}

// table says of names what a line of the hosts file for each address would; nil if
// there is no address.
func table(names string, addrs ...string) *hosts.Table {
	if len(addrs) == 0 {
		return nil
	}
	return hosts.Parse(strings.Join(addrs, " "+names+"\n") + " " + names)
}
