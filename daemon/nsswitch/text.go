// Package nsswitch puts mcdns on the hosts line of nsswitch.conf and takes it
// off again, byte by byte, and knows who owns that file.
//
// Read text.go first: what is done to the line. Then system.go (to the file, and who
// owns it) and authselect.go (the owner on Fedora and its kin). line.go reads a hosts
// line as glibc does, fault.go and module.go say what keeps programs from mcdns.
package nsswitch

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// What stands on the hosts line.
const (
	// Service makes what mcdnsd says final, for what comes behind says no more; its
	// absence alone leads on.
	Service = "mcdns [!UNAVAIL=return]"
	// beforeOthers lets services of other kinds that come behind, such as wins, have
	// every name that mcdnsd does not find, also one of which nobody can say
	// anything: without mcdns they would be asked in an outage too, when dns has
	// given up.
	beforeOthers = "mcdns"
)

// stoodInFor are the services that mcdnsd answers for.
var stoodInFor = []string{"dns", "resolve", "myhostname"}

// ErrNoDNS: there is no hosts line that asks DNS, so there is nothing that mcdns
// could stand before.
var ErrNoDNS = errors.New("no hosts line with dns or resolve on it")

// ErrHidesFiles: resolve reads /etc/hosts before it asks DNS, mcdns does not.
var ErrHidesFiles = errors.New("resolve is asked before files: mcdns before it would hide /etc/hosts, behind it nobody would ask mcdns")

var (
	lists  = regexp.MustCompile(`(^|[\s}])files(\s|$)`)
	action = regexp.MustCompile(`\[[^]]*\]`)
	// anchor is the first service that mcdns has to come before. In a template
	// of authselect a service may follow "}".
	anchor = regexp.MustCompile(`([\s}])(dns|resolve)(\s|$)`)
	// service is ours with any number of actions, and the space before it.
	service = regexp.MustCompile(`(^|[\s}])mcdns(\s+\[[^]]*\])*(\s|$)`)
)

// Enabled says whether a hosts line of the text names mcdns.
func Enabled(text string) bool {
	found := false
	onHostsLines(text, func(services string) string {
		found = found || service.MatchString(services)
		return services
	})
	return found
}

// Behind is dns or resolve where a hosts line of the text has it before mcdns:
// programs then get their answers, or wait, there. It is "" where none has.
func Behind(text string) (first string) {
	onHostsLines(text, func(services string) string {
		ours, at := service.FindStringIndex(services), anchor.FindStringSubmatchIndex(services)
		if ours != nil && at != nil && at[4] < ours[0] {
			first = services[at[4]:at[5]]
		}
		return services
	})
	return first
}

// Enable is the text with mcdns before dns and resolve on each hosts line that
// has one of them. A line where it stands there already stays as it is.
func Enable(text string) (string, error) {
	err := ErrNoDNS
	out := onHostsLines(text, func(services string) string {
		if service.MatchString(services) && Behind("hosts:"+services) == "" {
			err = nil
			return services
		}
		bare := without(services)
		at := anchor.FindStringSubmatchIndex(bare)
		switch {
		case at == nil:
			return services
		case bare[at[4]:at[5]] == "resolve" && !lists.MatchString(bare[:at[4]]):
			err = ErrHidesFiles
			return services
		}
		err = nil
		return bare[:at[4]] + serviceBefore(bare[at[4]:]) + " " + bare[at[4]:]
	})
	if err != nil {
		return text, err
	}
	return out, nil
}

// serviceBefore is what to put before the services that follow.
func serviceBefore(services string) string {
	if slices.ContainsFunc(names(services), func(s string) bool { return !slices.Contains(stoodInFor, s) }) {
		return beforeOthers
	}
	return Service
}

func names(services string) []string {
	return strings.FieldsFunc(action.ReplaceAllString(services, " "), func(r rune) bool {
		return unicode.IsSpace(r) || r == '{' || r == '}'
	})
}

// OwnNames reports whether a service that knows this host's own names stands behind
// mcdns: nobody asks it for what mcdns has not found. first: it stands in dns's place.
func OwnNames(text string) (known, first bool) {
	behind := after(text)
	resolve, dns := slices.Index(behind, "resolve"), slices.Index(behind, "dns")
	first = resolve >= 0 && (dns < 0 || resolve < dns)
	return resolve >= 0 || slices.Contains(behind, "myhostname"), first
}

// after lists the services that stand behind mcdns on the hosts line of the text.
func after(text string) (services []string) {
	onHostsLines(text, func(line string) string {
		if at := service.FindStringIndex(line); at != nil && services == nil {
			services = names(line[at[1]:])
		}
		return line
	})
	return services
}

// Disable is the text without mcdns and its actions.
func Disable(text string) string { return onHostsLines(text, without) }

func without(services string) string {
	at := service.FindStringSubmatchIndex(services)
	if at == nil {
		return services
	}
	before, after := services[:at[3]], services[at[6]:]
	if after == "" {
		return strings.TrimSuffix(before, " ")
	}
	// One of the two spaces around it was there before.
	return before + strings.TrimPrefix(after, " ")
}

// onHostsLines edits what follows "hosts:" on every such line, up to a comment.
func onHostsLines(text string, edit func(services string) string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		indent, services, found := strings.Cut(line, "hosts:")
		if !found || strings.TrimSpace(indent) != "" {
			b.WriteString(line)
			continue
		}
		end := strings.IndexAny(services, "#\n")
		if end < 0 {
			end = len(services)
		}
		b.WriteString(indent + "hosts:" + edit(services[:end]) + services[end:])
	}
	return b.String()
}
