package nss

import (
	"debug/elf"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var exported = []string{
	"_nss_mcdns_gethostbyaddr2_r", "_nss_mcdns_gethostbyaddr_r", "_nss_mcdns_gethostbyname2_r",
	"_nss_mcdns_gethostbyname3_r", "_nss_mcdns_gethostbyname4_r", "_nss_mcdns_gethostbyname_r",
}

func open(t *testing.T) (*elf.File, string) {
	t.Helper()
	path := module(t)
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f, path
}

// Anything else that the module exports could take the place of a program's own
// function of that name.
func TestSixFunctionsAndNothingElse(t *testing.T) {
	f, _ := open(t)
	symbols, err := f.DynamicSymbols()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range symbols {
		if s.Section != elf.SHN_UNDEF {
			got = append(got, s.Name)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, exported) {
		t.Errorf("exports %q; want %q", got, exported)
	}
}

// 2.17 is the oldest glibc of any distribution that still gets fixes, and the
// symbols of a later one would keep the module from loading there.
func TestNoSymbolIsYoungerThanGlibc217(t *testing.T) {
	f, _ := open(t)
	if f.Machine == elf.EM_AARCH64 || f.Machine == elf.EM_RISCV {
		t.Skipf("%v began with a later glibc", f.Machine)
	}
	symbols, err := f.ImportedSymbols()
	if err != nil {
		t.Fatal(err)
	}
	if len(symbols) < 10 {
		t.Fatalf("imports only %d symbols: not the module?", len(symbols))
	}
	for _, s := range symbols {
		version, ok := strings.CutPrefix(s.Version, "GLIBC_2.")
		if s.Version == "" {
			continue // weak: of the compiler's start files
		}
		minor, err := strconv.Atoi(strings.Split(version, ".")[0])
		if !ok || err != nil || minor > 17 {
			t.Errorf("%s needs %s; want at most GLIBC_2.17", s.Name, s.Version)
		}
	}
}

// No heap, no threads, no signals, no stdio: what is not imported cannot be
// called. A new import is a decision, so each is named here.
func TestImportsAreTheFewThatWereChosen(t *testing.T) {
	// syscall is for stat alone, which would need glibc 2.33.
	chosen := strings.Fields(`socket connect sendmsg recv poll close open read clock_gettime secure_getenv syscall
		pthread_setcancelstate __errno_location memcpy memset memcmp strlen strnlen strcmp strchr
		__cxa_finalize __gmon_start__ _ITM_deregisterTMCloneTable _ITM_registerTMCloneTable
		__stack_chk_fail __memcpy_chk __memset_chk __recv_chk __read_chk __poll_chk __open_2`)
	f, _ := open(t)
	symbols, err := f.ImportedSymbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range symbols {
		if !slices.Contains(chosen, s.Name) {
			t.Errorf("imports %s", s.Name)
		}
	}
	libraries, err := f.ImportedLibraries()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(libraries, []string{"libc.so.6"}) {
		t.Errorf("needs %q; want libc.so.6 alone", libraries)
	}
}

func TestModuleStaysLoadedAndIsBoundAtOnce(t *testing.T) {
	f, _ := open(t)
	flags, err := f.DynValue(elf.DT_FLAGS_1)
	if err != nil || len(flags) != 1 {
		t.Fatalf("DT_FLAGS_1: %v, %v", flags, err)
	}
	for _, want := range []elf.DynFlag1{elf.DF_1_NOW, elf.DF_1_NODELETE} {
		if elf.DynFlag1(flags[0])&want == 0 {
			t.Errorf("DT_FLAGS_1 is %v; want %v in it", elf.DynFlag1(flags[0]), want)
		}
	}
	if name, err := f.DynString(elf.DT_SONAME); err != nil || !slices.Equal(name, []string{"libnss_mcdns.so.2"}) {
		t.Errorf("soname %q, %v", name, err)
	}
}

// A TLS segment costs every thread, or an allocation that may fail in a lookup
// and end the program; writable data is state that a fork would copy.
func TestNoThreadLocalAndNoWritableData(t *testing.T) {
	f, path := open(t)
	for _, p := range f.Progs {
		if p.Type == elf.PT_TLS {
			t.Error("has a TLS segment")
		}
		if p.Type == elf.PT_GNU_STACK && p.Flags&elf.PF_X != 0 {
			t.Error("wants an executable stack")
		}
	}
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range symbols {
		if elf.ST_TYPE(s.Info) != elf.STT_OBJECT || s.Section >= elf.SHN_LORESERVE || s.Section == elf.SHN_UNDEF {
			continue
		}
		section := f.Sections[s.Section]
		writable := section.Flags&elf.SHF_WRITE != 0 && section.Name != ".dynamic" && section.Name != ".data.rel.ro"
		if writable && !strings.HasPrefix(s.Name, "__") && !strings.HasPrefix(s.Name, "completed") && !strings.HasPrefix(s.Name, "_GLOBAL_OFFSET") {
			t.Errorf("%s in %s can be written", s.Name, section.Name)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() >= 64<<10 {
		t.Errorf("has %d bytes; want less than 64 KiB", info.Size())
	}
}
