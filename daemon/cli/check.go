package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"mcdns/daemon/control"
)

// CheckSchema is that of `mcdns check --json`.
const CheckSchema = "mcdns.check/1"

// A level is a plugin's exit code in Nagios's sense.
type level int

const (
	levelOK level = iota
	levelWarning
	levelCritical
	levelUnknown
)

func (l level) String() string { return [...]string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}[l] }

// A finding is something that is not as it should be.
type finding struct {
	Level level  `json:"level"`
	What  string `json:"what"`
	// Remedy is the next step, "" where it is plain.
	Remedy string `json:"remedy,omitempty"`
}

func (f finding) String() string {
	if f.Remedy == "" {
		return f.What
	}
	return f.What + " (" + f.Remedy + ")"
}

func (e *env) checkCommand() *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Judge in one line, for a monitor: exit code 0, 1, 2 or 3", Args: noArgs,
		Long: "Judge in one line, as a plugin of Nagios, Icinga or Zabbix does.\n\n" +
			"Exit code: 0 OK, 1 WARNING, 2 CRITICAL (no DNS server answers, or mcdnsd does not run or is frozen),\n" +
			"3 UNKNOWN. What is wrong comes first, numbers after the bar.",
		RunE: func(cmd *cobra.Command, _ []string) error { return e.check(cmd.Context()) },
	}
}

func (e *env) check(ctx context.Context) error {
	body, err := e.fetch(ctx, "/status", nil)
	if err != nil {
		return err
	}
	if err := speaks("/status", body); err != nil {
		return e.stranger(err)
	}
	var s control.Status
	if err := json.Unmarshal(body, &s); err != nil {
		return e.stranger(err)
	}
	return quiet(e.verdict(findings(&s), &s))
}

// cannotCheck is the verdict where there is no status.
func (e *env) cannotCheck(f *failure) int {
	found := finding{levelUnknown, f.Error(), f.hint}
	if f.dead {
		found.Level = levelCritical
	}
	return e.verdict([]finding{found}, nil)
}

// verdict prints what a monitor reads and returns the exit code: the worst level.
func (e *env) verdict(found []finding, s *control.Status) int {
	worst := levelOK
	for _, f := range found {
		worst = max(worst, f.Level)
	}
	var err error
	if e.json {
		err = json.NewEncoder(e.out).Encode(struct {
			Schema   string    `json:"schema"`
			Level    level     `json:"level"`
			Findings []finding `json:"findings"`
		}{CheckSchema, worst, append([]finding{}, found...)})
	} else {
		_, err = fmt.Fprintf(e.out, "MCDNS %s - %s%s\n", worst, sentence(found, s), perfdata(s))
	}
	if err != nil {
		return int(levelUnknown)
	}
	return int(worst)
}

// sentence is one line without a bar: what is worst first, or how it is going.
func sentence(found []finding, s *control.Status) string {
	var all []string
	for l := levelUnknown; l > levelOK; l-- {
		for _, f := range found {
			if f.Level == l {
				all = append(all, f.String())
			}
		}
	}
	if len(all) == 0 {
		all = []string{fmt.Sprintf("upstream %s, %s, %s", s.Upstream, groupWords(s.Group.State, s.Group.Peers), count(s.Cache.Entries, "answer"))}
	}
	return plain(strings.NewReplacer("\n", "; ", "|", "/").Replace(strings.Join(all, "; ")))
}

// perfdata is what a monitor draws: 'c' counts since the start (Monitoring Plugins
// Development Guidelines, 2.6).
func perfdata(s *control.Status) string {
	if s == nil {
		return ""
	}
	up := 0
	for _, server := range s.Servers {
		if server.State == control.Up {
			up++
		}
	}
	return fmt.Sprintf(" | servers_up=%d;;;0;%d peers=%d;;;0 deaf=%d;;;0 answers=%d;;;0 stale=%d;;;0 cache=%dB;;;0;%d lookups=%dc failed=%dc",
		up, len(s.Servers), s.Group.Peers, s.Group.Deaf, s.Cache.Entries, s.Cache.Stale, s.Cache.Bytes, s.Cache.Limit,
		lookups(s.Counters), s.Counters["lookups_failed"])
}

// findings judges a status.
func findings(s *control.Status) (all []finding) {
	if s.Upstream == control.Down {
		all = append(all, finding{levelCritical, "no DNS server has answered for " + ago(s.UpstreamS) + ", names are served from what is held", ""})
	}
	for _, t := range s.Troubles {
		all = append(all, finding{levelWarning, t.What, t.Remedy})
	}
	if n := len(s.Warnings); n > 0 {
		all = append(all, finding{levelWarning, fmt.Sprintf("%s about the configuration: %s", count(n, "warning"), s.Warnings[0]), "mcdns status lists all"})
	}
	return all
}
