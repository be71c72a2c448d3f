package upstream

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
	"time"
)

// ways says where each event leads from each state; "." is nowhere.
const ways = `
             suspect  up       cutOff   hearsay  down
replied      up       .        up       up       up
failed       .        suspect  .        .        .
failedAlone  down     down     .        .        .
peerDoubts   .        suspect  suspect  .        .
slept        .        suspect  .        .        .
nobody       down     .        down     .        .
unsure       hearsay  .        hearsay  .        .
refuted      cutOff   .        cutOff   cutOff   cutOff
cleared      up       .        up       .        .
confirmed    .        .        .        down     .
`

var (
	lifeNames  = []string{suspect: "suspect", up: "up", cutOff: "cutOff", hearsay: "hearsay", down: "down"}
	eventNames = []string{
		replied: "replied", failed: "failed", failedAlone: "failedAlone", peerDoubts: "peerDoubts", slept: "slept",
		nobody: "nobody", unsure: "unsure", refuted: "refuted", cleared: "cleared", confirmed: "confirmed",
	}
)

func TestEachEventLeadsWhereTheTableOfALifeSays(t *testing.T) {
	rows := strings.Split(strings.TrimSpace(ways), "\n")
	states := strings.Fields(rows[0])
	if len(states) != len(lifeNames) || len(rows) != 1+len(eventNames) {
		t.Fatalf("got %d states and %d events; want %d and %d", len(states), len(rows)-1, len(lifeNames), len(eventNames))
	}
	for why, row := range rows[1:] {
		cells := strings.Fields(row)
		if cells[0] != eventNames[why] {
			t.Fatalf("row %d is %s's; want %s's", why, cells[0], eventNames[why])
		}
		for from, want := range cells[1:] {
			if lifeNames[from] != states[from] {
				t.Fatalf("column %d is %s's; want %s's", from, states[from], lifeNames[from])
			}
			leads(t, life(from), event(why), want)
		}
	}
}

// leads holds one pair of state and event, and what a server has of its times then.
func leads(t *testing.T, from life, why event, want string) {
	t.Helper()
	s := server{life: from, since: 1, entered: 1}
	s.happens(2*time.Second, why)
	changed := want != "."
	if !changed {
		want = lifeNames[from]
	}
	since := time.Duration(1)
	if s.life.state() != from.state() {
		since = 2 * time.Second
	}
	if lifeNames[s.life] != want || changed != (s.entered == 2*time.Second) || s.since != since {
		t.Errorf("%s, %s: got %s (entered %v, since %v); want %s", lifeNames[from], eventNames[why], lifeNames[s.life], s.entered, s.since, want)
	}
}

// Each transition has one row, and a rule of PROTOCOL.md that says it.
func TestEachTransitionOfALifeHasItsRule(t *testing.T) {
	text, err := os.ReadFile("../PROTOCOL.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[[2]int]bool{}
	for _, way := range transitions {
		pair := [2]int{int(way.from), int(way.why)}
		if seen[pair] {
			t.Errorf("two ways from %s by %s", lifeNames[way.from], eventNames[way.why])
		}
		seen[pair] = true
		if !strings.Contains(string(text), "\n### "+way.rule+" ") {
			t.Errorf("PROTOCOL.md has no %s, the rule of %s by %s", way.rule, lifeNames[way.from], eventNames[way.why])
		}
	}
}

// A server's life is written in one place, by one statement.
func TestALifeIsWrittenOnce(t *testing.T) {
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	var writes []string
	for _, file := range files {
		if name := file.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			writes = append(writes, lifeWrites(t, name)...)
		}
	}
	if len(writes) != 1 || !strings.HasPrefix(writes[0], "life.go:") {
		t.Errorf("a life is written at %v; want one place, in life.go", writes)
	}
}

// lifeWrites lists where a file writes a server's life, by assignment or in a literal.
func lifeWrites(t *testing.T, name string) (at []string) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, to := range n.Lhs {
				if sel, ok := to.(*ast.SelectorExpr); ok && sel.Sel.Name == "life" {
					at = append(at, set.Position(n.Pos()).String())
				}
			}
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && key.Name == "life" {
				at = append(at, set.Position(n.Pos()).String())
			}
		}
		return true
	})
	return at
}
