package node

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
)

// upstreamFiles are the room of the DNS servers.
var upstreamFiles = strings.Fields("upstream.go servers.go life.go judge.go evidence.go claims.go down.go probe.go rtt.go route.go")

// door is what the rest of a node may name of upstream.
var door = strings.Fields(`
	configure updateDown begin forgetEvidence
	timedOut refusedBy lost succeeded noteReply heardEvidence
	servers fallback routeFor askable downSince down outage cutOff anyUp byHearsay yetToSpeak p99 fallbackUp
	doubtEarlier doubtsDown doubts claimer
	probe putProbe probeOver probeDown letsProbe
	states best stateSince status
	host copy numbered`)

// The DNS servers are a room: the rest of a node comes in by its door and writes none of
// its state; upstream sees the rest through host alone.
func TestUpstreamIsUsedThroughItsDoor(t *testing.T) {
	used := map[string]bool{}
	for name, file := range parsed(t) {
		if slices.Contains(upstreamFiles, name) {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && isUpstream(sel.X) {
				if used[sel.Sel.Name] = true; !slices.Contains(door, sel.Sel.Name) {
					t.Errorf("%s names upstream's %s, which is not in the door", name, sel.Sel.Name)
				}
			}
			as, ok := n.(*ast.AssignStmt)
			if !ok {
				return true
			}
			for _, to := range as.Lhs {
				if sel, ok := to.(*ast.SelectorExpr); ok && isUpstream(sel.X) && sel.Sel.Name != "host" {
					t.Errorf("%s writes upstream's %s", name, sel.Sel.Name)
				}
			}
			return true
		})
	}
	for _, name := range door {
		if !used[name] {
			t.Errorf("nobody uses %s of upstream's door", name)
		}
	}
}

func TestUpstreamSeesANodeThroughItsHost(t *testing.T) {
	files := parsed(t)
	for _, name := range upstreamFiles {
		ast.Inspect(files[name], func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok && id.Name == "Node" {
				t.Errorf("%s names Node", name)
			}
			return true
		})
	}
}

func isUpstream(x ast.Expr) bool {
	sel, ok := x.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "upstream"
}

// parsed are the package's files, by name.
func parsed(t *testing.T) map[string]*ast.File {
	t.Helper()
	dir, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]*ast.File{}
	for _, entry := range dir {
		name := entry.Name()
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			continue
		}
		if files[name], err = parser.ParseFile(token.NewFileSet(), name, nil, 0); err != nil {
			t.Fatal(err)
		}
	}
	return files
}
