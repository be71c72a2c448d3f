// Package programs runs programs that were not written for mcdns on a host of
// the lab and looks at what leaves it: those that resolve through the C library
// reach a server by its name without one packet to port 53, and those that do
// not are known by name.
package programs
