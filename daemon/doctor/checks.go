package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"mcdns/daemon/control"
)

// checks are all of them. A number is never given twice.
var checks = []check{
	{1, "daemon", daemonRuns},
	{2, "version", ofBoth(sameVersion)},
	{3, "unit", unitIsUp},
	{4, "socket", socketAnswers},
	{5, "nsswitch", hostsLine},
	{6, "module", moduleIsThere},
	{7, "module-mode", moduleIsReadable},
	{8, "nscd", nothingCachesBefore},
	{9, "resolv.conf", resolvConf},
	{10, "resolv.conf-mode", resolvConfIsReadable},
	{11, "upstream", daemon(upstreamAnswers)},
	{12, "servers", daemon(eachServerAnswers)},
	{13, "cut-off", daemon(notCutOff)},
	{14, "key", daemon(trouble(control.KeyRefused, "the group's key and port can be used"))},
	{15, "key-unused", daemon(trouble(control.KeyUnused, "no key lies unused"))},
	{16, "solo", daemon(isInAGroup)},
	{17, "isolated", daemon(trouble(control.LongIsolated, "the group is not silent"))},
	{18, "firewall-out", daemon(trouble(control.Unsent, "datagrams to the group are let out"))},
	{19, "firewall-tcp", daemon(trouble(control.TCPBlocked, "no stream to a peer is blocked"))},
	{20, "multicast", daemon(everybodyHears)},
	{21, "interfaces", daemon(hasInterface)},
	{22, "other-key", daemon(noOtherKey)},
	{23, "other-version", daemon(noOtherVersion)},
	{24, "peers-versions", peersAreOfOneVersion},
	{25, "contradicted", nobodyIsContradicted},
	{26, "saved", daemon(trouble(control.Unsaved, "what is held is saved"))},
	{27, "saving-off", daemon(savingIsOn)},
	{28, "disk-room", diskHasRoom},
	{29, "disk-hangs", daemon(trouble(control.Unread, "the machine's files can be read"))},
	{30, "configuration", daemon(configurationIsRight)},
	{31, "cache-room", daemon(cacheHasRoom)},
	{32, "lookups", daemon(lookupsSucceed)},
	{33, "flood", daemon(noFlood)},
	{34, "untold", daemon(allIsTold)},
	{35, "internal", daemon(noInternalErrors)},
	{36, "namespaces", daemon(namespacesAreKnown)},
	{37, "neighbours", neighbourTable},
	{38, "clock", clockIsRight},
	{39, "mtu", longEnough},
	{40, "rp-filter", nothingIsFiltered},
	{41, "denied", nobodyIsDenied},
}

func daemonRuns(f *Facts) found {
	if f.Status == nil {
		return fails(f.Silence, "programs go on to dns, and an outage of it is theirs", f.Hint)
	}
	return well(fmt.Sprintf("mcdnsd %s runs", f.Status.Version))
}

// ofBoth is a check of what mcdnsd says beside other facts.
func ofBoth(look func(*Facts) found) func(*Facts) found {
	return func(f *Facts) found {
		if f.Status == nil {
			return unknown("mcdnsd does not say")
		}
		return look(f)
	}
}

func sameVersion(f *Facts) found {
	if f.Version != f.Status.Version {
		return worrying(fmt.Sprintf("mcdns is %s, mcdnsd is %s", f.Version, f.Status.Version),
			"an upgrade has not reached the daemon that runs", "systemctl restart mcdnsd")
	}
	return well("mcdns and mcdnsd are of one version")
}

func unitIsUp(f *Facts) found {
	if f.Run == nil {
		return unknown("systemctl was not asked")
	}
	text, err := f.Run("systemctl", "is-failed", "mcdnsd.service", "mcdnsd.socket")
	switch words := strings.Fields(text); {
	case slices.Contains(words, "failed"):
		return fails("systemd gave mcdnsd up: "+strings.Join(words, ", "), "it does not start again by itself for five minutes",
			"systemctl reset-failed mcdnsd.service mcdnsd.socket; systemctl start mcdnsd.socket mcdnsd.service; why: journalctl -u mcdnsd")
	case len(words) == 0:
		return unknown(fmt.Sprintf("systemctl does not say (%v)", err))
	}
	if text, _ := f.Run("systemctl", "is-enabled", "mcdnsd.socket"); strings.TrimSpace(text) == "disabled" {
		return worrying("mcdnsd.socket is disabled", "after a boot nobody listens for programs", "systemctl enable --now mcdnsd.socket mcdnsd.service")
	}
	return well("systemd has mcdnsd up")
}

func socketAnswers(f *Facts) found {
	const next = "systemctl restart mcdnsd.socket mcdnsd.service"
	st, err := os.Stat(f.NSSSocket)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fails(f.NSSSocket+" is not there", "programs cannot ask mcdnsd, and go on to dns", next)
	case err != nil:
		return unknown(err.Error())
	case st.Mode().Perm()&0o666 != 0o666:
		return fails(fmt.Sprintf("%s has mode %04o", f.NSSSocket, st.Mode().Perm()), "programs of other users cannot ask mcdnsd (mode 0666)", next)
	}
	if err := knocks(f.NSSSocket); err != nil {
		return fails(fmt.Sprintf("%s: %v", f.NSSSocket, err), "programs cannot ask mcdnsd, and go on to dns", next)
	}
	return well(f.NSSSocket + " takes programs")
}

func hostsLine(f *Facts) found {
	if fault := f.Wiring.OfLine; fault != nil {
		return fails(fault.What, "programs look names up without mcdns, or worse than without it", fault.Remedy)
	}
	return well(f.Wiring.Line)
}

func moduleIsThere(f *Facts) found {
	if fault := f.Wiring.OfModule; fault != nil {
		return fails(fault.What, "glibc skips the word mcdns on the hosts line", fault.Remedy)
	}
	if f.Wiring.Module == "" {
		return unknown("nsswitch.conf cannot be read")
	}
	return well(f.Wiring.Module)
}

func moduleIsReadable(f *Facts) found {
	if f.Wiring.Module == "" {
		return unknown("there is no module")
	}
	return readable(f, strings.TrimPrefix(f.Wiring.Module, f.Root), "programs of other users cannot load it")
}

func readable(f *Facts, path, why string) found {
	st, err := f.stat(path)
	if err != nil {
		return unknown(err.Error())
	}
	if st.Mode().Perm()&0o444 != 0o444 {
		return fails(fmt.Sprintf("%s has mode %04o", path, st.Mode().Perm()), why, "chmod a+r "+path)
	}
	return well("every user can read " + path)
}

// nothingCachesBefore: programs ask nscd first where its socket is, and it keeps denials
// and addresses by itself.
func nothingCachesBefore(f *Facts) found {
	if _, err := f.stat("/run/nscd/socket"); err != nil {
		return well("no nscd runs")
	}
	text, err := f.read("/etc/nscd.conf")
	if err != nil {
		return unknown("nscd runs, and /etc/nscd.conf cannot be read")
	}
	for line := range strings.Lines(text) {
		if words := strings.Fields(line); len(words) == 3 && words[0] == "enable-cache" && words[1] == "hosts" && words[2] == "no" {
			return well("nscd runs, and leaves hosts alone")
		}
	}
	return worrying("nscd caches hosts", "it keeps \"no such name\" of an outage, and answers in place of mcdnsd", "write \"enable-cache hosts no\" into /etc/nscd.conf; systemctl restart nscd")
}

// maxServers is what glibc reads of resolv.conf (MAXNS).
const maxServers = 3

func resolvConf(f *Facts) found {
	const path = "/etc/resolv.conf"
	servers, err := f.nameservers()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fails(path+" is missing", "programs and mcdnsd ask 127.0.0.1 then", "write \"nameserver ADDRESS\" into it, or see to what makes it (NetworkManager, resolvconf)")
	case err != nil:
		return unknown(err.Error())
	case len(servers) == 0:
		return fails(path+" names no server", "programs and mcdnsd ask 127.0.0.1 then", "write \"nameserver ADDRESS\" into it, or see to what makes it (NetworkManager, resolvconf)")
	case len(servers) > maxServers:
		return worrying(fmt.Sprintf("%s names %d servers", path, len(servers)), "glibc and mcdnsd ask the first three alone", "put those that are to be asked first, or name up to eight in servers.servers of mcdnsd.conf(5)")
	}
	return well(path + " names " + strings.Join(servers, " "))
}

func resolvConfIsReadable(f *Facts) found {
	return readable(f, "/etc/resolv.conf", "programs of other users take it for missing")
}

func upstreamAnswers(s *control.Status) found {
	switch s.Upstream {
	case control.Down:
		return fails(fmt.Sprintf("no DNS server has answered for %.0f s", s.UpstreamS), "names are served from what is held, and new ones fail", "see to the DNS servers and the path to them: ping, mcdns status; what would be lost: mcdns drill")
	case control.Suspect:
		if !slices.ContainsFunc(s.Servers, func(s control.Server) bool { return s.LastSuccessS != nil || s.LastFailureS != nil }) {
			return unknown("no DNS server was asked yet: mcdns query NAME does")
		}
		return worrying("no DNS server has answered yet, or the last one that did fell silent", "lookups wait for a second then", "ask again in a minute; mcdns query NAME")
	}
	return well("DNS servers answer")
}

func eachServerAnswers(s *control.Status) found {
	var down []string
	for _, server := range s.Servers {
		if server.State == control.Down {
			down = append(down, server.Addr)
		}
	}
	if len(down) > 0 {
		return worrying("down: "+strings.Join(down, " "), "what is left of the servers bears all questions", "see to them, or take them out of resolv.conf or mcdnsd.conf(5)")
	}
	if len(s.Servers) == 0 {
		return fails("there is no DNS server to ask", "no new name can be found", "/etc/resolv.conf, or servers.servers in mcdnsd.conf(5)")
	}
	return well(fmt.Sprintf("none of %d is down", len(s.Servers)))
}

func notCutOff(s *control.Status) found {
	for _, server := range s.Servers {
		if server.CutOff {
			return worrying("peers reach "+server.Addr+", this host does not", "it asks by way of a peer, which takes longer", "a filter or a route on this host or its port: traceroute, nft list ruleset")
		}
	}
	return well("this host reaches what its peers reach")
}

// trouble is a check of what mcdnsd itself judges (report.troubles).
func trouble(kind control.TroubleKind, otherwise string) func(*control.Status) found {
	why := map[control.TroubleKind]string{
		control.KeyRefused:   "nothing is shared: in an outage this host has its own memory alone",
		control.KeyUnused:    "nothing is shared: in an outage this host has its own memory alone",
		control.LongIsolated: "in an outage this host has its own memory alone",
		control.Unsent:       "nobody learns from this host, nor answers it",
		control.TCPBlocked:   "after a start it lacks what was told before",
		control.Unsaved:      "what is held is lost with the next restart",
		control.Unread:       "whether programs get to mcdnsd is not known",
	}[kind]
	return func(s *control.Status) found {
		for _, t := range s.Troubles {
			if t.Kind == kind {
				return fails(t.What, why, t.Remedy)
			}
		}
		return well(otherwise)
	}
}

func isInAGroup(s *control.Status) found {
	if s.Group.State == control.Solo && s.Group.Problem == "" {
		return worrying("there is no key", "nothing is shared: in an outage this host has its own memory alone", "mcdns key generate on one host; on others copy it: mcdnsd(8), KEYS")
	}
	return well("this host has a key")
}

func everybodyHears(s *control.Status) found {
	if n := s.Group.Deaf; n > 0 {
		return worrying(fmt.Sprintf("%d of %d peers do not hear this host's multicast", n, s.Group.Peers), "each is sent unicast, which costs as much again",
			"a switch that snoops IGMP or MLD without a querier: enable one for this VLAN; which peers: mcdns peers")
	}
	return well("no peer is known that does not hear this host")
}

func hasInterface(s *control.Status) found {
	if s.Group.State != control.Solo && len(s.Group.Interfaces) == 0 {
		return fails("no interface to share on", "nobody can be heard", "ip link; group.interfaces in mcdnsd.conf(5)")
	}
	return well(fmt.Sprintf("shares on %s", strings.Join(s.Group.Interfaces, " ")))
}

func noOtherKey(s *control.Status) found {
	if s.Counters["datagrams_foreign"] > 0 {
		return worrying("another group key is in use on this link", "its hosts share nothing with this one; or somebody plays", "mcdns key show-id on each host; who sends it is in the log")
	}
	return well("no other group key was heard")
}

func noOtherVersion(s *control.Status) found {
	if s.Counters["datagrams_version"] > 0 {
		return worrying("another version of the protocol is in use on this link", "its hosts share nothing with this one; or somebody plays", "upgrade mcdns on all hosts; who sends it is in the log")
	}
	return well("no other version of the protocol was heard")
}

func peersAreOfOneVersion(f *Facts) found {
	if f.Peers == nil || f.Status == nil {
		return unknown("mcdnsd does not say")
	}
	var others []string
	for _, p := range f.Peers.Peers {
		if p.Version != "" && p.Version != f.Status.Version { // its first HELLO says it
			others = append(others, fmt.Sprintf("%s (%s)", p.Addr, p.Version))
		}
	}
	if len(others) > 0 {
		return worrying("peers of other versions: "+strings.Join(others, ", "), "they share, but the older ones lack what was mended", "upgrade mcdns on them")
	}
	return well("all peers are of this version")
}

func nobodyIsContradicted(f *Facts) found {
	if f.Peers == nil {
		return unknown("mcdnsd does not say")
	}
	for _, p := range f.Peers.Peers {
		if p.Contradicted > 9 && p.Contradicted*10 > p.Told {
			return worrying(fmt.Sprintf("DNS servers contradicted %d of %d answers of %s", p.Contradicted, p.Told, p.Addr),
				"it asks other servers than this host, or it lies", "compare its resolv.conf; is it yours, and sound? sharing.local_only in mcdnsd.conf(5)")
		}
	}
	return well("no peer is contradicted by DNS servers")
}

func savingIsOn(s *control.Status) found {
	if s.Saved.State == control.SavingOff {
		return worrying("cache.save is no", "what is held is lost with the next restart", "take \"save = no\" out of mcdnsd.conf(5), unless it is wanted")
	}
	return well("saving is on")
}

// roomWanted is what a log of answers may take at once beside the old one.
const roomWanted = 32 << 20

func diskHasRoom(f *Facts) found {
	const path = "/var/lib/mcdns"
	free, known := f.room(path)
	if !known {
		return unknown(path + " cannot be looked at")
	}
	if free < roomWanted {
		return worrying(fmt.Sprintf("%d MiB are left for %s", free>>20, path), "what is held cannot be saved when it is full", "make room: du -x /var")
	}
	return well(fmt.Sprintf("%d MiB are left for %s", free>>20, path))
}

func configurationIsRight(s *control.Status) found {
	if n := len(s.Warnings); n > 0 {
		return worrying(s.Warnings[0], fmt.Sprintf("what is wrong is left out (%d in all)", n), "mcdns config check")
	}
	return well("the configuration has no mistakes")
}

func cacheHasRoom(s *control.Status) found {
	if c := s.Cache; c.Limit > 0 && c.Bytes > c.Limit/10*9 {
		return worrying(fmt.Sprintf("the cache is full: %d of %d MiB", c.Bytes>>20, c.Limit>>20), "what is used least goes, and would be missing in an outage", "raise cache.size in mcdnsd.conf(5)")
	}
	return well("the cache has room")
}

func lookupsSucceed(s *control.Status) found {
	failed, all := s.Counters["lookups_failed"], uint64(0)
	for name, n := range s.Counters {
		if strings.HasPrefix(name, "lookups_") {
			all += n
		}
	}
	if all >= 100 && failed*20 > all {
		return worrying(fmt.Sprintf("%d of %d lookups failed", failed, all), "more than one in twenty", "mcdns query NAME for one that fails; mcdns status")
	}
	return well(fmt.Sprintf("%d of %d lookups failed", failed, all))
}

func noFlood(s *control.Status) found {
	if n := s.Counters["datagrams_flood"] + s.Counters["datagrams_forged"]; n > 1000 {
		return worrying(fmt.Sprintf("%d forged datagrams were dropped", n), "somebody on the link sends junk to the group's port", "find him: tcpdump -ni any udp port "+fmt.Sprint(s.Group.Port))
	}
	return well("no flood of forged datagrams")
}

func allIsTold(s *control.Status) found {
	if n := s.Counters["answers_untold"]; n > 0 {
		return worrying(fmt.Sprintf("%d answers were not told: too many at once", n), "peers that lack them ask for them later", "nothing, unless it grows: mcdns stats")
	}
	return well("all answers were told")
}

func noInternalErrors(s *control.Status) found {
	if n := s.Counters["internal_errors"]; n > 0 {
		return fails(fmt.Sprintf("%d internal errors", n), "mcdnsd bore an input that it should have refused", "journalctl -u mcdnsd, and report what it says")
	}
	return well("no internal error")
}

func namespacesAreKnown(s *control.Status) found {
	if s.Namespaces == control.UnknownNamespaces {
		return worrying("programs of all network namespaces are answered", "Linux before 5.14 does not tell them apart", "a newer kernel, where containers share /run/mcdns")
	}
	return well("programs are told apart by their network namespace")
}

func neighbourTable(f *Facts) found {
	if f.Status == nil {
		return unknown("mcdnsd does not say")
	}
	most, known := f.number("/proc/sys/net/ipv4/neigh/default/gc_thresh3")
	switch {
	case !known:
		return unknown("the kernel's neighbour table cannot be looked at")
	case f.Status.Group.Peers*2 > most:
		return worrying(fmt.Sprintf("%d peers, and room for %d neighbours", f.Status.Group.Peers, most), "every host speaks with every other by unicast once", "sysctl net.ipv4.neigh.default.gc_thresh3=8192, and the same for ipv6")
	}
	return well(fmt.Sprintf("the kernel has room for %d neighbours", most))
}

func clockIsRight(f *Facts) found {
	if f.Now.Before(f.Built) {
		return worrying("the clock says "+f.Now.UTC().Format("2006-01-02 15:04"), "mcdns is younger than that: certificates of DNS over TLS do not hold, and saved answers count as old", "timedatectl; chronyc makestep")
	}
	return well("the clock is later than mcdns")
}
