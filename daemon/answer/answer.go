// Package answer says in words what a lookup came to, where the answer is from, and what
// asking the servers anew changed.
package answer

import (
	"fmt"
	"io"
	"strings"

	"mcdns/daemon/control"
	"mcdns/daemon/text"
)

// Show prints an answer: the values, or whole records.
func Show(w io.Writer, a *control.Answer, records bool) {
	label := text.Plain(a.Name) + ": "
	for _, value := range valuesOf(a, records) {
		fmt.Fprintf(w, "%s%s\n", label, text.Plain(value))
		label = strings.Repeat(" ", len(label))
	}
	if a.Status != control.Found {
		fmt.Fprintf(w, "%s%s\n", label, explain(a))
	}
	fmt.Fprintln(w)
	for _, r := range a.Results {
		if line := Provenance(&r); line != "" {
			fmt.Fprintf(w, "-- %s\n", text.Plain(line))
		}
		if r.Renewed != nil {
			fmt.Fprintf(w, "-- %s: %s\n", text.Plain(r.Type), text.Plain(changeWords(r.Renewed, records)))
		}
	}
	if a.Withheld {
		fmt.Fprintln(w, "-- who gave it, and when, is for root and the group mcdns (sudo mcdns query)")
	}
	if a.DurationMS < 1 {
		fmt.Fprintf(w, "-- %.2fms\n", a.DurationMS)
	} else {
		fmt.Fprintf(w, "-- %.1fms\n", a.DurationMS)
	}
}

// changeWords say what asking anew changed.
func changeWords(r *control.Renewed, records bool) string {
	line := string(r.Change)
	if r.WasKind == "" {
		return line
	}
	was := string(r.WasKind)
	if values := r.WasValues; r.WasKind == control.Positive {
		if records {
			values = r.WasRecords
		}
		was = strings.ReplaceAll(strings.Join(values, ", "), "\t", " ")
	}
	return fmt.Sprintf("%s: what was held for %s was %s", line, text.Ago(r.WasAgeS), was)
}

func valuesOf(a *control.Answer, records bool) (out []string) {
	for _, r := range a.Results {
		switch {
		case records && r.Kind == control.Positive:
			for _, record := range r.Records {
				out = append(out, strings.ReplaceAll(record, "\t", " "))
			}
		case !records:
			out = append(out, r.Values...)
		}
	}
	return out
}

func explain(a *control.Answer) string {
	switch a.Status {
	case control.NoName:
		return "there is no such name (NXDOMAIN)"
	case control.NoRecord:
		return "the name exists, but has no such record"
	case control.NoAnswer:
		return fmt.Sprintf("nobody can say now: upstream is %s, and no host has an answer", a.Upstream)
	case control.BadName:
		return "this is no valid name, so nobody is asked"
	}
	return string(a.Status)
}

// Provenance is where a result is from, "" if that is not said.
func Provenance(r *control.Result) string {
	if r.Origin == nil {
		return ""
	}
	if r.Source == control.FromHere {
		return fmt.Sprintf("%s: %s; a name that stays here: nobody is asked, see mcdnsd.conf(5), [names]", r.Type, r.Kind)
	}
	from := map[control.Source]string{
		control.FromCache: "from this host's cache", control.FromServer: "fetched for this question",
		control.FromPeer: "told by peer " + r.Peer,
	}[r.Source]
	if from == "" {
		return ""
	}
	if r.PeerAddr != "" {
		from += " (" + r.PeerAddr + ")"
	}
	line := fmt.Sprintf("%s: %s, %s", r.Type, r.Kind, from)
	if r.Server != "" {
		line += fmt.Sprintf(", given by %s", r.Server)
	}
	if r.Source != control.FromServer {
		line += fmt.Sprintf(" %s ago", text.Ago(r.AgeS))
	}
	life := r.LifeS
	if life == 0 {
		life = r.OriginalTTLs // a daemon of 0.1.0 does not say
	}
	line += fmt.Sprintf("; TTL %ds", int(life))
	if life < r.OriginalTTLs {
		line += fmt.Sprintf(" of the %ds that it came with", int(r.OriginalTTLs))
	}
	if left := life - r.AgeS; r.Stale {
		line += fmt.Sprintf(", expired %s ago: stale, because no DNS server answers", text.Ago(max(-left, 0)))
	} else if r.Source != control.FromServer {
		line += fmt.Sprintf(", %s left", text.Ago(max(left, 0)))
	}
	return line
}
