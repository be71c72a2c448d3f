// Command mcdns shows what mcdnsd knows and does. See mcdns(1).
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"mcdns/daemon/build"
	"mcdns/daemon/cli"
)

// version is set by the linker (-X main.version=...).
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	os.Exit(cli.Run(ctx, build.Version(version), os.Args[1:], os.Stdout, os.Stderr))
}
