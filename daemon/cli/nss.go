package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"mcdns/daemon/config"
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
		RunE: func(*cobra.Command, []string) error { return e.nssChange(e.machine().Enable) },
	}, &cobra.Command{
		Use: "disable", Short: "Take mcdns off", Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return e.nssChange(e.machine().Disable) },
	})
	return nss
}

// machine is this one, as far as nsswitch.conf is concerned.
func (e *env) machine() nsswitch.System {
	m := nsswitch.Host()
	m.Root = e.below
	return m
}

func (e *env) nssStatus() error {
	on, err := e.machine().Status()
	if err != nil {
		return nssFailure(err)
	}
	conf, _, _ := config.Load(filepath.Join(e.below, config.Path))
	w := e.machine().Wiring(conf.Hosts)
	if e.json {
		return e.nssJSON(on, &w)
	}
	if !on {
		fmt.Fprintln(e.out, "disabled: mcdns is not on the hosts line of /etc/nsswitch.conf")
		return quiet(exitNoName)
	}
	if faults := w.Faults(); len(faults) > 0 {
		return &failure{
			code: exitNoName, hint: faults[0].Remedy,
			err: fmt.Errorf("mcdns is on the hosts line of /etc/nsswitch.conf, but %s", faults[0].What),
		}
	}
	_, err = fmt.Fprintln(e.out, "enabled: mcdns is on the hosts line of /etc/nsswitch.conf")
	return err
}

// nssJSON says the same as nssStatus, with its exit code.
func (e *env) nssJSON(on bool, w *nsswitch.Wiring) error {
	type fault struct {
		What   string `json:"what"`
		Remedy string `json:"remedy"`
	}
	faults := []fault{}
	for _, f := range w.Faults() {
		faults = append(faults, fault{f.What, f.Remedy})
	}
	err := e.print(struct {
		Schema  string  `json:"schema"`
		Enabled bool    `json:"enabled"`
		Line    string  `json:"line"`
		Module  string  `json:"module"`
		Faults  []fault `json:"faults"`
	}{"mcdns.nss/1", on, w.Line, w.Module, faults})
	if err == nil && (!on || len(faults) > 0) {
		return quiet(exitNoName)
	}
	return err
}

func (e *env) nssChange(change func() error) error {
	if err := change(); err != nil {
		return nssFailure(err)
	}
	err := e.nssStatus()
	if on, _ := e.machine().Status(); !on {
		return nil // as "disable" wants it
	}
	return err
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
