//go:build cshared

// The same C files with a Go runtime around them, as "go build
// -buildmode=c-shared" makes it. Not what is shipped: README.md says why, with
// figures. The tag keeps it out of "go vet ./..." and of builds without cgo.
package main

// #cgo CFLAGS: -std=c11 -O2 -Wall -Wextra -fvisibility=hidden
import "C"

func main() {}
