package cli

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"mcdns/daemon/control"
	"mcdns/daemon/ways"
)

const reachLong = "Each peer is sent three datagrams by unicast, to each of its addresses, and a stream is opened to it. How\n" +
	"multicast goes is what both have noticed lately. Nothing is changed. It is for root and the group mcdns.\n\n"

func (e *env) pingCommand() *cobra.Command {
	all := false
	ping := &cobra.Command{
		Use: "ping PEER", Short: "Try the ways to a peer, and say how long they take", Example: "  mcdns ping 192.0.2.7\n  mcdns ping 3f2a\n  mcdns ping --all",
		Long: "Try the ways to a peer, by its address or the beginning of its id, and say how long they take.\n\n" + reachLong +
			"Exit code: 0, 1 if there is no such peer or one does not answer.",
		Args: func(verb *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return errors.New("name one peer, or --all")
			}
			return atMost(1)(verb, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error { return e.ping(cmd.Context(), strings.Join(args, "")) },
	}
	ping.ValidArgsFunction = e.completes(e.peerNames)
	ping.Flags().BoolVar(&all, "all", false, "try all peers (the first 64)")
	return ping
}

func (e *env) netcheckCommand() *cobra.Command {
	return &cobra.Command{
		Use: "netcheck", Short: "Try all ways to all peers, and name what does not get through", Args: noArgs,
		Long: "Try all ways to all peers, and name what does not get through: multicast and unicast, both ways, TCP and the MTU.\n\n" +
			reachLong + "Exit code: 0, 5 if something does not get through, or nobody is there to try it with.",
		RunE: func(cmd *cobra.Command, _ []string) error { return e.netcheck(cmd.Context()) },
	}
}

func (e *env) reach(ctx context.Context, who string) (r control.Reach, printed bool, err error) {
	printed, err = e.get(ctx, "/reach", url.Values{"peer": {who}}, &r)
	return r, printed, err
}

func (e *env) ping(ctx context.Context, who string) error {
	r, printed, err := e.reach(ctx, who)
	if err != nil {
		return err
	}
	if len(r.Peers) == 0 {
		return &failure{code: exitNoName, err: errors.New(noPeer(who, &r)), hint: "mcdns peers lists them"}
	}
	silent := false
	for i := range r.Peers {
		p := &r.Peers[i]
		silent = silent || ways.Answered(p) == nil
		if !printed {
			fmt.Fprintln(e.out, plain(ways.Line(p)))
		}
	}
	if r.More > 0 && !printed {
		fmt.Fprintf(e.out, "%s more were not tried\n", count(r.More, "peer"))
	}
	if silent {
		return quiet(exitNoName)
	}
	return nil
}

func noPeer(who string, r *control.Reach) string {
	if who == "" {
		return "there is no peer: this host is " + groupWords(r.State, 0)
	}
	return "there is no peer " + plain(who)
}

func (e *env) netcheck(ctx context.Context) error {
	r, printed, err := e.reach(ctx, "")
	if err != nil {
		return err
	}
	if !printed {
		if err := ways.Show(e.out, &r, e.red); err != nil {
			return err
		}
	}
	if general, ofPeers := ways.Faults(&r); len(general) > 0 || len(ofPeers) > 0 {
		return quiet(exitFailed)
	}
	return nil
}
