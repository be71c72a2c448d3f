package main

// misuse is what a local user's process does.
func misuse(args []string) error { return nil }
