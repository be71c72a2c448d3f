package main

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"mcdns/test/lab"
	"mcdns/test/story"
)

// program is an unmodified program of the machine that resolves names.
type program struct {
	name string
	path string
	args func(name string) []string
	// right reads the program's output, for a name with these addresses.
	right func(out, name string, addrs []string) bool
}

// patience is how long a program may take: twice the C library's own.
const patience = "20"

var programs = []program{
	{"getent", "/usr/bin/getent",
		func(name string) []string { return []string{"ahosts", name} },
		func(out, _ string, addrs []string) bool { return slices.Equal(firstWords(out), addrs) }},
	{"curl", "/usr/bin/curl",
		func(name string) []string { return []string{"-sS", "--max-time", patience, "http://" + name + "/"} },
		func(out, name string, _ []string) bool { return out == page(name) }},
	{"python3", "/usr/bin/python3",
		func(name string) []string {
			return []string{"-c", "import socket, sys\nfor a in socket.getaddrinfo(sys.argv[1], 80): print(a[4][0])", name}
		},
		func(out, _ string, addrs []string) bool { return slices.Equal(firstWords(out), addrs) }},
}

// installed is those of programs that are here and ask the C library.
func installed() []program {
	var here []program
	for _, p := range programs {
		if _, err := os.Stat(p.path); err == nil && !bypassesLibc(p) {
			here = append(here, p)
		}
	}
	return here
}

// bypassesLibc knows the one program of ours that may be built with a resolver
// of its own.
func bypassesLibc(p program) bool {
	if p.name != "curl" {
		return false
	}
	out, err := exec.Command(p.path, "--version").Output()
	return err != nil || strings.Contains(string(out), "c-ares")
}

func firstWords(out string) []string {
	var words []string
	for line := range strings.Lines(out) {
		if f := strings.Fields(line); len(f) > 0 {
			words = append(words, f[0])
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

// page is what the web server behind the router says.
func page(host string) string { return "this is " + host + "\n" }

// errand sends a program to look a name up on a host.
type errand struct {
	host    *lab.Host
	program program
	name    string
}

// run returns what went wrong, for people; "" for nothing.
func (e errand) run(n *story.Names) string {
	args := append([]string{patience, e.program.path}, e.program.args(e.name)...)
	out, err := e.host.Command("/usr/bin/timeout", args...).CombinedOutput()
	if err == nil && e.program.right(string(out), e.name, n.Addresses(e.name)) {
		return ""
	}
	said := strings.Join(strings.Fields(string(out)), " ")
	return fmt.Sprintf("%s: %s %s: %v, it said %q", e.host.Name, e.program.name, e.name, err, said)
}
