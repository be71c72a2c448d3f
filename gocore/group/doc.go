// Package group knows who is on the LAN and who is gone, and whose turn it is:
// the members of a node's group, all of them proven to be alive, how often to speak so that the whole group
// stays at two HELLOs a second, and the rendezvous rank that elects without a
// message.
package group
