// Package build says which version of mcdns a program is.
package build

import (
	"runtime/debug"
	"strings"
)

// Version is what the linker was told, else what the build recorded, else
// "devel".
func Version(linked string) string {
	if linked != "" {
		return linked
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "devel"
	}
	return strings.TrimPrefix(info.Main.Version, "v")
}
