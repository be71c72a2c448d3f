// Package text is what the command line prints with: times, sizes and counts as people say
// them, tables, and nothing that moves the cursor, whoever said it.
package text

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"text/tabwriter"
	"time"
)

// Ago says a time as people do: two units at most.
func Ago(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1fs", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dmin", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh%02dmin", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd", int(d.Hours())/24)
}

// Size says a number of bytes.
func Size(n int) string {
	switch {
	case n < 1<<10:
		return fmt.Sprintf("%d B", n)
	case n < 1<<20:
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
}

// Glyph is a sign where the terminal can show it, else plain ASCII. A word
// always stands beside it.
func Glyph(sign, ascii string) string {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToUpper(os.Getenv(name)); v != "" {
			if strings.Contains(v, "UTF-8") || strings.Contains(v, "UTF8") {
				return sign
			}
			return ascii
		}
	}
	return ascii
}

// Table writes rows in columns two spaces apart. Tabs and what moves the cursor are
// no part of a cell, whoever said it.
func Table(w io.Writer, rows [][]string) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i := range row {
			row[i] = Plain(row[i])
		}
		fmt.Fprintln(t, strings.Join(row, "\t"))
	}
	return t.Flush()
}

// Plain keeps what came over the socket from moving the cursor.
func Plain[T ~string](s T) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return '?'
		}
		return r
	}, string(s))
}

// Count says how many of a thing there are.
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// HostOf is an address without the port, which is the group's.
func HostOf(addr string) string {
	a, err := netip.ParseAddrPort(addr)
	if err != nil {
		return addr
	}
	return a.Addr().String()
}

// RoundTrip says how long one took, ? for none.
func RoundTrip(ms *float64) string {
	switch {
	case ms == nil:
		return "?"
	case *ms < 10:
		return fmt.Sprintf("%.1fms", *ms)
	}
	return fmt.Sprintf("%.0fms", *ms)
}

// Known says yes or no, ? for what is not known.
func Known(b *bool) string {
	switch {
	case b == nil:
		return "?"
	case *b:
		return "yes"
	}
	return "no"
}
