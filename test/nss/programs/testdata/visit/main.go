// Visit connects to port 80 of a host.
package main

import (
	"fmt"
	"net"
	"os"
)

func main() {
	c, err := net.Dial("tcp", net.JoinHostPort(os.Args[1], "80"))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	c.Close()
}
