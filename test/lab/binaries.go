package lab

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Binaries are the built parts of mcdns that a lab runs.
type Binaries struct {
	Mcdnsd string // the daemon
	Mcdns  string // the command line
	Module string // libnss_mcdns.so.2
	// Nice is that of the daemon's unit. Without root it stays 0.
	Nice int
}

// FindBinaries names the parts in the directory MCDNS_BUILD, by default build/
// at the top of the module.
func FindBinaries() *Binaries {
	build := os.Getenv("MCDNS_BUILD")
	if build == "" {
		build = filepath.Join(Top(), "build")
	}
	return &Binaries{
		Mcdnsd: filepath.Join(build, "mcdnsd"),
		Mcdns:  filepath.Join(build, "mcdns"),
		Module: filepath.Join(build, "libnss_mcdns.so.2"),
		Nice:   unitsNice(),
	}
}

// unitsNice is what mcdnsd.service says.
func unitsNice() (nice int) {
	for line := range strings.Lines(read(filepath.Join(Top(), "packaging/systemd/mcdnsd.service"))) {
		fmt.Sscanf(line, "Nice=%d", &nice)
	}
	return nice
}

// Top is the directory of go.mod, at or above the working directory.
func Top() string {
	wd, err := os.Getwd()
	if err != nil {
		return "."
	}
	for dir := wd; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			return wd
		}
	}
}

func (b *Binaries) check() error {
	for _, path := range []string{b.Mcdnsd, b.Mcdns, b.Module} {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("lab: %s is not built: run make build", path)
		}
	}
	return nil
}

// buildLookup compiles the C program that takes the times, if its source is
// newer than what build/ has, and returns its path.
func buildLookup() (string, error) {
	source := filepath.Join(Top(), "test/lab/lookup/lookup.c")
	program := filepath.Join(Top(), "build/lookup")
	if !newer(source, program) {
		return program, nil
	}
	if err := os.MkdirAll(filepath.Dir(program), 0o755); err != nil {
		return "", fmt.Errorf("lab: %w", err)
	}
	// Tests of several packages may build it at the same moment.
	fresh := fmt.Sprintf("%s.%d", program, time.Now().UnixNano())
	out, err := exec.Command(compiler(), "-O2", "-std=gnu11", "-Wall", "-Wextra", "-pthread", "-o", fresh, source).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("lab: compile %s: %w\n%s", source, err, out)
	}
	return program, os.Rename(fresh, program)
}

func compiler() string {
	if cc := os.Getenv("CC"); cc != "" {
		return cc
	}
	return "cc"
}

func newer(source, target string) bool {
	s, err := os.Stat(source)
	if err != nil {
		return false
	}
	t, err := os.Stat(target)
	return err != nil || s.ModTime().After(t.ModTime())
}
