package store

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func identity(t *testing.T, dir, machine string) Identity {
	t.Helper()
	is, err := open(t, dir).Identity(machine)
	must(t, err)
	if is.ID == 0 {
		t.Fatal("the id of nobody")
	}
	return is
}

func TestIdentityIsMadeOnceAndKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mcdns")
	first := identity(t, dir, "m1")
	if second := identity(t, dir, "m1"); second != first || first.Copied {
		t.Errorf("got %+v, then %+v", first, second)
	}
	path := filepath.Join(dir, identityName)
	if st, err := os.Stat(path); err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v; want mode 0600", st.Mode(), err)
	}
	for _, damaged := range []string{"", "zz\n", "seed 00\n", "machine 00\nseed " + strings.Repeat("0", 62) + "\n", "seed " + strings.Repeat("zz", 32) + "\n"} {
		must(t, os.WriteFile(path, []byte(damaged), 0o600))
		is := identity(t, dir, "m1")
		if again := identity(t, dir, "m1"); is.ID == first.ID || is.Copied || again != is {
			t.Errorf("damaged %q: got %+v, then %+v; want a new one that is kept", damaged, is, again)
		}
	}
}

// Hosts that are made from one image would else all be one host.
func TestCopyOnAnotherMachineTakesANewIdentity(t *testing.T) {
	dir := t.TempDir()
	first := identity(t, dir, "m1")
	second := identity(t, dir, "m2")
	if second.ID == first.ID || !second.Copied {
		t.Errorf("on another machine: got %+v after %+v; want a new one, said to be for that", second, first)
	}
	if third := identity(t, dir, "m2"); third.ID != second.ID || third.Copied {
		t.Errorf("there again: got %+v; want %x, kept", third, second.ID)
	}
}

// machine-id is not there everywhere, nor at once: that is no other machine.
func TestMachineWithoutAnIDKeepsItsIdentity(t *testing.T) {
	dir := t.TempDir()
	first := identity(t, dir, "")
	for _, machine := range []string{"", "m1", "", "m1"} {
		if is := identity(t, dir, machine); is != first {
			t.Errorf("machine-id %q: got %+v; want %+v", machine, is, first)
		}
	}
	if is := identity(t, dir, "m2"); !is.Copied || is.ID == first.ID {
		t.Errorf("got %+v on another machine; want a new one, for m1 was noted", is)
	}
}

func TestIDWithoutAKeyIsGivenUp(t *testing.T) {
	dir := t.TempDir()
	elder := filepath.Join(dir, elderName)
	must(t, os.WriteFile(elder, []byte("0123456789abcdef\n"), 0o600))
	if is := identity(t, dir, "m1"); is.ID == 0x0123456789abcdef {
		t.Error("an id that no key stands behind is kept")
	}
	if _, err := os.Stat(elder); !os.IsNotExist(err) {
		t.Errorf("its file: %v; want it gone", err)
	}
}
