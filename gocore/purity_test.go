package gocore_test

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// allowed are the packages that gocore may import and why. A package that is
// not here is an import to think about first; those of banned say what breaks.
var allowed = map[string]string{
	"bytes":           "pure",
	"cmp":             "pure",
	"container/heap":  "pure",
	"container/list":  "pure",
	"crypto/cipher":   "pure: nonces come in as arguments",
	"crypto/hkdf":     "pure",
	"crypto/sha256":   "pure",
	"encoding/binary": "pure",
	"encoding/hex":    "pure",
	"errors":          "pure",
	"fmt":             "for texts; its Print functions are banned below",
	"iter":            "pure",
	"log/slog":        "for Level in the Log effect; its loggers are banned below",
	"maps":            "pure; what it yields is unordered, so it is sorted before it is output",
	"math":            "pure",
	"math/bits":       "pure",
	"math/rand/v2":    "for Rand, which the driver seeds; its global functions are banned below",
	"net/netip":       "addresses as values, no sockets",
	"slices":          "pure",
	"sort":            "pure",
	"strconv":         "pure",
	"strings":         "pure",
	"time":            "for Duration; whatever reads a clock or waits is banned below",
	"unicode/utf8":    "pure",
	"unique":          "values made once: pure to whoever compares them",

	"github.com/miekg/dns":                 "the wire format; frozen, so only dns may import it and a successor replaces it there",
	"golang.org/x/crypto/chacha20poly1305": "sealing; only trust may import it",
	"mcdns/gocore/cache":                   "",
	"mcdns/gocore/catchup":                 "",
	"mcdns/gocore/dns":                     "",
	"mcdns/gocore/failures":                "",
	"mcdns/gocore/fetch":                   "",
	"mcdns/gocore/group":                   "",
	"mcdns/gocore/held":                    "",
	"mcdns/gocore/help":                    "",
	"mcdns/gocore/upstream":                "",
	"mcdns/gocore/labels":                  "",
	"mcdns/gocore/limit":                   "",
	"mcdns/gocore/lookup":                  "",
	"mcdns/gocore/names":                   "",
	"mcdns/gocore/node":                    "",
	"mcdns/gocore/order":                   "",
	"mcdns/gocore/renewal":                 "",
	"mcdns/gocore/query":                   "",
	"mcdns/gocore/request":                 "",
	"mcdns/gocore/sharing":                 "",
	"mcdns/gocore/timers":                  "",
	"mcdns/gocore/trust":                   "",
	"mcdns/gocore/wire":                    "",
}

// only names the one directory that may import a package.
var only = map[string]string{
	"github.com/miekg/dns":                 "dns",
	"golang.org/x/crypto/chacha20poly1305": "trust",
}

// banned are the packages that somebody will one day want to import, and what
// would break.
var banned = map[string]string{
	"context":       "cancellation is the driver's; the core returns at once",
	"crypto/rand":   "a run would not repeat from its seed; nonces are arguments",
	"hash/maphash":  "its seeds are random: a run would not repeat",
	"io":            "the core takes bytes and returns bytes; who reads and writes is the driver",
	"log":           "logs are effects: the driver writes them",
	"math/rand":     "its functions share one global source: a run would not repeat from its seed",
	"net":           "a socket in the core cannot be simulated; addresses are net/netip",
	"net/http":      "a socket in the core cannot be simulated",
	"os":            "files and the environment differ from host to host; they come in as settings",
	"os/exec":       "the core touches nothing",
	"path/filepath": "the core knows no files",
	"reflect":       "decisions are written out, and 300 million messages a day have to be cheap",
	"runtime":       "what the core does must not depend on the machine",
	"sync":          "one goroutine owns a node: a lock would hide that two do",
	"sync/atomic":   "one goroutine owns a node",
	"syscall":       "the core touches nothing",
	"testing":       "product code does not test",
	"unsafe":        "hostile bytes are read with bounds",
}

// names are what must not be used of packages that may be imported, and why.
// The values tie them to the real thing: if a name goes away, this does not
// compile, instead of holding nothing.
var names = map[string]map[string]struct {
	why  string
	real any
}{
	"time": {
		"Now":       {"time comes in as an argument, or nothing can be replayed", time.Now},
		"Since":     {"reads the clock", time.Since},
		"Until":     {"reads the clock", time.Until},
		"Sleep":     {"the core never waits: it says when to be woken", time.Sleep},
		"After":     {"starts a timer: NextWake says when", time.After},
		"AfterFunc": {"starts a timer", time.AfterFunc},
		"NewTimer":  {"starts a timer", time.NewTimer},
		"NewTicker": {"starts a timer", time.NewTicker},
		"Tick":      {"starts a timer", time.Tick},
		"Local":     {"differs from host to host", time.Local},
	},
	"fmt": {
		"Print":    {"output is the driver's", fmt.Print},
		"Printf":   {"output is the driver's", fmt.Printf},
		"Println":  {"output is the driver's", fmt.Println},
		"Fprint":   {"output is the driver's", fmt.Fprint},
		"Fprintln": {"output is the driver's", fmt.Fprintln},
		"Scan":     {"input is the driver's", fmt.Scan},
		"Scanln":   {"input is the driver's", fmt.Scanln},
		"Scanf":    {"input is the driver's", fmt.Scanf},
	},
	"log/slog": {
		"Default":    {"logs are effects", slog.Default},
		"SetDefault": {"logs are effects", slog.SetDefault},
		"New":        {"logs are effects", slog.New},
		"Log":        {"logs are effects", slog.Log},
		"Debug":      {"logs are effects", slog.Debug},
		"Info":       {"logs are effects", slog.Info},
		"Warn":       {"logs are effects", slog.Warn},
		"Error":      {"logs are effects", slog.Error},
	},
	"math/rand/v2": {
		"Int":         {global, rand.Int},
		"IntN":        {global, rand.IntN},
		"Int32":       {global, rand.Int32},
		"Int32N":      {global, rand.Int32N},
		"Int64":       {global, rand.Int64},
		"Int64N":      {global, rand.Int64N},
		"Uint":        {global, rand.Uint},
		"UintN":       {global, rand.UintN},
		"Uint32":      {global, rand.Uint32},
		"Uint32N":     {global, rand.Uint32N},
		"Uint64":      {global, rand.Uint64},
		"Uint64N":     {global, rand.Uint64N},
		"N":           {global, rand.N[int]},
		"Float32":     {global, rand.Float32},
		"Float64":     {global, rand.Float64},
		"ExpFloat64":  {global, rand.ExpFloat64},
		"NormFloat64": {global, rand.NormFloat64},
		"Perm":        {global, rand.Perm},
		"Shuffle":     {global, rand.Shuffle},
	},
	"github.com/miekg/dns": {
		"Id":          {"draws from crypto/rand", dns.Id},
		"SetQuestion": {"draws an id from crypto/rand", (*dns.Msg).SetQuestion},
		"Exchange":    {"opens a socket", dns.Exchange},
		"Client":      {"opens sockets", dns.Client{}},
		"Server":      {"opens sockets", dns.Server{}},
		"Dial":        {"opens a socket", dns.Dial},
	},
}

const global = "the global source is seeded anew in each process: a run would not repeat from its seed"

// methods are banned by their bare name, whatever they are called on.
var methods = map[string]string{"SetQuestion": "github.com/miekg/dns"}

// impurities lists what a file of directory dir does that gocore must not.
func impurities(dir string, fset *token.FileSet, file *ast.File) (found []string) {
	say := func(n ast.Node, format string, args ...any) {
		found = append(found, fmt.Sprintf("%s: %s", fset.Position(n.Pos()), fmt.Sprintf(format, args...)))
	}
	local := map[string]string{} // name in this file -> import path
	for _, s := range file.Imports {
		path, _ := strconv.Unquote(s.Path.Value)
		name := path[strings.LastIndex(path, "/")+1:]
		if path == "math/rand/v2" {
			name = "rand"
		}
		if s.Name != nil {
			name = s.Name.Name
		}
		local[name] = path
		_, fine := allowed[path]
		switch why := banned[path]; {
		case why != "":
			say(s, "imports %s: %s", path, why)
		case !fine:
			say(s, "imports %s, which is not in the table of this test: say there why it is pure", path)
		case only[path] != "" && only[path] != dir:
			say(s, "imports %s, which only %s may: %s", path, only[path], allowed[path])
		case name == "." || name == "_":
			say(s, "imports %s as %s, past this test", path, name)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			say(n, "starts a goroutine: a node is one goroutine's, and order would depend on the scheduler")
		case *ast.SelectStmt, *ast.SendStmt, *ast.ChanType:
			say(n, "uses a channel: order would depend on the scheduler")
		case *ast.CallExpr:
			if f, ok := n.Fun.(*ast.Ident); ok && (f.Name == "print" || f.Name == "println") {
				say(n, "prints: output is the driver's")
			}
		case *ast.SelectorExpr:
			if path := methods[n.Sel.Name]; path != "" {
				say(n, "calls %s: %s", n.Sel.Name, names[path][n.Sel.Name].why)
			} else if x, ok := n.X.(*ast.Ident); ok {
				if ban, ok := names[local[x.Name]][n.Sel.Name]; ok {
					say(n, "uses %s.%s: %s", x.Name, n.Sel.Name, ban.why)
				}
			}
		}
		return true
	})
	return found
}

func TestCoreIsPure(t *testing.T) {
	packages := map[string]bool{}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, path, nil, 0)
		if err != nil {
			return err
		}
		dir := filepath.Dir(path)
		packages[dir] = true
		for _, s := range impurities(dir, fset, file) {
			t.Error(s)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"dns", "wire", "cache", "group", "names", "trust", "node"} {
		if !packages[p] {
			t.Errorf("no files of %s seen: the test looks in the wrong place", p)
		}
	}
}

func TestEveryRuleOfPurityIsHeld(t *testing.T) {
	const head = "package x\n"
	cases := map[string]string{
		"a goroutine":         head + "func f() { go f() }",
		"a channel":           head + "var c chan int",
		"println":             head + "func f() { println(1) }",
		"a package not in it": head + `import "text/template"`,
		"a dot import":        head + `import . "time"`,
		"a blank import":      head + `import _ "time"`,
		"a renamed clock":     head + `import clock "time"; var f = clock.Now`,
		"miekg/dns elsewhere": head + `import "github.com/miekg/dns"; var _ dns.Msg`,
		"an id drawn":         head + `func f(m interface{ SetQuestion() }) { m.SetQuestion() }`,
	}
	for path := range banned {
		cases["import "+path] = head + "import " + strconv.Quote(path)
	}
	for path, of := range names {
		for name := range of {
			cases[path+"."+name] = head + "import p " + strconv.Quote(path) + "\nvar _ = p." + name
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cases)) {
		dir := "node"
		if strings.HasPrefix(name, "github.com/miekg/dns.") {
			dir = "dns" // where the import itself passes
		}
		fset := token.NewFileSet()
		file, err := parser.ParseFile(fset, name, cases[name], 0)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(impurities(dir, fset, file)) == 0 {
			t.Errorf("%s passes", name)
		}
	}
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "good", head+`import ("time"; "math/rand/v2")
		func f(r *rand.Rand, d time.Duration) time.Duration { return d + time.Duration(r.IntN(5)) }`, 0)
	if err != nil {
		t.Fatal(err)
	}
	if found := impurities("node", fset, file); len(found) > 0 {
		t.Errorf("pure code is called impure: %v", found)
	}
}

// A ban of a package that is gone would hold nothing.
func TestBannedPackagesStillExist(t *testing.T) {
	for path, why := range banned {
		if why == "" || allowed[path] != "" {
			t.Errorf("%s: banned without a reason, or allowed as well", path)
		}
		if path == "unsafe" {
			continue // the compiler's own
		}
		if p, err := build.Import(path, "", build.FindOnly); err != nil || !p.Goroot {
			t.Errorf("%s: %v", path, err)
		}
	}
	for path, of := range names {
		for name, ban := range of {
			if ban.why == "" || ban.real == nil {
				t.Errorf("%s.%s: no reason, or not tied to the real thing", path, name)
			}
		}
	}
}

// The race detector is left out for the core and its tests (the Makefile's race): it would
// find nothing where nothing runs beside anything.
func TestTestsOfTheCoreRunOneAfterAnother(t *testing.T) {
	files := 0
	sources(t, func(path, text string) {
		if !strings.HasPrefix(path, filepath.Join("..", "gocore")) {
			return
		}
		files++
		for _, what := range beside(t, path, text) {
			t.Errorf("%s: %s; the race detector does not look there", path, what)
		}
	}, "_test.go")
	if files < 50 {
		t.Errorf("looked at %d files", files)
	}
	for _, bad := range []string{"go f()", "t.Parallel()", "b.RunParallel(f)", "w.Go(f)"} {
		if len(beside(t, "bad", "package p; func g() { "+bad+" }")) == 0 {
			t.Errorf("%s passes", bad)
		}
	}
}

// beside lists what of a file runs beside the rest.
func beside(t *testing.T, path, text string) (found []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, text, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, "starts a goroutine")
		case *ast.CallExpr:
			if s, ok := n.Fun.(*ast.SelectorExpr); ok && slices.Contains([]string{"Parallel", "RunParallel", "Go", "AfterFunc"}, s.Sel.Name) {
				found = append(found, "calls "+s.Sel.Name)
			}
		}
		return true
	})
	return found
}
