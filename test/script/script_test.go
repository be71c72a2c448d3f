// Package script tests the commands from outside: each testdata/*.txtar is a
// session at a terminal. `go test ./test/script -update` rewrites what they
// print; read the difference before you keep it.
package script

import (
	"context"
	"encoding/json"
	"flag"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"mcdns/daemon/cli"
	"mcdns/daemon/host"
	"mcdns/daemon/logs"
)

var update = flag.Bool("update", false, "rewrite what the sessions print")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"mcdns": func() {
			os.Exit(cli.RunAt(context.Background(), os.Getenv("MACHINE"), "1.2.3", os.Args[1:], os.Stdout, os.Stderr))
		},
		"mcdnsd": mcdnsd,
		"fake":   fake,
	})
}

func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata", UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("MCDNS_SOCKET", filepath.Join(e.WorkDir, "run", "control.sock"))
			e.Setenv("LC_ALL", "C.UTF-8")
			e.Setenv("MACHINE", filepath.Join(e.WorkDir, "machine")) // whose /etc the session has
			return nil
		},
	})
}

// mcdnsd is the daemon in the session's directories: conf, run and state.
func mcdnsd() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	level := new(slog.LevelVar)
	err := host.Run(ctx, host.Options{
		ConfigPath: "conf", RunDir: "run", StateDir: "state", Version: "1.2.3",
		Level: level, Log: logs.Component(logs.New(level), "mcdnsd"),
	}, nil)
	if err != nil {
		os.Stderr.WriteString("mcdnsd: error: " + err.Error() + "\n")
		os.Exit(1)
	}
}

// fake is an mcdnsd that says what stands in files: "fake PATH=FILE...". For FILE
// "frozen" it says nothing, for "killed" it hangs up.
func fake() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	os.MkdirAll("run", 0o755)
	l, err := net.Listen("unix", filepath.Join("run", "control.sock"))
	if err != nil {
		panic(err)
	}
	defer l.Close() // and with it the file: a session may go on to another fake
	mux := http.NewServeMux()
	for _, arg := range os.Args[1:] {
		path, file, _ := strings.Cut(arg, "=")
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			switch file {
			case "frozen":
				<-r.Context().Done()
				return
			case "killed":
				panic(http.ErrAbortHandler)
			}
			b, err := os.ReadFile(file)
			if err != nil || !json.Valid(b) && !strings.HasSuffix(file, ".bad") {
				http.Error(w, "the session's file is not JSON", http.StatusServiceUnavailable)
				return
			}
			w.Write(b)
		})
	}
	go http.Serve(l, mux)
	<-ctx.Done()
}
