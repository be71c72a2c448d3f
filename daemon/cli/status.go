package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"mcdns/daemon/control"
)

func (e *env) statusCommand() *cobra.Command {
	return &cobra.Command{
		Use: "status", Short: "Show how this host and its group are doing",
		Long: "Show how this host and its group are doing.\n\nExit code: 0, 4 while the DNS servers are down, 3 without mcdnsd. For a monitor: mcdns check.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var s control.Status
			printed, err := e.get(cmd.Context(), "/status", nil, &s)
			if err != nil {
				return err
			}
			if !printed {
				e.showStatus(&s)
			}
			if s.Upstream == control.Down {
				return quiet(exitDegraded)
			}
			return nil
		},
	}
}

func (e *env) showStatus(s *control.Status) {
	w := e.out
	fmt.Fprintf(w, "%s mcdns %s on %s: upstream %s for %s, %s\n", glyph("●", "*"),
		plain(s.Version), plain(s.Host), plain(s.Upstream), ago(s.UpstreamS), groupWords(s.Group.State, s.Group.Peers))
	line := func(label, format string, args ...any) {
		fmt.Fprintf(w, "%13s %s\n", label, plain(fmt.Sprintf(format, args...)))
	}
	for i, server := range s.Servers {
		label := ""
		if i == 0 {
			label = "DNS servers:"
		}
		fmt.Fprintf(w, "%13s %s %s\n", label, e.serverMark(server.State), plain(serverLine(server)))
	}
	line("Group:", "%s", groupLine(&s.Group))
	line("Cache:", "%s, %d of them past their TTL, %d negative; %s of %s", count(s.Cache.Entries, "answer"),
		s.Cache.Stale, s.Cache.Negative, size(s.Cache.Bytes), size(s.Cache.Limit))
	line("Lookups:", "%s", lookupsLine(s.Counters))
	if o := s.Outage; o != nil {
		line(outageLine(o))
	}
	if text := droppedLine(s.Counters); text != "" {
		line("Dropped:", "%s", text)
	}
	for _, what := range []struct{ key, word string }{{"foreign", "group key"}, {"version", "version of mcdns"}} {
		// Anybody on the link can send such a datagram: it is no warning.
		if n := s.Counters["datagrams_"+what.key]; n > 0 {
			line("Note:", "another %s is in use on this link: %s since mcdnsd started", what.word, count(int(n), "datagram"))
		}
	}
	if n := s.Counters["answers_untold"]; n > 0 {
		line("Untold:", "%d answers: too many at once to tell the group", n)
	}
	line("NSS:", "%s", nssLine(&s.NSS))
	if text := namespacesLine(s.Namespaces); text != "" {
		line("Namespaces:", "%s", text)
	}
	line("Running:", "%s", ago(s.UptimeS))
	for _, t := range s.Troubles {
		fmt.Fprintf(w, "%s %s\n", e.red("     Problem:"), plain(strings.ReplaceAll(t.What, "\n", "; ")))
		line("", "-> %s", t.Remedy)
	}
	for _, warning := range s.Warnings {
		fmt.Fprintf(w, "%s %s\n", e.yellow("     Warning:"), plain(warning))
	}
}

// nssLine is the machine's hosts line, and its age where the disk hangs.
func nssLine(n *control.NSS) string {
	if n.AgeS == nil {
		return "not read yet"
	}
	text := fallback(n.Line, "no hosts line")
	if *n.AgeS >= 5 {
		text += fmt.Sprintf(" (read %s ago)", ago(*n.AgeS))
	}
	return text
}

// namespacesLine says which programs beside those of this network namespace are
// answered, "" for none.
func namespacesLine(namespaces control.Namespaces) string {
	switch namespaces {
	case control.AllNamespaces:
		return "programs of all network namespaces are answered (programs.beyond)"
	case control.UnknownNamespaces:
		return "programs of all network namespaces are answered: Linux before 5.14 does not tell them apart"
	}
	return ""
}

func (e *env) serverMark(s control.State) string {
	switch s {
	case control.Up:
		return e.green(glyph("✓", "+"))
	case control.Down:
		return e.red(glyph("✗", "-"))
	}
	return "?"
}

func serverLine(s control.Server) string {
	text := fmt.Sprintf("%s %s", s.Addr, serverState(s))
	switch {
	case s.Fallback:
		text += " (fallback)"
	case s.Domain != "":
		text += fmt.Sprintf(" (for %s alone)", s.Domain)
	}
	return text
}

func serverState(s control.Server) string {
	if s.State == control.Suspect && s.LastSuccessS == nil && s.LastFailureS == nil {
		return "not asked yet"
	}
	text := string(s.State)
	if s.CutOff {
		text += ": cut off, peers reach it"
	}
	if s.LastSuccessS == nil {
		text += ", no answer yet"
	} else {
		text += ", last answer " + ago(*s.LastSuccessS) + " ago"
	}
	if s.LastFailureS != nil {
		text += ", last failure " + ago(*s.LastFailureS) + " ago"
	}
	return text
}

// groupWords are "4 peers", "isolated" or "solo".
func groupWords(state control.GroupState, peers int) string {
	if state == control.WithPeers {
		return count(peers, "peer")
	}
	return plain(string(state))
}

func groupLine(g *control.Group) string {
	if g.State == control.Solo {
		if g.Problem != "" {
			return "solo: nothing is shared"
		}
		return fmt.Sprintf("solo: no %s, so nothing is shared and nobody is believed (%s makes one)", g.KeyFile, makeKey(g.KeyFile))
	}
	on := strings.Join(g.Interfaces, " ")
	if on == "" {
		on = "no interface"
	}
	state := groupWords(g.State, g.Peers)
	if g.State == control.Isolated {
		state += " for " + ago(g.StateS)
	}
	if g.Deaf > 0 {
		state += fmt.Sprintf(" (%d do not hear this host)", g.Deaf)
	}
	return fmt.Sprintf("%s at %s and %s port %d on %s, key %s",
		state, g.IPv4, g.IPv6, g.Port, on, strings.Join(g.KeyIDs, " "))
}

// lookups are those of programs, by any source.
func lookups(c map[string]uint64) uint64 {
	return c["lookups_cache"] + c["lookups_peer"] + c["lookups_server"] + c["lookups_stale"] + c["lookups_failed"] + c["lookups_here"]
}

func lookupsLine(c map[string]uint64) string {
	cache, peer, server := c["lookups_cache"], c["lookups_peer"], c["lookups_server"]
	stale, failed := c["lookups_stale"], c["lookups_failed"]
	text := fmt.Sprintf("%d: %d from the cache, %d from peers, %d from DNS servers, %d stale, %d failed",
		lookups(c), cache, peer, server, stale, failed)
	if here := c["lookups_here"]; here > 0 {
		text += fmt.Sprintf(", %d of names that stay here", here)
	}
	return text
}

// outageLine is what the outage that is, or the last one, cost.
func outageLine(o *control.Outage) (label, format, text string) {
	label, text = "Outage:", ago(o.LastedS)+" so far: "
	if o.OverS != nil {
		label, text = "Last outage:", fmt.Sprintf("%s, over since %s: ", ago(o.LastedS), ago(*o.OverS))
	}
	text += fmt.Sprintf("%d lookups answered from this host's memory, %d from peers", o.Own, o.Peers)
	if o.Servers > 0 {
		text += fmt.Sprintf(", %d from fallback servers", o.Servers)
	}
	return label, "%s", text + fmt.Sprintf("; %d failed", o.Failed)
}

// droppedLine is what a flood or an attack shows in, "" if there was none.
func droppedLine(c map[string]uint64) string {
	total, kinds := uint64(0), []string{}
	for _, kind := range []struct{ key, word string }{
		{"flood", "flood"}, {"forged", "forged"}, {"malformed", "malformed"},
		{"repeated", "repeated"}, {"off_link", "off-link"}, {"stray", "stray"},
	} {
		if n := c["datagrams_"+kind.key]; n > 0 {
			total += n
			kinds = append(kinds, fmt.Sprintf("%d %s", n, kind.word))
		}
	}
	if total == 0 {
		return ""
	}
	return fmt.Sprintf("%d datagrams: %s", total, strings.Join(kinds, ", "))
}
