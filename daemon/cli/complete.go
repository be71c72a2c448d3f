package cli

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mcdns/daemon/control"
	"mcdns/gocore/dns"
)

// completeWithin is how long a shell waits for mcdnsd: who types is not to notice.
const completeWithin = 500 * time.Millisecond

// completer lists what an argument may be.
type completer = func(verb *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective)

// completes makes a completer of the first argument. Whatever fails, nothing is offered
// and nothing said.
func (e *env) completes(list func(context.Context) []string) completer {
	return func(verb *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
		if len(args) > 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		if e.timeout = completeWithin; e.socket == "" {
			e.socket = ControlSocket
		}
		all := slices.DeleteFunc(list(verb.Context()), func(s string) bool { return !strings.HasPrefix(s, begun) })
		slices.Sort(all)
		return slices.Compact(all), cobra.ShellCompDirectiveNoFileComp
	}
}

// heldNames are those of the answers held, for root and the group mcdns.
func (e *env) heldNames(ctx context.Context) (names []string) {
	var c control.CacheList
	body, err := e.fetch(ctx, "/cache", control.Listing{Limit: 1000}.Values())
	if err == nil && json.Unmarshal(body, &c) == nil {
		for i := range c.Answers {
			names = append(names, plain(strings.TrimSuffix(c.Answers[i].Name, ".")))
		}
	}
	return names
}

// peerNames are the ids and addresses of peers.
func (e *env) peerNames(ctx context.Context) (names []string) {
	var p control.Peers
	body, err := e.fetch(ctx, "/peers", nil)
	if err == nil && json.Unmarshal(body, &p) == nil {
		for _, q := range p.Peers {
			names = append(names, plain(q.ID), plain(hostOf(q.Addr)))
		}
	}
	return names
}

// typeNames are the types of records that may be asked for.
func typeNames(_ *cobra.Command, _ []string, begun string) (names []string, _ cobra.ShellCompDirective) {
	for n := range 1 << 9 {
		name := dns.TypeName(uint16(n))
		if askable(uint16(n)) && !strings.HasPrefix(name, "TYPE") && strings.HasPrefix(name, strings.ToUpper(begun)) {
			names = append(names, name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
