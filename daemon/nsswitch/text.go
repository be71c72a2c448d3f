// Package nsswitch puts mcdns on the hosts line of nsswitch.conf and takes it
// off again, byte by byte, and knows who owns that file.
package nsswitch

import (
	"errors"
	"regexp"
	"strings"
)

// Service is what stands on the hosts line. The action makes what mcdnsd says
// final; only its absence leads on to the next service.
const Service = "mcdns [!UNAVAIL=return]"

// ErrNoDNS: there is no hosts line that asks DNS, so there is nothing that mcdns
// could stand before.
var ErrNoDNS = errors.New("no hosts line with dns or resolve on it")

var (
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

// Enable is the text with mcdns before dns and resolve on each hosts line that
// has one of them. A line that names mcdns already stays as it is.
func Enable(text string) (string, error) {
	could := false
	out := onHostsLines(text, func(services string) string {
		if service.MatchString(services) {
			could = true
			return services
		}
		at := anchor.FindStringSubmatchIndex(services)
		if at == nil {
			return services
		}
		could = true
		return services[:at[4]] + Service + " " + services[at[4]:]
	})
	if !could {
		return text, ErrNoDNS
	}
	return out, nil
}

// Disable is the text without mcdns and its actions.
func Disable(text string) string {
	return onHostsLines(text, func(services string) string {
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
	})
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
