// Package group knows who is on the LAN and who is gone, and whose turn it is: the
// members of a host's group, all of them proven to be alive, how often to speak so that
// the whole group stays at two HELLOs a second, and the rendezvous rank that elects
// without a message.
//
// Read group.go and member.go first: the table of members. Then prover.go, who of those
// that are heard becomes one: Meet notes a stranger.go and has it challenged, Proves and
// Proven make a member of it, waiting.go keeps what it said meanwhile, gone.go those that
// did not answer. rank.go has the turns.
package group
