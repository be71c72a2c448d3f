// Command attack tries on a LAN of real daemons what an attacker can do there, and
// holds every attempt to what it must come to.
//
// A row (table.go) is one promise and the attack on it. It is tried three times, on
// a LAN of its own each time: without the attack, on the binaries of the commit in
// which the attack was found to succeed, and on those of today. The first must show
// no harm, the second must, the third must not. A promise that was kept then already
// has, in place of the second, the same attempt with the one thing that the attacker
// lacks (stage.edge): the key for example. What stays possible is in the table too,
// with its figure.
//
// Reading order: row.go, table.go, stage.go; outsider.go, insider.go and users.go for
// what attackers have; replays.go, liars.go, strangers.go for what they do with it;
// timed.go for how times are judged; main.go for the order of things. before.sh builds the binaries of then.
package main
