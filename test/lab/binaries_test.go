package lab

import "testing"

// Else the lab tried another daemon than systemd starts.
func TestDaemonIsAsNiceAsItsUnitSays(t *testing.T) {
	if nice := FindBinaries().Nice; nice >= 0 {
		t.Errorf("nice %d; want what mcdnsd.service says", nice)
	}
}
