// Command mcdnsd is the daemon: it answers the programs of this host through
// libnss_mcdns.so.2 and shares what it learns with the hosts of its group. See
// mcdnsd(8).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"mcdns/daemon/build"
	"mcdns/daemon/config"
	"mcdns/daemon/host"
	"mcdns/daemon/logs"
)

// version is set by the linker (-X main.version=...).
var version string

// exitUsage is sysexits.h's, as with mcdns.
const exitUsage = 64

// garbage is how many percent of what is in use may be garbage. Most of what is in
// use is answers, which stay: by Go's own 100 percent 64 MiB of them took up to 169
// MB, by 50 up to 158, by this 141.
const garbage = 30

func main() {
	o, code := options(os.Args[1:], os.Stdout, os.Stderr)
	if code >= 0 {
		os.Exit(code)
	}
	slog.SetDefault(o.Log)
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	// Or the first line of the log after journald has died would end this process.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	if err := host.Run(ctx, o, reload); err != nil {
		fmt.Fprintln(os.Stderr, "mcdnsd: error:", err)
		os.Exit(1)
	}
}

// options reads the command line and the environment. code is what to exit with
// at once, -1 to go on.
func options(args []string, out, errs io.Writer) (o host.Options, code int) {
	level := new(slog.LevelVar)
	o = host.Options{
		StateDir: env("STATE_DIRECTORY", "/var/lib/mcdns"),
		Version:  build.Version(version), Level: level, Log: logs.Component(logs.New(level), "mcdnsd"),
	}
	flags := flag.NewFlagSet("mcdnsd", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&o.ConfigPath, "config", env("MCDNS_CONFIG", config.Path), "")
	flags.StringVar(&o.RunDir, "run", env("RUNTIME_DIRECTORY", "/run/mcdns"), "")
	showVersion := flags.Bool("version", false, "")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, usage)
		return o, 0
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("%q is one argument too many", flags.Arg(0))
		fallthrough
	case err != nil:
		fmt.Fprintf(errs, "mcdnsd: error: %v\nmcdnsd: hint: mcdnsd --help\n", err)
		return o, exitUsage
	case *showVersion:
		fmt.Fprintln(out, "mcdnsd", o.Version)
		return o, 0
	}
	return o, -1
}

const usage = `mcdnsd answers the lookups of this host and shares the answers with the LAN.

Usage:
  mcdnsd [flags]

Flags:
      --config FILE     configuration (/etc/mcdns/mcdnsd.conf)
      --run DIRECTORY   where the sockets are (/run/mcdns)
      --version         print the version
  -h, --help            print this

See mcdnsd(8).
`

// env is the first directory of a variable (systemd separates several by
// colons), or otherwise.
func env(name, otherwise string) string {
	if v, _, _ := strings.Cut(os.Getenv(name), ":"); v != "" {
		return v
	}
	return otherwise
}
