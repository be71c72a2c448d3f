package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"mcdns/daemon/config"
)

func (e *env) configCommand() *cobra.Command {
	conf := &cobra.Command{
		Use: "config", Short: "Check the configuration, or show what counts", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	conf.AddCommand(&cobra.Command{
		Use: "check [FILE]", Short: "Say what mcdnsd would leave out of a configuration, with file and line", Args: atMost(1),
		Long: "Say what mcdnsd would leave out of a configuration, FILE or its own with all drop-ins, with file and line.\n\nExit code: 0, 1 if there is something.",
		RunE: func(_ *cobra.Command, args []string) error { return e.configCheck(args) },
	}, &cobra.Command{
		Use: "show", Short: "Show every setting that counts, and where it is from", Args: noArgs,
		RunE: func(*cobra.Command, []string) error { return e.configShow() },
	})
	return conf
}

func (e *env) configPath() string {
	return fallback(os.Getenv("MCDNS_CONFIG"), filepath.Join(e.below, config.Path))
}

// configSchema is that of both verbs.
const configSchema = "mcdns.config/1"

func (e *env) configCheck(args []string) error {
	path := e.configPath()
	if len(args) == 1 {
		path = args[0]
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return &failure{code: exitNoName, err: fmt.Errorf("%s: there is no such file", path)}
		}
	}
	_, warnings, err := config.Load(path)
	if err != nil {
		return &failure{code: exitNoAnswer, err: err}
	}
	all := []string{}
	for _, w := range warnings {
		all = append(all, w.String())
	}
	if e.json {
		err = e.print(struct {
			Schema   string   `json:"schema"`
			Warnings []string `json:"warnings"`
		}{configSchema, all})
	}
	for _, w := range all {
		if !e.json {
			fmt.Fprintln(e.out, plain(w))
		}
	}
	if len(all) > 0 {
		return quiet(exitNoName)
	}
	if !e.json {
		_, err = fmt.Fprintf(e.out, "%s: no mistakes\n", plain(path))
	}
	return err
}

func (e *env) configShow() error {
	sets, warnings, err := config.Effective(e.configPath())
	if err != nil {
		return &failure{code: exitNoAnswer, err: err}
	}
	if e.json {
		return e.print(struct {
			Schema   string       `json:"schema"`
			Settings []config.Set `json:"settings"`
		}{configSchema, sets})
	}
	section := ""
	for _, s := range sets {
		if s.Section != section {
			section = s.Section
			fmt.Fprintf(e.out, "[%s]\n", section)
		}
		from := ""
		if s.File != "" {
			from = fmt.Sprintf("  # %s:%d", s.File, s.Line)
		}
		fmt.Fprintln(e.out, plain(fmt.Sprintf("%s = %s%s", s.Key, s.Value, from)))
	}
	if n := len(warnings); n > 0 {
		fmt.Fprintf(e.err, "mcdns: hint: %s: mcdns config check\n", count(n, "mistake"))
	}
	return nil
}
