// Package cli is the `mcdns` command: it asks mcdnsd over the control socket and
// shows what it says, for people or (--json) for programs.
//
// Read cli.go first (the commands and their flags), then client.go (how mcdnsd is
// asked). status.go, peers.go, query.go, reach.go and stats.go each show one thing, check.go judges
// them, key.go and nss.go change one, text.go is what they print with, complete.go what
// a shell is offered.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// Exit codes, the same for all verbs but check.
const (
	exitOK          = 0
	exitNoName      = 1 // the name or record does not exist
	exitNoAnswer    = 2 // nobody can say now
	exitNoDaemon    = 3
	exitDegraded    = 4 // upstream is down
	exitFailed      = 5 // a check of doctor fails
	exitUsage       = 64
	exitOutput      = 74
	exitPermission  = 77
	exitTimeout     = 124
	exitInterrupted = 130
)

// ControlSocket is where mcdnsd listens for us.
const ControlSocket = "/run/mcdns/control.sock"

// failure is an error with its exit code and, where there is one, the next step.
type failure struct {
	code int
	err  error
	hint string
	dead bool // there is no mcdnsd, or none that answers
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

// quiet ends with a code after everything was said.
func quiet(code int) error {
	if code == exitOK {
		return nil
	}
	return &failure{code: code}
}

// jsonVerbs are those that --json is for: a script that reads JSON had better be
// told than be given text.
var jsonVerbs = []string{
	"mcdns", "mcdns status", "mcdns check", "mcdns query", "mcdns peers", "mcdns ping", "mcdns netcheck", "mcdns stats",
	"mcdns cache list", "mcdns cache show", "mcdns cache dump", "mcdns drill", "mcdns doctor",
	"mcdns key generate", "mcdns key show-id", "mcdns nss", "mcdns nss status", "mcdns nss enable", "mcdns nss disable",
	"mcdns config check", "mcdns config show", "mcdns version",
}

// env is what the verbs share.
type env struct {
	version string
	below   string // is put before the paths of the machine's own files
	out     *output
	err     io.Writer
	json    bool
	color   string // auto, always or never
	socket  string
	timeout time.Duration
}

// output remembers that it could not be written, so that no verb can forget it.
type output struct {
	to  io.Writer
	err error
}

func (o *output) Write(p []byte) (int, error) {
	n, err := o.to.Write(p)
	if err != nil && o.err == nil {
		o.err = err
	}
	return n, err
}

// Run runs the command with its arguments and returns the exit code.
func Run(ctx context.Context, version string, args []string, out, errs io.Writer) int {
	return RunAt(ctx, "", version, args, out, errs)
}

// RunAt is Run on a machine whose files are below a directory.
func RunAt(ctx context.Context, below, version string, args []string, out, errs io.Writer) int {
	e := &env{version: version, below: below, out: &output{to: out}, err: errs}
	return e.run(ctx, args)
}

func (e *env) run(ctx context.Context, args []string) int {
	root := e.root()
	root.SetArgs(args)
	root.SetOut(e.out)
	root.SetErr(e.err)
	strict(root) // cobra's verbs write to what is set by now
	verb, err := root.ExecuteContextC(ctx)
	return e.report(verb, err)
}

// report says what went wrong, if anything, and gives the exit code.
func (e *env) report(verb *cobra.Command, err error) int {
	if e.out.err != nil {
		err = &failure{code: exitOutput, err: fmt.Errorf("cannot write what there is to say: %w", e.out.err)}
	}
	if err == nil {
		return exitOK
	}
	var f *failure
	if !errors.As(err, &f) { // cobra's own: arguments and flags
		f = &failure{code: exitUsage, err: err, hint: verb.CommandPath() + " --help"}
	}
	if verb.CommandPath() == "mcdns check" && f.err != nil {
		return e.cannotCheck(f)
	}
	if f.err != nil {
		fmt.Fprintln(e.err, "mcdns: error:", f.err)
	}
	if f.hint != "" {
		fmt.Fprintln(e.err, "mcdns: hint:", f.hint)
	}
	return f.code
}

func (e *env) root() *cobra.Command {
	status := e.statusCommand()
	root := &cobra.Command{
		Use:           "mcdns",
		Short:         "Names that keep resolving when the DNS server dies",
		Long:          "mcdns shows what mcdnsd, the daemon of this host, knows and does.\nWithout a verb it shows the status.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Version:       e.version,
		Args:          cobra.NoArgs, // says "unknown command"
		RunE:          status.RunE,
		PersistentPreRunE: func(verb *cobra.Command, _ []string) error {
			if verb.Flags().Changed("timeout") && e.timeout <= 0 {
				return errors.New("--timeout must be more than 0s")
			}
			if !slices.Contains([]string{"auto", "always", "never"}, e.color) {
				return errors.New("--color must be auto, always or never")
			}
			if e.timeout == 0 {
				e.timeout = patience(verb.Name())
			}
			if e.json && !slices.Contains(jsonVerbs, verb.CommandPath()) {
				return fmt.Errorf("%s has no JSON to print", verb.CommandPath())
			}
			return nil
		},
	}
	root.SetVersionTemplate("mcdns {{.Version}}\n")
	flags := root.PersistentFlags()
	flags.BoolVar(&e.json, "json", false, "print JSON")
	flags.StringVar(&e.color, "color", "auto", "colour: auto (on a terminal unless NO_COLOR is set) or always or never")
	root.RegisterFlagCompletionFunc("color", cobra.FixedCompletions([]string{"auto", "always", "never"}, cobra.ShellCompDirectiveNoFileComp))
	flags.StringVar(&e.socket, "socket", fallback(os.Getenv("MCDNS_SOCKET"), ControlSocket), "control socket of mcdnsd")
	flags.DurationVar(&e.timeout, "timeout", timeout(), "give up after this time (5s; 30s where others are asked)")
	root.AddCommand(status, e.checkCommand(), e.doctorCommand(), e.queryCommand(), e.peersCommand(), e.pingCommand(), e.netcheckCommand(), e.cacheCommand(), e.drillCommand(),
		e.statsCommand(), e.keyCommand(), e.nssCommand(), e.configCommand(), e.versionCommand())
	return root
}

// strict makes cobra's own verbs refuse what they do not know: they explain mcdns
// instead, and end well.
func strict(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, verb := range root.Commands() {
		switch verb.Name() {
		case "help":
			verb.Args = func(_ *cobra.Command, args []string) error {
				if _, rest, err := root.Find(args); err != nil || len(rest) > 0 {
					return fmt.Errorf("there is no verb %q", strings.Join(args, " "))
				}
				return nil
			}
		case "completion":
			verb.RunE = func(verb *cobra.Command, _ []string) error { return verb.Help() }
		}
	}
}

func (e *env) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			if e.json {
				return e.print(struct {
					Schema  string `json:"schema"`
					Version string `json:"version"`
				}{"mcdns.version/1", e.version})
			}
			_, err := fmt.Fprintln(e.out, "mcdns", e.version)
			return err
		},
	}
}

// print prints a value as JSON.
func (e *env) print(v any) error { return json.NewEncoder(e.out).Encode(v) }

// noArgs is for verbs that take nothing.
func noArgs(verb *cobra.Command, args []string) error { return atMost(0)(verb, args) }

// atMost says in words of the verb that there are too many arguments.
func atMost(n int) cobra.PositionalArgs {
	return func(verb *cobra.Command, args []string) error {
		if len(args) > n {
			return fmt.Errorf("%q is one argument too many for %s", args[n], verb.CommandPath())
		}
		return nil
	}
}

func fallback(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// timeout is the caller's own, 0 for none.
func timeout() time.Duration {
	d, err := time.ParseDuration(os.Getenv("MCDNS_TIMEOUT"))
	if err != nil {
		return 0
	}
	return max(d, 0)
}

// patience is longer than the longest lookup of mcdnsd. All else it answers at once,
// and who asks whether it is frozen wants to know before a monitor's 10 s are over.
func patience(verb string) time.Duration {
	switch verb {
	case "query", "ping", "netcheck": // try several times
		return 30 * time.Second
	}
	return 5 * time.Second
}
