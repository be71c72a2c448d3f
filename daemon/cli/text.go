package cli

import (
	"io"

	"mcdns/daemon/text"
)

// What the verbs print with, in few letters: package text says what each does.

func ago(seconds float64) string                    { return text.Ago(seconds) }
func size(n int) string                             { return text.Size(n) }
func glyph(sign, ascii string) string               { return text.Glyph(sign, ascii) }
func writeTable(w io.Writer, rows [][]string) error { return text.Table(w, rows) }
func plain[T ~string](s T) string                   { return text.Plain(s) }
func count(n int, thing string) string              { return text.Count(n, thing) }
func hostOf(addr string) string                     { return text.HostOf(addr) }
func roundTrip(ms *float64) string                  { return text.RoundTrip(ms) }
func known(b *bool) string                          { return text.Known(b) }
