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

func load(p listed, from types.Importer) (room, error) {
	r := room{path: p.ImportPath, info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{}, Selections: map[*ast.SelectorExpr]*types.Selection{},
	}}
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

// State has one writer: whoever got a map of another room could write to it, and
// would read it while it is written to.
func TestNoRoomHandsOutItsMaps(t *testing.T) {
	for _, r := range rooms(t) {
		for _, f := range r.files {
			for _, d := range f.Decls {
				if d, ok := d.(*ast.FuncDecl); ok && d.Body != nil && d.Name.IsExported() {
					r.checkReturns(t, d)
				}
			}
		}
	}
}

func (r room) checkReturns(t *testing.T, d *ast.FuncDecl) {
	ast.Inspect(d.Body, func(n ast.Node) bool {
		if _, is := n.(*ast.FuncLit); is {
			return false
		}
		back, ok := n.(*ast.ReturnStmt)
		if !ok {
			return true
		}
		for _, e := range back.Results {
			field, ok := ast.Unparen(e).(*ast.SelectorExpr)
			if !ok || r.info.Selections[field] == nil || r.info.Selections[field].Kind() != types.FieldVal {
				continue
			}
			if _, isMap := r.info.Types[e].Type.Underlying().(*types.Map); isMap {
				t.Errorf("%s: %s returns the map %s itself", fset.Position(e.Pos()), d.Name, field.Sel)
			}
		}
		return true
	})
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
