// Package story has what the programs that tell a story on the lab share: the
// names that hosts look up and the truth about them, a way to tell what happens
// as it happens, and figures for people.
package story
