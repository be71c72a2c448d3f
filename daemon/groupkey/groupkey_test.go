package groupkey

import (
	"io/fs"
	"mcdns/test/keys"
	"mcdns/test/need"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func write(t *testing.T, path string, content []byte, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func TestKeyThatIsNoSecretIsRefused(t *testing.T) {
	cases := []struct {
		name  string
		make  func(t *testing.T, path string)
		want  string // in the problem; "" for none
		solo  bool
		opens int
	}{
		{"absent", func(*testing.T, string) {}, "", true, 0},
		{"0600", func(t *testing.T, p string) { write(t, p, keys.Bytes(1), 0o600) }, "", false, 1},
		{"0640", func(t *testing.T, p string) { write(t, p, keys.Bytes(1), 0o640) }, "", false, 1},
		{"others read", func(t *testing.T, p string) { write(t, p, keys.Bytes(1), 0o644) }, "mode 0644 lets others read or write the key", true, 0},
		{"others write", func(t *testing.T, p string) { write(t, p, keys.Bytes(1), 0o602) }, "mode 0602 lets others read or write the key", true, 0},
		{"group writes", func(t *testing.T, p string) { write(t, p, keys.Bytes(1), 0o660) }, "mode 0660 lets a group write the key", true, 0},
		{"short", func(t *testing.T, p string) { write(t, p, keys.Bytes(1)[:31], 0o600) }, "32", true, 0},
		{"long", func(t *testing.T, p string) { write(t, p, append(keys.Bytes(1), '\n'), 0o600) }, "32", true, 0},
		{"empty", func(t *testing.T, p string) { write(t, p, nil, 0o600) }, "32", true, 0},
		{"directory", func(t *testing.T, p string) { write(t, p+"/x", nil, 0o600) }, "not a file", true, 0},
		{"fifo", func(t *testing.T, p string) {
			if err := syscall.Mkfifo(p, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "not a file", true, 0},
		{"keys.d", func(t *testing.T, p string) {
			write(t, p, keys.Bytes(1), 0o600)
			write(t, filepath.Join(Dir(p), "old.key"), keys.Bytes(2), 0o640)
			write(t, filepath.Join(Dir(p), "note.txt"), keys.Bytes(3), 0o640)
		}, "", false, 2},
		{"a bad one in keys.d", func(t *testing.T, p string) {
			write(t, p, keys.Bytes(1), 0o600)
			write(t, filepath.Join(Dir(p), "a.key"), keys.Bytes(2), 0o644)
			write(t, filepath.Join(Dir(p), "b.key"), keys.Bytes(3), 0o640)
		}, "a.key: mode 0644", false, 2},
		{"keys.d is a file", func(t *testing.T, p string) {
			write(t, p, keys.Bytes(1), 0o600)
			write(t, Dir(p), nil, 0o600)
		}, "keys.d: cannot be listed: not a directory", false, 1},
		{"keys.d is empty", func(t *testing.T, p string) {
			write(t, p, keys.Bytes(1), 0o600)
			write(t, filepath.Join(Dir(p), "note.txt"), nil, 0o600)
		}, "", false, 1},
		{"keys.d alone seals nothing", func(t *testing.T, p string) {
			write(t, filepath.Join(Dir(p), "b.key"), keys.Bytes(3), 0o640)
		}, "", true, 0},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "group.key")
			c.make(t, path)
			ring, problems := Load(path)
			text := ""
			for _, p := range problems {
				text += p.Error() + "\n"
			}
			if (c.want == "") != (text == "") || !strings.Contains(text, c.want) {
				t.Errorf("got problems %q; want %q", text, c.want)
			}
			if (ring == nil) != c.solo {
				t.Fatalf("got ring %v; want solo %v", ring, c.solo)
			}
			if ring != nil && len(ring.IDs()) != c.opens {
				t.Errorf("got %d keys; want %d", len(ring.IDs()), c.opens)
			}
			if strings.Contains(text, string(keys.Bytes(1)[:8])) {
				t.Error("the problem shows the key")
			}
		})
	}
}

// TestKeyOfAnotherGroupIsRefused: everybody in it would be a member.
func TestKeyOfAnotherGroupIsRefused(t *testing.T) {
	const foreign = 12345
	for _, c := range []struct {
		mode fs.FileMode
		gid  int
		want string
	}{
		{0o640, 0, ""}, {0o640, os.Getegid(), ""}, {0o600, foreign, ""}, {0o400, foreign, ""},
		{0o640, foreign, "group 12345"}, {0o620, foreign, "a group write"}, {0o620, 0, "a group write"},
	} {
		got := secret(c.mode, c.gid)
		if (got == nil) != (c.want == "") || got != nil && !strings.Contains(got.Error(), c.want) {
			t.Errorf("mode %04o, group %d: got %v; want %q", c.mode, c.gid, got, c.want)
		}
	}
}

func TestKeyOfAnotherUserIsRefused(t *testing.T) {
	const foreign = 12345
	path := filepath.Join(t.TempDir(), "group.key")
	write(t, path, keys.Bytes(1), 0o600)
	if err := os.Chown(path, foreign, 0); err != nil {
		need.Missing(t, "only root can give a file away: "+err.Error())
	}
	if ring, problems := Load(path); ring != nil || len(problems) != 1 || !strings.Contains(problems[0].Error(), "owned by user 12345") {
		t.Errorf("got %v, %v", ring, problems)
	}
}
