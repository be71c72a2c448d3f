// Command mcdnsd is the daemon: it answers the programs of this host through
// libnss_mcdns.so.2 and shares what it learns with the hosts of its group. See
// mcdnsd(8).
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"mcdns/daemon/build"
	"mcdns/daemon/config"
	"mcdns/daemon/host"
	"mcdns/daemon/logs"
)

// version is set by the linker (-X main.version=...).
var version string

func main() {
	path := flag.String("config", env("MCDNS_CONFIG", config.Path), "configuration `file`")
	runDir := flag.String("run", env("RUNTIME_DIRECTORY", "/run/mcdns"), "`directory` of the sockets")
	showVersion := flag.Bool("version", false, "print the version and exit")
	flag.Parse()
	if *showVersion {
		fmt.Println("mcdnsd", build.Version(version))
		return
	}
	level := new(slog.LevelVar)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	reload := make(chan os.Signal, 1)
	signal.Notify(reload, syscall.SIGHUP)
	err := host.Run(ctx, host.Options{
		ConfigPath: *path, RunDir: *runDir,
		StateDir: env("STATE_DIRECTORY", "/var/lib/mcdns"),
		Version:  build.Version(version), Level: level, Log: logs.Component(logs.New(level), "mcdnsd"),
	}, reload)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mcdnsd: error:", err)
		os.Exit(1)
	}
}

// env is the first directory of a variable (systemd separates several by
// colons), or otherwise.
func env(name, otherwise string) string {
	if v, _, _ := strings.Cut(os.Getenv(name), ":"); v != "" {
		return v
	}
	return otherwise
}
