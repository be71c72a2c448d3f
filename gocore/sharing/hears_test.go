package sharing

import (
	"testing"

	"mcdns/gocore/wire"
)

// A message that is sent and never heard would be counted, sealed and lost.
func TestEveryKindOfMessageIsHeard(t *testing.T) {
	for k := range wire.EachKind {
		if row := hears[k]; row.before == nil && row.after == nil {
			t.Errorf("%v: no member is heard who says it; give it a row in hears.go", k)
		}
	}
}
