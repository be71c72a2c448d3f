package gocore_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"strings"
	"testing"
)

// A door that grows is a wall that is missing: who adds to it takes something away. What is
// wider yet stands here with its size, which may shrink.
const (
	mostOfDoor = 15 // exported methods of a type, those for simulators too
	mostOfHost = 9  // methods of what a room needs of the node around it
)

var wideDoors = map[string]int{
	"held.Held":       27, // six rooms look at what is held, each for something else
	"sharing.Sharing": 26, // five inputs, a ping among them, and what the rooms below it give
	"group.Group":     23,
	"lookup.Lookups":  22,
	"fetch.Fetcher":   19,
	"order.Order":     19,
	"cache.Cache":     18,
	"group.Member":    16, // what is known of one
	"upstream.List":   16,
	"sharing.Host":    16,
	"query.Host":      12,
	"catchup.Host":    11,
	"fetch.Host":      11,
}

func TestEachRoomOfTheCoreHasADoorOneCanName(t *testing.T) {
	wide, doors := maps.Clone(wideDoors), doorsOfTheCore(t)
	for name, got := range doors {
		most := mostOfDoor
		if strings.HasSuffix(name, ".Host") {
			most = mostOfHost
		}
		if is, yes := wide[name]; yes {
			if most = is; got < is {
				t.Errorf("%s has %d methods, and %d stand in the list: say there that it shrank", name, got, is)
			}
			delete(wide, name)
		}
		if got > most {
			t.Errorf("%s has %d methods for others; at most %d: take one away, or say in wideDoors why it is worth it", name, got, most)
		}
	}
	for name := range wide {
		t.Errorf("%s stands in the list of wide doors, and there is no such door", name)
	}
}

// doorsOfTheCore counts what others may call of each exported type, by "room.Type".
func doorsOfTheCore(t *testing.T) map[string]int {
	t.Helper()
	doors := map[string]int{}
	files, err := filepath.Glob("*/*.go")
	if err != nil || len(files) < 100 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	for _, path := range files {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				if of := receiver(n); n.Name.IsExported() && ast.IsExported(of) {
					doors[filepath.Dir(path)+"."+of]++
				}
				return false
			case *ast.TypeSpec:
				if face, is := n.Type.(*ast.InterfaceType); is && n.Name.IsExported() {
					doors[filepath.Dir(path)+"."+n.Name.Name] = face.Methods.NumFields()
				}
			}
			return true
		})
	}
	return doors
}

// receiver is the type that a function is a method of, "" if it is none.
func receiver(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return ""
	}
	of := f.Recv.List[0].Type
	if star, is := of.(*ast.StarExpr); is {
		of = star.X
	}
	if name, is := of.(*ast.Ident); is {
		return name.Name
	}
	return ""
}
