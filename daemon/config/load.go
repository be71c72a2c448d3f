package config

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode/utf8"

	"mcdns/daemon/files"
)

const (
	maxFile     = 256 << 10 // bytes of one file
	maxDropIns  = 64
	maxWarnings = 100 // of one file: a wrong file is not a thousand lines of log
)

// A Warning says what was left out of the configuration and where.
type Warning struct {
	File string
	Line int // from 1; 0 if it is about the whole file
	Text string
}

func (w Warning) String() string {
	if w.Line == 0 {
		return w.File + ": " + w.Text
	}
	return fmt.Sprintf("%s:%d: %s", w.File, w.Line, w.Text)
}

// Load reads the file at path and then, in the order of their names, the files
// path.d/*.conf; what is read later wins. A file that is missing is no warning.
// The Config is always whole; with an error it is not what the files say, which
// could not be read for a reason that may be gone the next time.
func Load(path string) (c Config, all []Warning, err error) {
	c, _, all, err = load(path)
	return c, all, err
}

// Set is where a setting is from: File is "" for the default.
type Set struct {
	Section string `json:"section"`
	Key     string `json:"key"`
	Value   string `json:"value"`
	File    string `json:"file"`
	Line    int    `json:"line"`
}

// Effective is every setting that there is, in the order of the manual, and where it is
// from; the warnings and the error are Load's.
func Effective(path string) ([]Set, []Warning, error) {
	_, from, all, err := load(path)
	var sets []Set
	for _, d := range defaults {
		if s, set := from[d.Section+"."+d.Key]; set {
			d = s
		}
		sets = append(sets, d)
	}
	return sets, all, err
}

func load(path string) (c Config, from map[string]Set, all []Warning, err error) {
	c, from = Default(), map[string]Set{}
	names, err := dropIns(path+".d", &all)
	for _, file := range append([]string{path}, names...) {
		text, failed := files.Read(file, maxFile)
		switch {
		case failed == nil:
			all = append(all, parse(&c, file, text, from)...)
		case files.Passing(failed):
			err = failed
		case !errors.Is(failed, fs.ErrNotExist):
			all = append(all, Warning{File: file, Text: reason(failed) + "; using what is set elsewhere"})
		}
	}
	return c, from, all, err
}

func dropIns(dir string, warnings *[]Warning) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if files.Passing(err) {
		return nil, err
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
		*warnings = append(*warnings, Warning{File: dir, Text: reason(err)})
	}
	var out []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".conf") && !strings.HasPrefix(e.Name(), ".") {
			out = append(out, filepath.Join(dir, e.Name()))
		}
	}
	slices.Sort(out)
	if len(out) > maxDropIns {
		*warnings = append(*warnings, Warning{File: dir, Text: fmt.Sprintf("only the first %d files are read", maxDropIns)})
		out = out[:maxDropIns]
	}
	return out, nil
}

// reason says why a file cannot be read; the path stands before it.
func reason(err error) string {
	var errno syscall.Errno
	switch {
	case errors.Is(err, files.ErrNotRegular):
		return "is not a file"
	case errors.Is(err, files.ErrTooLarge):
		return fmt.Sprintf("is larger than %d KiB", maxFile>>10)
	case errors.As(err, &errno):
		return "cannot be read: " + errno.Error()
	}
	return "cannot be read: " + err.Error()
}

// Parse reads one file's text into c and says what it left out. file is only
// named in the warnings.
func Parse(c *Config, file string, text []byte) []Warning {
	return parse(c, file, text, map[string]Set{})
}

func parse(c *Config, file string, text []byte, from map[string]Set) []Warning {
	if bytes.IndexByte(text, 0) >= 0 || !utf8.Valid(text) {
		return []Warning{{File: file, Text: "is not text; using what is set elsewhere"}}
	}
	p := parser{config: c, file: file, from: from}
	for line := range strings.Lines(string(text)) {
		p.number++
		p.line(strings.TrimSpace(line))
	}
	return p.warnings
}

type parser struct {
	config   *Config
	file     string
	number   int
	section  map[string]setting
	name     string // of the section
	from     map[string]Set
	warnings []Warning
}

func (p *parser) warn(format string, args ...any) {
	switch n := len(p.warnings); {
	case n < maxWarnings:
		p.warnings = append(p.warnings, Warning{p.file, p.number, fmt.Sprintf(format, args...)})
	case n == maxWarnings:
		p.warnings = append(p.warnings, Warning{p.file, p.number, "too many mistakes; the rest is left unsaid"})
	}
}

func (p *parser) line(s string) {
	if s == "" || s[0] == '#' || s[0] == ';' {
		return
	}
	if s[0] == '[' {
		p.header(s)
		return
	}
	key, value, found := strings.Cut(s, "=")
	if !found {
		p.warn("%s is neither [section] nor key = value; ignored", quote(s))
		return
	}
	if p.name == "" {
		p.warn("%s stands before the first [section]; ignored", quote(s))
		return
	}
	if p.section != nil { // else the section was warned about
		p.set(strings.ReplaceAll(strings.TrimSpace(key), "-", "_"), strings.TrimSpace(value))
	}
}

func (p *parser) header(s string) {
	p.name = strings.TrimSpace(strings.Trim(s, "[]"))
	if p.name == "" {
		p.name = s
	}
	p.section = settings[p.name]
	if p.section == nil {
		p.warn("%s is no section; its lines are ignored", quote(s))
	}
}

func (p *parser) set(key, value string) {
	set, ok := p.section[key]
	if !ok {
		p.warn("%s is no setting of [%s]; ignored", quote(key), p.name)
		return
	}
	before := *p.config
	if err := set(p.config, value); err != nil {
		*p.config = before
		p.warn("%s.%s: %s %v; ignored", p.name, key, quote(value), err)
		return
	}
	p.from[p.name+"."+key] = Set{p.name, key, value, p.file, p.number}
}

// quote shows what a file said, cut short.
func quote(s string) string {
	const most = 60
	if len(s) > most {
		s = s[:most] + "..."
	}
	return fmt.Sprintf("%q", s)
}
