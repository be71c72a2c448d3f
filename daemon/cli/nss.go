package cli

import (
	"errors"
	"fmt"
	"io/fs"

	"github.com/spf13/cobra"

	"mcdns/daemon/nsswitch"
)

func (e *env) nssCommand() *cobra.Command {
	nss := &cobra.Command{
		Use: "nss", Short: "Put mcdns on the hosts line of /etc/nsswitch.conf, or take it off", Args: noArgs,
	}
	status := &cobra.Command{
		Use: "status", Short: "Say whether programs ask mcdns", Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return e.nssStatus() },
	}
	nss.RunE = status.RunE
	nss.AddCommand(status, &cobra.Command{
		Use: "enable", Short: "Put mcdns before dns and resolve", Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return e.nssChange(nsswitch.Host().Enable) },
	}, &cobra.Command{
		Use: "disable", Short: "Take mcdns off", Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return e.nssChange(nsswitch.Host().Disable) },
	})
	return nss
}

func (e *env) nssStatus() error {
	on, err := nsswitch.Host().Status()
	if err != nil {
		return nssFailure(err)
	}
	if !on {
		fmt.Fprintln(e.out, "disabled: mcdns is not on the hosts line of /etc/nsswitch.conf")
		return quiet(exitNoName)
	}
	if first, _ := nsswitch.Host().Behind(); first != "" {
		return &failure{
			code: exitNoName, err: fmt.Errorf("mcdns is on the hosts line of /etc/nsswitch.conf, but behind %s, which programs ask in its place", first),
			hint: "mcdns nss enable",
		}
	}
	_, err = fmt.Fprintln(e.out, "enabled: mcdns is on the hosts line of /etc/nsswitch.conf")
	return err
}

func (e *env) nssChange(change func() error) error {
	if err := change(); err != nil {
		return nssFailure(err)
	}
	_ = e.nssStatus() // being off is what "disable" wants
	return nil
}

func nssFailure(err error) error {
	var refused *nsswitch.Refused
	switch {
	case errors.As(err, &refused):
		return &failure{code: exitNoName, err: refused, hint: refused.Hint}
	case errors.Is(err, fs.ErrPermission):
		return &failure{code: exitPermission, err: err, hint: "run as root (sudo)"}
	}
	return &failure{code: exitNoAnswer, err: err}
}
