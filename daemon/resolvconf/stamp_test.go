package resolvconf

import (
	"testing"
	"time"
)

// TestChangedFileIsNoticed by its stamp, and while it is young whatever its stamp.
func TestChangedFileIsNoticed(t *testing.T) {
	now, young := StampOf(7, time.Unix(1, 0)), false
	m := machine(map[string]string{Path: "search a.example"})
	m.Stamp = func(string) (Stamp, bool) { return now, young }
	c := m.Read()
	if c.Stamp != now || m.Changed(c) {
		t.Errorf("nothing changed: got %v, changed %v", c.Stamp, m.Changed(c))
	}
	for _, s := range []Stamp{StampOf(8, time.Unix(1, 0)), StampOf(7, time.Unix(1, 1)), StampOf(7, time.Unix(2, 0)), Unknown} {
		if now = s; !m.Changed(c) {
			t.Errorf("stamp %x after %x is not noticed", s, c.Stamp)
		}
	}
	young = true
	c = m.Read()
	if young = false; !m.Changed(c) {
		t.Error("a file that was young when it was read is not looked at again")
	}
	if c = m.Read(); m.Changed(c) {
		t.Error("it is looked at for ever")
	}
}

// TestUnreadableFileIsNotReadForEachQuestion: its stamp can be seen all the same.
func TestUnreadableFileIsNotReadForEachQuestion(t *testing.T) {
	m := machine(map[string]string{Path: "EACCES"})
	m.Stamp = func(string) (Stamp, bool) { return Known(1), false }
	if c := m.Read(); m.Changed(c) {
		t.Errorf("got %+v, which is taken for changed", c)
	}
}
