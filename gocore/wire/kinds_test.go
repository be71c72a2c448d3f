package wire

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A message that is missing anywhere would be taken for another one, or lost.
func TestEveryKindOfMessageHasARowEverywhere(t *testing.T) {
	sampled := map[Kind]string{}
	for _, m := range messages(t) {
		sampled[m.Body.Kind()] = fmt.Sprintf("%T", m.Body)
	}
	manual, err := os.ReadFile("../../packaging/man/mcdns-protocol.7")
	if err != nil {
		t.Fatal(err)
	}
	protocol, err := os.ReadFile("../PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	for k := range EachKind {
		if kinds[k].name == "" || kinds[k].decode == nil {
			t.Errorf("kind %d has no row in the table of kinds.go", uint8(k))
			continue
		}
		if sampled[k] == "" {
			t.Errorf("%v: messages in codec_test.go has none, so that no test encodes it", k)
		}
		if b := (&reader{}).body(k); b == nil || b.Kind() != k || fmt.Sprintf("%T", b) != sampled[k] {
			t.Errorf("%v: decoded as a %T; encoded from a %s", k, b, sampled[k])
		}
		if !regexp.MustCompile(`(?m)^\.It .*\b` + k.String() + `\b`).Match(manual) {
			t.Errorf("%v: mcdns-protocol(7) does not say what it is", k)
		}
		if !strings.Contains(string(protocol), k.String()) {
			t.Errorf("%v: PROTOCOL.md does not say what it is", k)
		}
	}
}

// Two types of one kind would both be taken for the first.
func TestEveryBodyHasAKindOfItsOwn(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]string{}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), f, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || fn.Name.Name != "Kind" {
				continue
			}
			body := fn.Recv.List[0].Type.(*ast.StarExpr).X.(*ast.Ident).Name
			kind := fn.Body.List[0].(*ast.ReturnStmt).Results[0].(*ast.Ident).Name
			if of[kind] != "" {
				t.Errorf("%s and %s are both %s", body, of[kind], kind)
			}
			of[kind] = body
		}
	}
	if len(of) != int(Kinds)-1 {
		t.Errorf("%d bodies for %d kinds: %v", len(of), Kinds-1, of)
	}
}

func TestSizeWritesNothing(t *testing.T) {
	for _, m := range messages(t) {
		if n := testing.AllocsPerRun(10, func() { Size(m) }); n > 1 {
			t.Errorf("%v: Size costs %v allocations; want the writer alone", m.Body.Kind(), n)
		}
	}
}
