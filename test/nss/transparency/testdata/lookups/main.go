// Lookups resolves through libc in 32 goroutines while it collects garbage.
package main

import (
	"fmt"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
)

func main() {
	var running sync.WaitGroup
	var failed atomic.Int32
	for range 32 {
		running.Go(func() {
			for range 100 {
				if a, err := net.LookupHost("probe.example"); err != nil || len(a) == 0 {
					failed.Add(1)
				}
				runtime.GC()
			}
		})
	}
	running.Wait()
	fmt.Println("failed", failed.Load())
}
