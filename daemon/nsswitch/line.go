package nsswitch

import (
	"strings"
)

// A status is what a service says of a name (glibc, NSS Basics).
type status int

const (
	success status = iota
	notFound
	unavail
	tryAgain
	statuses
)

var statusWords = map[string]status{"SUCCESS": success, "NOTFOUND": notFound, "UNAVAIL": unavail, "TRYAGAIN": tryAgain}

// A step is a service of the hosts line and at which of its statuses the lookup ends.
type step struct {
	service string
	actions string // as they are written
	ends    [statuses]bool
}

// Hosts is the hosts line that counts, its words one space apart: the last one, as
// glibc has it. It is "" where there is none.
func Hosts(text string) (line string) {
	onHostsLines(text, func(services string) string {
		line = "hosts: " + strings.Join(strings.Fields(services), " ")
		return services
	})
	return line
}

// steps reads a hosts line as glibc does: of two actions for one status the later counts.
func steps(line string) (all []step) {
	_, line, _ = strings.Cut(line, "hosts:")
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		if inside, rest, found := strings.Cut(line, "]"); found && line[0] == '[' {
			if len(all) > 0 {
				last := &all[len(all)-1]
				last.actions = strings.TrimSpace(last.actions + " " + inside + "]")
				last.act(inside[1:])
			}
			line = rest
			continue
		}
		end := strings.IndexAny(line[1:], " \t[") + 1
		if end == 0 {
			end = len(line)
		}
		all = append(all, step{service: line[:end], ends: [statuses]bool{success: true}})
		line = line[end:]
	}
	return all
}

// act applies the criteria of one pair of brackets.
func (s *step) act(criteria string) {
	for _, word := range strings.Fields(strings.ToUpper(criteria)) {
		name, action, _ := strings.Cut(word, "=")
		name, not := strings.CutPrefix(name, "!")
		one, known := statusWords[name]
		for each := range statuses {
			if known && (each == one) != not {
				s.ends[each] = action == "RETURN"
			}
		}
	}
}

func (s step) String() string { return strings.TrimSpace(s.service + " " + s.actions) }
