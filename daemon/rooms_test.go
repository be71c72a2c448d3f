// Package daemon_test holds what is promised of all packages: how large they and
// what is in them may grow, that nobody hands out what is his to write, and that
// each says where to begin reading.
package daemon_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/doc"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// roots are the folders whose packages keep to the numbers.
var roots = []string{"daemon", "gocore"}

// No room may be larger: beyond it nobody sees all of a thing at once. Lines are
// those of the files, comments and all.
const (
	mostMethods   = 60 // of a type, promoted ones counted
	mostFields    = 20 // of a struct
	mostLines     = 2200
	mostLinesFunc = 50
)

// tooLarge is what is larger yet: what follows may shrink, and nothing may join it.
var tooLarge = map[string]int{}

// handedOut is what a room gives away on purpose, and why.
var handedOut = map[string]string{
	"mcdns/gocore/node.Node.Handle": "effects are the driver's until the next Handle: a list for each input would be as many allocations",
	"mcdns/gocore/node.Node.Made":   "the same, for a driver that goes on after a panic",
}

// values are types whose fields nobody writes to once a value is out: hosts, threads and
// copied worlds share them.
var values = map[string]bool{"mcdns/gocore/dns.Answer": true, "mcdns/gocore/wire.Message": true}

// name is that of a function, with its type.
func name(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	return strings.TrimPrefix(types.ExprString(d.Recv.List[0].Type), "*") + "." + d.Name.Name
}

// holds fails the test if something is larger than it may be.
func holds(t *testing.T, at token.Pos, what, of string, got, most int) {
	if more, is := tooLarge[what+": "+of]; is {
		most = more
	}
	if got > most {
		t.Errorf("%s: %s has %d %s; at most %d", fset.Position(at), what, got, of, most)
	}
}

// room is a package without its tests.
type room struct {
	path  string
	files []*ast.File
	types *types.Package
	info  *types.Info
}

var fset = token.NewFileSet()

// house loads the packages below the roots, each once.
var house = sync.OnceValues(func() ([]room, error) {
	packages, err := list()
	if err != nil {
		return nil, err
	}
	exports := map[string]string{}
	for _, p := range packages {
		exports[p.ImportPath] = p.Export
	}
	from := importer.ForCompiler(fset, "gc", func(path string) (io.ReadCloser, error) {
		if exports[path] == "" {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(exports[path])
	})
	var rooms []room
	for _, p := range packages {
		if len(p.GoFiles) == 0 || !below(p.ImportPath) {
			continue
		}
		r, err := load(p, from)
		if err != nil {
			return nil, err
		}
		rooms = append(rooms, r)
	}
	if len(rooms) < 20 {
		return nil, fmt.Errorf("%d packages below %v; that cannot be all", len(rooms), roots)
	}
	return rooms, nil
})

type listed struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
}

// list asks the go command, which has compiled everything for this test anyway.
func list() (all []listed, err error) {
	args := []string{"list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles"}
	for _, root := range roots {
		args = append(args, "mcdns/"+root+"/...")
	}
	c := exec.Command("go", args...)
	var why strings.Builder
	c.Stderr = &why
	out, err := c.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, why.String())
	}
	d := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
}

func below(path string) bool {
	for _, root := range roots {
		if strings.HasPrefix(path+"/", "mcdns/"+root+"/") {
			return true
		}
	}
	return false
}

func newInfo() *types.Info {
	return &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
		Uses: map[*ast.Ident]types.Object{}, Defs: map[*ast.Ident]types.Object{},
	}
}

func load(p listed, from types.Importer) (room, error) {
	r := room{path: p.ImportPath, info: newInfo()}
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(fset, filepath.Join(p.Dir, name), nil, parser.ParseComments)
		if err != nil {
			return room{}, err
		}
		r.files = append(r.files, f)
	}
	var err error
	r.types, err = (&types.Config{Importer: from}).Check(p.ImportPath, fset, r.files, r.info)
	return r, err
}

func rooms(t *testing.T) []room {
	t.Helper()
	all, err := house()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestNoRoomIsLargerThanOneCanSee(t *testing.T) {
	for _, r := range rooms(t) {
		lines := 0
		for _, f := range r.files {
			lines += fset.File(f.FileStart).LineCount()
			for _, d := range f.Decls {
				if d, ok := d.(*ast.FuncDecl); ok {
					if n := fset.Position(d.End()).Line - fset.Position(d.Pos()).Line + 1; n > mostLinesFunc {
						t.Errorf("%s: %s has %d lines; at most %d", fset.Position(d.Pos()), d.Name, n, mostLinesFunc)
					}
				}
			}
		}
		holds(t, r.files[0].Pos(), r.path, "lines", lines, mostLines)
		for _, name := range r.types.Scope().Names() {
			if t2, ok := r.types.Scope().Lookup(name).(*types.TypeName); ok {
				lookAt(t, t2)
			}
		}
	}
}

func lookAt(t *testing.T, named *types.TypeName) {
	name := named.Pkg().Path() + "." + named.Name()
	if s, isStruct := named.Type().Underlying().(*types.Struct); isStruct {
		holds(t, named.Pos(), name, "fields", s.NumFields(), mostFields)
	}
	methods := types.NewMethodSet(named.Type())
	if !types.IsInterface(named.Type()) {
		methods = types.NewMethodSet(types.NewPointer(named.Type()))
	}
	holds(t, named.Pos(), name, "methods", methods.Len(), mostMethods)
}

// State has one writer: whoever got a map, a slice or a pointer of another room could
// write to it, and would read it while it is written to.
func TestNoRoomHandsOutWhatIsItsToWrite(t *testing.T) {
	for _, r := range rooms(t) {
		for _, f := range r.files {
			for _, d := range f.Decls {
				if d, ok := d.(*ast.FuncDecl); ok && d.Body != nil && d.Name.IsExported() {
					for _, e := range r.handsOut(d) {
						if why := handedOut[r.path+"."+name(d)]; why == "" {
							t.Errorf("%s: %s returns %s itself; return a copy, or what is asked of it", fset.Position(e.Pos()), d.Name, types.ExprString(e))
						}
					}
				}
			}
		}
	}
}

// handsOut lists what a function returns of the insides of its room.
func (r room) handsOut(d *ast.FuncDecl) (out []ast.Expr) {
	ast.Inspect(d.Body, func(n ast.Node) bool {
		if _, is := n.(*ast.FuncLit); is {
			return false
		}
		if back, ok := n.(*ast.ReturnStmt); ok {
			for _, e := range back.Results {
				if r.inside(d, e) && writable(r.info.Types[e].Type) {
					out = append(out, e)
				}
			}
		}
		return true
	})
	return out
}

// inside reports whether an expression is a place in a field that no other room can name,
// of what the function is a method of or was given.
func (r room) inside(d *ast.FuncDecl, e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.UnaryExpr:
		return e.Op == token.AND && r.inside(d, e.X)
	case *ast.IndexExpr:
		return r.inside(d, e.X)
	case *ast.SliceExpr:
		return r.inside(d, e.X)
	case *ast.SelectorExpr:
		s := r.info.Selections[e]
		if s == nil || s.Kind() != types.FieldVal {
			return false
		}
		return r.inside(d, e.X) || !s.Obj().Exported() && r.given(d, e.X)
	}
	return false
}

// given reports whether an expression begins with a receiver or parameter that is not the
// function's own copy.
func (r room) given(d *ast.FuncDecl, e ast.Expr) bool {
	for {
		switch x := ast.Unparen(e).(type) {
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.Ident:
			at := r.info.ObjectOf(x).Pos()
			return d.Pos() <= at && at < d.Body.Pos()
		default:
			return false
		}
	}
}

// writable reports whether who has a value of a type can change what it leads to: a map, a
// slice, or a pointer to what has fields for all to write.
func writable(t types.Type) bool {
	switch t := t.Underlying().(type) {
	case *types.Map, *types.Slice:
		return true
	case *types.Pointer:
		s, ok := t.Elem().Underlying().(*types.Struct)
		if !ok || values[t.Elem().String()] {
			return !ok
		}
		for f := range s.Fields() {
			if f.Exported() && !f.Embedded() {
				return true
			}
		}
	}
	return false
}

// planted has, by their names, what is handed out and what is not.
const planted = `package planted

type Room struct {
	byNumber map[int]int
	list     []int
	inner    struct{ more [][]int }
	other    *Other
	closed   *closed
	Given    []int
}
type Other struct{ Written int }
type closed struct{ written int }

func (r *Room) SeenMap() map[int]int     { return r.byNumber }
func (r *Room) SeenSlice() []int         { return r.list[1:] }
func (r *Room) SeenWithin() []int        { return r.inner.more[2] }
func (r *Room) SeenPointer() *Other      { return r.other }
func (r *Room) SeenAddress() *int        { return &r.list[0] }
func SeenOfArgument(r *Room) []int       { return (r.list) }
func (r *Room) Number() int              { return r.byNumber[1] }
func (r *Room) Copy() []int              { return append([]int(nil), r.list...) }
func (r *Room) Closed() *closed          { return r.closed }
func (r *Room) Open() []int              { return r.Given }
func Own() []int                         { r := Room{}; return r.list }
`

func TestWhatIsHandedOutIsSeen(t *testing.T) {
	f, err := parser.ParseFile(fset, "planted.go", planted, 0)
	if err != nil {
		t.Fatal(err)
	}
	r := room{path: "planted", files: []*ast.File{f}, info: newInfo()}
	if r.types, err = new(types.Config).Check("planted", fset, r.files, r.info); err != nil {
		t.Fatal(err)
	}
	for _, d := range f.Decls {
		if d, ok := d.(*ast.FuncDecl); ok {
			if got, want := len(r.handsOut(d)) > 0, strings.HasPrefix(d.Name.Name, "Seen"); got != want {
				t.Errorf("%s: seen %v; want %v", d.Name, got, want)
			}
		}
	}
}

// What a test forces on a host must not be within reach of what decides.
func TestNothingButTestsForcesWhatAHostBelieves(t *testing.T) {
	for _, r := range rooms(t) {
		for e, is := range r.info.Types {
			if named, ok := is.Type.(*types.Named); ok && named.Obj().Name() == "Forced" && r.path != "mcdns/gocore/upstream" {
				t.Errorf("%s: uses upstream.Forced", fset.Position(e.Pos()))
			}
		}
	}
}

// A package's comment is what go doc shows first: what the package is for and, where
// it has more than two files, with which to begin.
func TestEveryPackageSaysWhereToBegin(t *testing.T) {
	for _, r := range rooms(t) {
		var comments []string
		for _, f := range r.files {
			if f.Doc != nil {
				comments = append(comments, f.Doc.Text())
			}
		}
		if len(comments) != 1 {
			t.Errorf("%s has %d comments; want one", r.path, len(comments))
			continue
		}
		text := comments[0]
		name := r.files[0].Name.Name
		if begin := "Package " + name + " "; name != "main" && !strings.HasPrefix(text, begin) {
			t.Errorf("%s: its comment begins with %q; want %q", r.path, doc.Synopsis(text), begin)
		}
		if len(r.files) > 2 && !strings.Contains(text, "Read ") {
			t.Errorf("%s has %d files and does not say which to read first", r.path, len(r.files))
		}
		r.checkNames(t, text)
	}
}

// checkNames: a file that a comment names is there.
func (r room) checkNames(t *testing.T, text string) {
	have := map[string]bool{}
	for _, f := range r.files {
		have[filepath.Base(fset.Position(f.Pos()).Filename)] = true
	}
	for _, word := range strings.Fields(text) {
		if word = strings.Trim(word, ".,;:()"); strings.HasSuffix(word, ".go") && !strings.Contains(word, "/") && !have[word] {
			t.Errorf("%s: its comment names %s, which is not there", r.path, word)
		}
	}
}
