package nss

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mcdns/daemon/resolvconf"
	"mcdns/test/nss/fake"
)

func TestCallersEnvironmentGoesAlong(t *testing.T) {
	tests := []struct {
		name string
		env  []string
		want request
	}{
		{"none", nil, request{}},
		{"search list", []string{"LOCALDOMAIN=a.example b.example"}, request{Flags: 2, LocalDomain: "a.example b.example"}},
		{"options", []string{"RES_OPTIONS=ndots:3 no-aaaa"}, request{Flags: 4, ResOptions: "ndots:3 no-aaaa"}},
		{"both, one empty", []string{"LOCALDOMAIN=", "RES_OPTIONS=debug"}, request{Flags: 6, ResOptions: "debug"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			d := listen(t, say(reply{Status: fake.NoName}.Frame()))
			call(t, append(test.env, "call", "4", "0", "www", "1024")...).want(t, "status", "NOTFOUND")
			test.want.Kind, test.want.Families, test.want.Name = 1, 3, "www"
			if got := d.Asked(); len(got) != 1 || got[0] != test.want {
				t.Errorf("asked %+v; want %+v", got, test.want)
			}
		})
	}
}

func TestEnvironmentTooLongIsLeftToNssDns(t *testing.T) {
	d := listen(t, say(found(four, []string{"host.example.org"}, 7).Frame()))
	for _, size := range []int{8192 - fake.HeaderSize - len("www") + 1, 8193, 70000} {
		unavailable(t, call(t, "LOCALDOMAIN="+strings.Repeat("x", size), "call", "4", "0", "www", "1024"))
	}
	call(t, "LOCALDOMAIN="+strings.Repeat("x", 8192-fake.HeaderSize-len("www")), "call", "4", "0", "www", "1024").want(t, "status", "SUCCESS")
	if n := len(d.Asked()); n != 1 {
		t.Errorf("asked %d times; want once", n)
	}
}

// What the program sees of resolv.conf goes along with every question, for there may
// be another in its namespace or root. One that is not there is no news.
func TestStampOfResolvConfGoesAlong(t *testing.T) {
	d := listen(t, say(reply{Status: fake.NoName}.Frame()))
	ask := func() request {
		t.Helper()
		for _, args := range [][]string{{"4", "0", "www"}, {"2", inet, "www"}, {"a2", inet, "c0000207"}} {
			call(t, append([]string{"call"}, append(args, "1024")...)...).want(t, "status", "NOTFOUND", "own_errno", "kept")
		}
		all := d.Asked()
		last := all[len(all)-1]
		for _, q := range all[len(all)-3:] {
			if q.Stamp != last.Stamp || q.Flags != last.Flags {
				t.Errorf("one program, two stamps: %+v", all)
			}
		}
		return last
	}
	if got := ask(); got.Flags != 0 || got.Stamp != 0 {
		t.Errorf("no file: got %+v; want no stamp", got)
	}
	t.Cleanup(func() { os.Remove(resolvConf()) })
	seen := map[uint32]bool{}
	for size := range 3 {
		for _, at := range []time.Time{time.Unix(1764525455, 0), time.Unix(1764525455, 1), time.Unix(1764525456, 0)} {
			if err := os.WriteFile(resolvConf(), make([]byte, size), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(resolvConf(), at, at); err != nil {
				t.Fatal(err)
			}
			got := ask()
			if want := resolvconf.StampOf(int64(size), at); got.Flags != 8 || resolvconf.Known(got.Stamp) != want {
				t.Errorf("%d bytes, %v: got %+v; want the daemon's stamp %x", size, at, got, want.Bits())
			}
			seen[got.Stamp] = true
		}
	}
	if len(seen) != 9 {
		t.Errorf("%d stamps of 9 files", len(seen))
	}
}

// mcdnsd says so where the program's network or resolv.conf is another: dns is asked.
func TestNotHereIsLeftToNssDns(t *testing.T) {
	d := listen(t, say(reply{Status: fake.NotHere}.Frame()))
	for _, args := range [][]string{{"4", "0", "www"}, {"3", inet, "www"}, {"2", inet6, "www"}, {"1", inet, "www"}, {"a2", inet, "c0000207"}} {
		unavailable(t, call(t, append([]string{"call"}, append(args, "1024")...)...))
	}
	if n := len(d.Asked()); n != 5 {
		t.Errorf("asked %d times; want once each", n)
	}
}

func TestModuleCanBeSwitchedOff(t *testing.T) {
	d := listen(t, say(found(four, []string{"host.example.org"}, 7).Frame()))
	unavailable(t, call(t, "MCDNS_NSS_DISABLE=1", "call", "4", "0", "www", "1024"))
	if len(d.Asked()) != 0 {
		t.Errorf("asked %+v; want nothing", d.Asked())
	}
	call(t, "MCDNS_NSS_DISABLE=0", "call", "4", "0", "www", "1024").want(t, "status", "SUCCESS")
}

func TestHostAliases(t *testing.T) {
	const noSearch = 1
	long := strings.Repeat("v", 1500)
	tests := []struct {
		name, file, ask, want string
		flags                 byte
	}{
		{"gives another name", "www www.example.org\n", "www", "www.example.org", 0},
		{"case and dots at the end do not count", "WwW.. x.example\n", "wWw", "x.example", 0},
		{"the first line that matches", "a b.c\nwww x.example\nwww y.example\n", "www", "x.example", 0},
		{"rest of the line does not count", "\twww no.example\nwww \t x.example # why\n", "www", "x.example", 0},
		{"no newline at the end", "www x.example", "www", "x.example", 0},
		{"only whole names", "ww x.example\nwwww y.example\nww. z.example\n", "www", "www", 0},
		{"names with a dot have none", "www.example x.example\n", "www.example", "www.example", 0},
		{"empty lines do not count", "\n\nwww x.example\n", "www", "x.example", 0},
		{"a line without white space ends the file", "www x.example\nlast", "last", "last", 0},
		{"a match with nothing behind it ends the search", "www\nwww x.example\n", "www", "www", 0},
		{"a match with spaces behind it ends the search", "www  \t \nwww x.example\n", "www", "www", 0},
		{"a NUL ends the search", "a\x00b c\nwww x.example\n", "www", "www", 0},
		{"a NUL ends the alias", "www x.exa\x00mple\n", "www", "x.exa", 0},
		{"alias of an alias is final", "www web\nweb x.example\n", "www", "x.example", noSearch},
		{"alias without a dot and its own", "www www\n", "www", "www", noSearch},
		{"alias without a dot", "www web\n", "www", "web", 0},
		{"long alias is cut", "www " + long + "\n", "www", long[:1024], 0},
		{"long name is none", long + " x.example\nwww y.example\n", "www", "y.example", 0},
		{"beyond 64 KiB nothing is read", strings.Repeat("a b.example\n", 6000) + "www x.example\n", "www", "www", 0},
		{"across the pieces it is read in", strings.Repeat("a b.example\n", 42) + "www xyz.example.org\n", "www", "xyz.example.org", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "aliases")
			if err := os.WriteFile(file, []byte(test.file), 0o644); err != nil {
				t.Fatal(err)
			}
			d := listen(t, say(reply{Status: fake.NoName}.Frame()))
			call(t, "HOSTALIASES="+file, "call", "2", inet, test.ask, "1024").want(t, "status", "NOTFOUND", "own_errno", "kept")
			if got := d.Asked(); len(got) != 1 || got[0].Name != test.want || got[0].Flags != test.flags {
				t.Errorf("asked %+v; want %.40q, flags %d", got, test.want, test.flags)
			}
		})
	}
}
