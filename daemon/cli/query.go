package cli

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"mcdns/daemon/answer"
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
		Args:    one("name or address"),
	}
	cmd.Flags().StringSliceVarP(&types, "type", "t", nil, "type of record, as in MX (default: addresses)")
	cmd.ValidArgsFunction = e.completes(e.heldNames)
	cmd.RegisterFlagCompletionFunc("type", typeNames)
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
			answer.Show(e.out, &a, len(types) > 0)
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
