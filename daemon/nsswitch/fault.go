package nsswitch

import (
	"fmt"
	"slices"
	"strings"
)

// A Fault is what is wrong with a hosts line, and what to do about it.
type Fault struct{ What, Remedy string }

func (f *Fault) String() string { return f.What + ": " + f.Remedy }

const enable = "mcdns nss enable"

// FaultOf is what keeps programs from what mcdnsd knows, or makes them worse off than
// without it; nil if nothing does. readsHosts says that mcdnsd answers from /etc/hosts.
func FaultOf(text string, readsHosts bool) *Fault {
	line := Hosts(text)
	if line == "" {
		return &Fault{path + " has no hosts line, so programs do not ask mcdns", "add \"hosts: files " + Service + " dns\""}
	}
	all := steps(line)
	at := slices.IndexFunc(all, func(s step) bool { return s.service == "mcdns" })
	if at < 0 {
		return &Fault{path + " does not name mcdns, so programs do not ask it", enable}
	}
	before, ours, behind := all[:at], all[at], all[at+1:]
	for _, s := range before {
		if f := faultBefore(s); f != nil {
			return f
		}
	}
	if has(behind, "files") && !readsHosts {
		return &Fault{"mcdns stands before files, and mcdnsd does not read /etc/hosts (hosts = no), so its names are not found", "put files before mcdns"}
	}
	return faultOfOurs(ours, behind)
}

// faultBefore is what is wrong with a service that is asked before mcdns.
func faultBefore(s step) *Fault {
	switch {
	case s.service == "dns", s.service == "resolve":
		return &Fault{"mcdns must stand before " + s.service, enable}
	case strings.HasPrefix(s.service, "mdns"): // is asked for .local, and says UNAVAIL of all else
		return nil
	case s.ends[notFound]:
		return &Fault{fmt.Sprintf("\"%s\" ends each lookup before mcdns is asked", s), "take the action behind " + s.service + " away"}
	}
	return nil
}

func faultOfOurs(ours step, behind []step) *Fault {
	remedy := fmt.Sprintf("write \"%s\"", Service)
	switch {
	case ours.ends[unavail] && len(behind) > 0:
		return &Fault{fmt.Sprintf("\"%s\" keeps programs from what stands behind it while mcdnsd does not run", ours), remedy}
	case !ours.ends[success]:
		return &Fault{fmt.Sprintf("\"%s\" throws away what mcdns finds", ours), remedy}
	case !ours.ends[tryAgain] && has(behind, "dns") && onlyDNS(behind):
		return &Fault{fmt.Sprintf("with \"%s\" dns is asked again for what mcdnsd cannot say, 20 s in an outage", ours), remedy}
	}
	return nil
}

func has(all []step, service string) bool {
	return slices.ContainsFunc(all, func(s step) bool { return s.service == service })
}

// onlyDNS reports whether mcdnsd stands in for all of them. Services of other kinds are
// to have every name that it does not find (Enable).
func onlyDNS(all []step) bool {
	return !slices.ContainsFunc(all, func(s step) bool { return !slices.Contains(stoodInFor, s.service) })
}
