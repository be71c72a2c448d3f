package nss

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

const inet, inet6 = "2", "10"

// functions is every way to ask, with the families it may ask for.
var byName = []struct{ function, family string }{
	{"4", "0"}, {"3", inet}, {"3", inet6}, {"2", inet}, {"2", inet6}, {"1", inet},
}

// result is what the probe printed: key=value lines.
type result map[string]string

func (r result) ms(t *testing.T) float64 {
	t.Helper()
	ms, err := strconv.ParseFloat(r["ms"], 64)
	if err != nil {
		t.Fatalf("ms=%q: %v", r["ms"], err)
	}
	return ms
}

// want fails the test for every key whose value differs.
func (r result) want(t *testing.T, pairs ...string) {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		if got := strings.TrimSpace(r[pairs[i]]); got != pairs[i+1] {
			t.Errorf("%s: got %q; want %q", pairs[i], got, pairs[i+1])
		}
	}
}

const slow = 10

// call runs the probe. Arguments with a "=" are its environment. Its time goes
// slower, so that a daemon that the machine does not run for a second is there.
func call(t *testing.T, args ...string) result {
	t.Helper()
	env, rest := []string{"PROBE_SLOW=" + strconv.Itoa(slow)}, []string{}
	for _, arg := range args {
		if strings.Contains(arg, "=") {
			env = append(env, arg)
		} else {
			rest = append(rest, arg)
		}
	}
	return output(t, exec.Command(probe(t), rest...), env...)
}

func output(t *testing.T, cmd *exec.Cmd, env ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(cmd.Args, " "), err, &stdout, &stderr)
	}
	return parse(stdout.String())
}

func parse(text string) result {
	r := result{}
	for line := range strings.Lines(text) {
		if key, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
			r[key] = value
		}
	}
	return r
}

// unavailable is what glibc must get whenever there is no daemon to talk to.
func unavailable(t *testing.T, r result) {
	t.Helper()
	r.want(t, "status", "UNAVAIL", "h_errno", "NO_RECOVERY", "errno", "untouched", "own_errno", "kept",
		"ttl", "untouched")
}
