package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"mcdns/daemon/answer"
	"mcdns/daemon/control"
)

const cacheLong = "What is held tells what was looked up on this host: it is for root and the group mcdns."

func (e *env) cacheCommand() *cobra.Command {
	cache := &cobra.Command{
		Use: "cache", Short: "Show what is held", Args: noArgs, Long: "Show what is held.\n\n" + cacheLong,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	limit := 0
	list := &cobra.Command{
		Use: "list", Short: "List answers held, those of one domain together", Args: noArgs, Long: "List answers held, those of one domain together.\n\n" + cacheLong,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.cacheList(cmd.Context(), limit) },
	}
	list.Flags().IntVar(&limit, "limit", 100, fmt.Sprintf("list at most so many (up to %d)", control.MostHeld))
	show := &cobra.Command{
		Use: "show NAME", Short: "Show all that is held of one name, and where it is from", Long: "Show all that is held of one name, and where it is from.\n\n" + cacheLong,
		Args: one("name"),
		RunE: func(cmd *cobra.Command, args []string) error { return e.cacheShow(cmd.Context(), args[0]) },
	}
	show.ValidArgsFunction = e.completes(e.heldNames)
	dump := &cobra.Command{
		Use: "dump", Short: "Print all answers held, as the text of a zone", Args: noArgs,
		Long: "Print all answers held, as the text of a zone; with --json one answer a line.\n\n" + cacheLong,
		RunE: func(cmd *cobra.Command, _ []string) error { return e.cacheDump(cmd.Context()) },
	}
	cache.AddCommand(list, show, dump)
	return cache
}

// one is for verbs that take one argument.
func one(what string) cobra.PositionalArgs {
	return func(verb *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("no %s is given", what)
		}
		return atMost(1)(verb, args)
	}
}

func (e *env) cacheList(ctx context.Context, limit int) error {
	if limit < 1 || limit > control.MostHeld {
		return fmt.Errorf("--limit must be from 1 to %d", control.MostHeld)
	}
	var c control.CacheList
	printed, err := e.get(ctx, "/cache", control.Listing{Limit: limit}.Values(), &c)
	if err != nil || printed {
		return err
	}
	rows := [][]string{{"NAME", "TYPE", "LEFT", "AGE", "ASKED", "FROM", "VALUE"}}
	for i := range c.Answers {
		rows = append(rows, heldRow(&c.Answers[i]))
	}
	if err := writeTable(e.out, rows); err != nil {
		return err
	}
	text := count(c.Held, "answer") + " held"
	if c.More {
		text += fmt.Sprintf(", the first %d are listed (--limit, mcdns cache dump)", len(c.Answers))
	}
	_, err = fmt.Fprintln(e.out, text)
	return err
}

func heldRow(h *control.Held) []string {
	left := "stale"
	if h.Origin == nil {
		h.Origin = &control.Origin{}
	}
	if !h.Stale {
		left = ago(max(h.LifeS-h.AgeS, 0))
	}
	value := strings.Join(h.Values, " ")
	if h.Kind != control.Positive {
		value = "(" + string(h.Kind) + ")"
	} else if value == "" && len(h.Records) > 0 {
		value = rdata(h.Records[0])
	}
	return []string{h.Name, h.Type, left, ago(h.AgeS), fmt.Sprint(h.Asked), heldFrom(h), cut(value, 40)}
}

// heldFrom is who gave it: the server, or the peer that told it.
func heldFrom(h *control.Held) string {
	switch {
	case h.Source == control.FromPeer:
		return "peer " + fallback(h.PeerAddr, h.Peer)
	case h.Server != "":
		return h.Server
	}
	return "-"
}

// rdata is the last field of a record.
func rdata(record string) string {
	f := strings.Split(record, "\t")
	return f[len(f)-1]
}

// cut shortens what would break the lines of a table.
func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + glyph("…", "~")
	}
	return s
}

func (e *env) cacheShow(ctx context.Context, name string) error {
	var c control.CacheList
	printed, err := e.get(ctx, "/cache", control.Listing{Name: name, Limit: control.MostHeld}.Values(), &c)
	if err != nil {
		return err
	}
	if len(c.Answers) == 0 {
		if !printed {
			fmt.Fprintf(e.out, "%s: nothing is held\n", plain(name))
		}
		return quiet(exitNoName)
	}
	if printed {
		return nil
	}
	for i := range c.Answers {
		h := &c.Answers[i]
		for _, record := range h.Records {
			fmt.Fprintln(e.out, plain(strings.ReplaceAll(record, "\t", " ")))
		}
		fmt.Fprintf(e.out, "-- %s; asked for %s\n", plain(answer.Provenance(&h.Result)), times(h.Asked))
	}
	return nil
}

func times(n uint32) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// cacheDump asks for page after page: a full cache has more than one reply holds.
func (e *env) cacheDump(ctx context.Context) error {
	out := bufio.NewWriter(e.out)
	for next := (control.Listing{Limit: control.MostHeld}); ; {
		body, err := e.fetch(ctx, "/cache", next.Values())
		if err == nil {
			err = speaks("/cache", body)
		}
		var c control.CacheList
		if err == nil {
			err = json.Unmarshal(body, &c)
		}
		if f := (*failure)(nil); err != nil && !errors.As(err, &f) {
			return e.stranger(err)
		}
		if err != nil {
			return err
		}
		for i := range c.Answers {
			e.dumpOne(out, &c.Answers[i])
		}
		if err := out.Flush(); err != nil || !c.More || len(c.Answers) == 0 {
			return err
		}
		next.After = c.Answers[len(c.Answers)-1].Place
	}
}

// heldSchema is that of a line of `mcdns cache dump --json`.
const heldSchema = "mcdns.held/1"

func (e *env) dumpOne(w io.Writer, h *control.Held) {
	if e.json {
		json.NewEncoder(w).Encode(struct {
			Schema string `json:"schema"`
			*control.Held
		}{heldSchema, h})
		return
	}
	fmt.Fprintf(w, "; %s\n", plain(answer.Provenance(&h.Result)))
	if h.Kind != control.Positive {
		fmt.Fprintf(w, "; %s %s: %s\n", plain(h.Name), plain(h.Type), plain(h.Kind))
		return
	}
	for _, record := range h.Records {
		fmt.Fprintln(w, plain(strings.ReplaceAll(record, "\t", " ")))
	}
}
