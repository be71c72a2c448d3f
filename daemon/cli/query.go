package cli

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"mcdns/daemon/control"
	"mcdns/gocore/dns"
)

func (e *env) queryCommand() *cobra.Command {
	var types []string
	fresh := false
	cmd := &cobra.Command{
		Use: "query NAME|ADDRESS", Short: "Look a name or address up as programs do, and say where the answer is from",
		Long: "Look a name or address up as programs do, and say where the answer is from.\n\n" +
			"With --fresh the DNS servers are asked now, whatever is held, and what that changes is said. If they are down\n" +
			"nothing is asked and nothing changed. It is for root and the group mcdns.\n\n" +
			"Exit code: 0, 1 if there is no such name or record, 2 if nobody can say.",
		Example: "  mcdns query www.example.org\n  mcdns query -t MX example.org\n  mcdns query --fresh www.example.org\n  mcdns query 192.0.2.7",
		Args: func(verb *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("no name or address is given")
			}
			return atMost(1)(verb, args)
		},
	}
	cmd.Flags().StringSliceVarP(&types, "type", "t", nil, "type of record, as in MX (default: addresses)")
	cmd.Flags().BoolVar(&fresh, "fresh", false, "ask the DNS servers now and say what that changes")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		values := url.Values{"name": {args[0]}}
		numbers, err := typeNumbers(types)
		if err != nil {
			return err
		}
		if numbers != "" {
			values.Set("type", numbers)
		}
		if fresh {
			values.Set("fresh", "1")
		}
		var a control.Answer
		printed, err := e.get(cmd.Context(), "/query", values, &a)
		if err != nil {
			return err
		}
		if fresh && notAsked(&a) {
			return &failure{
				code: exitNoAnswer, err: fmt.Errorf("no DNS server answered, so nothing is changed: upstream is %s", a.Upstream),
				hint: "what is held: mcdns query " + plain(a.Name) + "; how the servers do: mcdns status",
			}
		}
		if !printed {
			showAnswer(e.out, &a, len(types) > 0)
		}
		return quiet(answerCode(a.Status))
	}
	return cmd
}

// notAsked reports whether a server was to be asked, and none answered.
func notAsked(a *control.Answer) bool {
	return a.Status != control.BadName && !slices.ContainsFunc(a.Results, func(r control.Result) bool {
		return r.Renewed != nil && r.Renewed.Change != control.NotAsked
	})
}

func answerCode(status control.Outcome) int {
	switch status {
	case control.Found:
		return exitOK
	case control.NoAnswer:
		return exitNoAnswer
	}
	return exitNoName
}

func typeNumbers(types []string) (string, error) {
	var out []string
	for _, t := range types {
		n, ok := dns.TypeNamed(t)
		if ok && !askable(n) {
			return "", &failure{code: exitUsage, err: fmt.Errorf("records of type %s cannot be asked for (RFC 6895 section 3.1)", t)}
		}
		if !ok {
			return "", &failure{code: exitUsage, err: fmt.Errorf("%q is no type of record", t), hint: "types are A, AAAA, PTR, MX, TXT, SRV ... or TYPE and a number"}
		}
		out = append(out, strconv.Itoa(int(n)))
	}
	return strings.Join(out, ","), nil
}

// askable is false for OPT and the types that stand for no records.
func askable(n uint16) bool {
	_, err := dns.NewQuestion(".", n)
	return err == nil
}

func showAnswer(w io.Writer, a *control.Answer, records bool) {
	label := plain(a.Name) + ": "
	for _, value := range valuesOf(a, records) {
		fmt.Fprintf(w, "%s%s\n", label, plain(value))
		label = strings.Repeat(" ", len(label))
	}
	if a.Status != control.Found {
		fmt.Fprintf(w, "%s%s\n", label, explain(a))
	}
	fmt.Fprintln(w)
	for _, r := range a.Results {
		if text := provenance(&r); text != "" {
			fmt.Fprintf(w, "-- %s\n", plain(text))
		}
		if r.Renewed != nil {
			fmt.Fprintf(w, "-- %s: %s\n", plain(r.Type), plain(changeWords(r.Renewed, records)))
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
	text := string(r.Change)
	if r.WasKind == "" {
		return text
	}
	was := string(r.WasKind)
	if values := r.WasValues; r.WasKind == control.Positive {
		if records {
			values = r.WasRecords
		}
		was = strings.ReplaceAll(strings.Join(values, ", "), "\t", " ")
	}
	return fmt.Sprintf("%s: what was held for %s was %s", text, ago(r.WasAgeS), was)
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

func provenance(r *control.Result) string {
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
	text := fmt.Sprintf("%s: %s, %s", r.Type, r.Kind, from)
	if r.Server != "" {
		text += fmt.Sprintf(", given by %s", r.Server)
	}
	if r.Source != control.FromServer {
		text += fmt.Sprintf(" %s ago", ago(r.AgeS))
	}
	life := r.LifeS
	if life == 0 {
		life = r.OriginalTTLs // a daemon of 0.1.0 does not say
	}
	text += fmt.Sprintf("; TTL %ds", int(life))
	if life < r.OriginalTTLs {
		text += fmt.Sprintf(" of the %ds that it came with", int(r.OriginalTTLs))
	}
	if left := life - r.AgeS; r.Stale {
		text += fmt.Sprintf(", expired %s ago: stale, because no DNS server answers", ago(max(-left, 0)))
	} else if r.Source != control.FromServer {
		text += fmt.Sprintf(", %s left", ago(max(left, 0)))
	}
	return text
}
