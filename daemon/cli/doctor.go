package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mcdns/daemon/beside"
	"mcdns/daemon/config"
	"mcdns/daemon/control"
	"mcdns/daemon/doctor"
)

// DoctorSchema is that of `mcdns doctor --json`.
const DoctorSchema = "mcdns.doctor/1"

func (e *env) doctorCommand() *cobra.Command {
	all := false
	_, names := doctor.Checks()
	verb := &cobra.Command{
		Use: "doctor [CHECK]...", Short: "Find what is wrong, why it matters, and what to do next", ValidArgs: names,
		Long: "Find what is wrong with mcdns on this machine, why it matters, and what to do next. Nothing is changed.\n\n" +
			"Exit code: 0, 5 if a check fails. The checks: " + strings.Join(names, ", ") + ".",
		Args: func(_ *cobra.Command, args []string) error {
			for _, a := range args {
				if !slices.Contains(names, a) {
					return fmt.Errorf("there is no check %q", a)
				}
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			e.timeout = min(e.timeout, 5*time.Second)
			return e.doctor(cmd.Context(), args, all)
		},
	}
	verb.Flags().BoolVar(&all, "all", false, "show the checks that are well too")
	return verb
}

func (e *env) doctor(ctx context.Context, only []string, all bool) error {
	f, err := e.facts(ctx)
	if err != nil {
		return err
	}
	results := doctor.Examine(f, only)
	counts := map[doctor.State]int{}
	for _, r := range results {
		counts[r.State]++
	}
	if e.json {
		err = json.NewEncoder(e.out).Encode(struct {
			Schema string          `json:"schema"`
			Checks []doctor.Result `json:"checks"`
		}{DoctorSchema, results})
	} else {
		for _, r := range results {
			if all || len(only) > 0 || r.State == doctor.Fail || r.State == doctor.Warn {
				e.showResult(r)
			}
		}
		_, err = fmt.Fprintf(e.out, "%d failed, %s, %d ok, %d not tested\n",
			counts[doctor.Fail], count(counts[doctor.Warn], "warning"), counts[doctor.OK], counts[doctor.Untested])
	}
	if err == nil && counts[doctor.Fail] > 0 {
		return quiet(exitFailed)
	}
	return err
}

func (e *env) showResult(r doctor.Result) {
	word := map[doctor.State]string{doctor.Fail: e.red("FAIL"), doctor.Warn: e.yellow("warn"), doctor.OK: "ok  ", doctor.Untested: "?   "}[r.State]
	fmt.Fprintf(e.out, "%s %2d %s: %s\n", word, r.Number, r.Check, plain(r.What))
	for _, more := range []struct{ label, text string }{{"why: ", r.Why}, {"next:", r.Next}} {
		if more.text != "" {
			fmt.Fprintf(e.out, "        %s %s\n", more.label, plain(strings.ReplaceAll(more.text, "\n", "; ")))
		}
	}
}

// diskWithin is how long the doctor waits for the machine's own files.
const diskWithin = 3 * time.Second

// facts asks mcdnsd, and reads what the checks look at: beside, for a disk that hangs is
// one of the faults.
func (e *env) facts(ctx context.Context) (*doctor.Facts, error) {
	f := &doctor.Facts{
		Root: e.below, Version: e.version, Now: time.Now(), Built: built(), NSSSocket: filepath.Join(filepath.Dir(e.socket), "nss.sock"),
	}
	if e.below == "" {
		f.Run = func(name string, args ...string) (string, error) {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			out, err := exec.CommandContext(ctx, name, args...).Output()
			return string(out), err
		}
	}
	var s control.Status
	if err := e.ask(ctx, "/status", &s); err != nil {
		var fail *failure
		if !errors.As(err, &fail) || fail.code == exitInterrupted {
			return nil, err
		}
		f.Silence, f.Hint = fail.Error(), fail.hint
	} else {
		f.Status = &s
		var p control.Peers
		if e.ask(ctx, "/peers", &p) == nil {
			f.Peers = &p
		}
	}
	var disk beside.One
	if !disk.Do(diskWithin, func() {
		conf, _, _ := config.Load(filepath.Join(e.below, config.Path))
		f.Wiring = e.machine().Wiring(conf.Hosts)
	}) {
		return nil, &failure{
			code: exitTimeout, err: fmt.Errorf("the files of this machine did not answer within %v: the disk hangs", diskWithin),
			hint: "dmesg; the file system of /etc",
		}
	}
	return f, nil
}

// ask is get without its printing.
func (e *env) ask(ctx context.Context, path string, v any) error {
	body, err := e.fetch(ctx, path, nil)
	if err != nil {
		return err
	}
	if err := speaks(path, body); err != nil {
		return e.stranger(err)
	}
	if err := json.Unmarshal(body, v); err != nil {
		return e.stranger(err)
	}
	return nil
}

// built is when this program was committed, zero if it does not say.
func built() time.Time {
	info, ok := debug.ReadBuildInfo()
	if ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.time" {
				t, _ := time.Parse(time.RFC3339, s.Value)
				return t
			}
		}
	}
	if path, err := os.Executable(); err == nil { // its file is from then, or later
		if st, err := os.Stat(path); err == nil {
			return st.ModTime().Add(-24 * time.Hour)
		}
	}
	return time.Time{}
}
