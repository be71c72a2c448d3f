package sim

import "mcdns/gocore/node"

// newNode makes the node that is shipped.
func newNode(c node.Config) Node { return node.New(c) }
