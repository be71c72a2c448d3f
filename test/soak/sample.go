package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"mcdns/test/lab"
)

// The figures of a daemon, in the order of the table.
const (
	rss        = iota // KiB
	heap              // KiB
	fds               //
	goroutines        //
	threads           //
	files             // KiB
	members           //
	entries           //
	held              // KiB
	figures           // how many there are
)

var figureNames = [figures]string{
	"resident KiB", "heap KiB", "descriptors", "goroutines", "threads", "saved KiB", "peers known", "answers", "cache KiB",
}

// sample is a daemon at one moment.
type sample struct {
	At      float64          `json:"at_s"`
	Figures [figures]float64 `json:"figures"`
}

// series is one daemon over the whole run.
type series struct {
	Host    string   `json:"host"`
	Samples []sample `json:"samples"`
	Limit   int      `json:"cache_limit"`
}

// measure takes a sample of every daemon that stays, once a minute.
func (s *soak) measure(ctx context.Context) (all []*series) {
	for _, h := range s.stay {
		all = append(all, &series{Host: h.Name})
	}
	begin := time.Now()
	every(ctx, s.unit(), func() {
		for i, h := range s.stay {
			one, err := take(h, all[i])
			one.At = time.Since(begin).Seconds()
			if err == nil {
				all[i].Samples = append(all[i].Samples, one)
			}
			s.happened("sample", err)
		}
		if n := len(all[0].Samples); n%5 == 0 {
			s.show.Say("%s: %v", all[0].Host, all[0].Samples[max(n-1, 0):])
		}
	})
	return all
}

func (s sample) String() string {
	var b strings.Builder
	for i, v := range s.Figures {
		fmt.Fprintf(&b, "%.0f %s, ", v, figureNames[i])
	}
	return strings.TrimSuffix(b.String(), ", ")
}

func take(h *lab.Host, to *series) (s sample, err error) {
	pid := h.Mcdnsd.Pid()
	if pid == 0 {
		return s, fmt.Errorf("%s: no mcdnsd", h.Name)
	}
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	open, err1 := os.ReadDir(filepath.Join(proc, "fd"))
	text, err2 := os.ReadFile(filepath.Join(proc, "status"))
	size, err3 := sizeOf(h.Path("/var/lib/mcdns"))
	status, err4 := h.Status()
	to.Limit = status.Cache.Limit
	s.Figures = [figures]float64{
		rss: field(string(text), "VmRSS"), threads: field(string(text), "Threads"), fds: float64(len(open)),
		heap: float64(status.Process.HeapBytes) / 1024, goroutines: float64(status.Process.Goroutines),
		files: float64(size) / 1024, members: float64(status.Group.Peers),
		entries: float64(status.Cache.Entries), held: float64(status.Cache.Bytes) / 1024,
	}
	return s, errors.Join(err1, err2, err3, err4)
}

// field is a number of /proc/PID/status.
func field(text, name string) float64 {
	_, rest, _ := strings.Cut(text, "\n"+name+":")
	words := strings.Fields(rest)
	if len(words) == 0 {
		return 0
	}
	n, _ := strconv.ParseFloat(words[0], 64)
	return n
}

// sizeOf is what the files of a directory take.
func sizeOf(dir string) (size int64, err error) {
	list, err := os.ReadDir(dir)
	for _, e := range list {
		info, err := e.Info()
		if errors.Is(err, os.ErrNotExist) {
			continue // just renamed
		}
		if err != nil {
			return size, err
		}
		size += info.Size()
	}
	return size, err
}
