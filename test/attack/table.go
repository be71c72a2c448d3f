package main

import (
	"fmt"
	"strings"
)

// rows are all promises, by their numbers.
var rows = []row{
	{
		number: "1", who: outsider, quick: true, run: replayedWhileUp,
		attack: "replay what was said before hosts started anew, server slow", harm: "of lookups gave an old address",
	},
	{
		number: "1b", who: outsider, run: replayedWhileDown,
		attack: "the same, server dead", harm: "of lookups gave an old address",
	},
	{
		number: "2", who: outsider, quick: true, run: phantoms,
		attack: "replay a HELLO of each of 512 epochs that are over", harm: "of names lost",
	},
	{
		number: "2r", who: outsider, held: true, run: restarted(16, 35, len(moments)),
		attack: "all of 35 starts of 16 hosts replayed, 0 to 60 s after one", harm: "of names lost",
	},
	{
		number: "2q", who: outsider, held: true, quick: true, run: restarted(6, 5, 2),
		attack: "all of 5 starts of 6 hosts replayed, 0 and 1 s after one", harm: "of names lost",
	},
	{
		number: "3", who: localUser, alone: true, run: starved(asItIs, newNames),
		attack: "1,024 connections ask for new names", harm: "times p99 beside a dummy socket", most: 2,
	},
	{
		number: "3b", who: localUser, alone: true, held: true, run: starved(slowServer, newNames),
		attack: "the same, server slow", harm: "times p99 beside a dummy socket", most: 2,
	},
	{
		number: "3c", who: localUser, alone: true, run: starved(deadServer, newNames),
		attack: "the same, server dead", harm: "times p99 beside a dummy socket", most: 2,
	},
	{
		number: "3d", who: localUser, alone: true, held: true, run: starved(asItIs, allSorts),
		attack: "new names, silence, half requests, knocks", harm: "times p99 beside a dummy socket", most: 2,
	},
	{
		number: "3e", who: localUser, alone: true, held: true, run: starved(asItIs, allKnocks),
		attack: "connections that are closed at once", harm: "times p99 beside a dummy socket", most: 2,
	},
	{
		number: "3m", open: true, who: localUser, alone: true, held: true, run: mailServer,
		attack: "no attack: a mail server's 2,000 reverse lookups a second", harm: "times as slow as on " + before, most: 1.5,
	},
	{
		number: "4", who: insideOne, quick: true, run: emptied,
		attack: "tell 2,750 new names a second in 20 names", harm: "of used names gone", most: 0.01,
	},
	{
		number: "5", who: insideOne, quick: true, run: turned,
		attack: "there is no such record, then it is 127.0.0.1", harm: "of public names led to this host",
	},
	{
		number: "6", who: insideOne, quick: true, run: replaced,
		attack: "other addresses within the refresh window", harm: "of own answers replaced",
	},
	{
		number: "6c", who: "nobody", held: true, run: rotated,
		attack: "a CDN's addresses change for 24 virtual hours", harm: "times the questions of " + before, most: 1.03,
	},
	{
		number: "7", who: outsider, quick: true, alone: true, run: drowned("forged"),
		attack: "forged datagrams under the hosts' addresses", harm: "of names lost", most: 0.01,
	},
	{
		number: "7b", who: outsider, alone: true, run: drowned("forged, long"),
		attack: "the same, 1232 bytes each", harm: "of names lost", most: 0.01,
	},
	{
		number: "7c", who: outsider, alone: true, run: drowned("random bytes"),
		attack: "random bytes under the hosts' addresses", harm: "of names lost", most: 0.01,
	},
	{
		number: "7d", who: outsider, alone: true, run: drowned("another key"),
		attack: "another group's datagrams under the hosts' addresses", harm: "of names lost", most: 0.01,
	},
	{
		number: "7e", who: outsider, alone: true, run: drowned("another version"),
		attack: "another version's datagrams under the hosts' addresses", harm: "of names lost", most: 0.01,
	},
	{
		number: "7f", who: outsider, alone: true, run: drowned("replayed"),
		attack: "replays under the hosts' addresses", harm: "of names lost", most: 0.01,
	},
	{
		number: "7g", who: outsider, alone: true, held: true, run: drowned("fragments"),
		attack: "first halves of datagrams under the hosts' addresses", harm: "of names lost", most: 0.01,
	},
	{
		number: "7h", who: outsider, alone: true, held: true, run: drowned(streamJunk),
		attack: "connections to the streams' port that say random bytes", harm: "of names lost", most: 0.01,
	},
	{
		number: "7j", who: outsider, alone: true, held: true, run: drowned("foreign"),
		attack: "forged datagrams under addresses of nobody", harm: "of names lost", most: 0.01,
	},
	{
		number: "7t", who: outsider, alone: true, held: true, run: slowed("forged"),
		attack: "forged datagrams, and the time of lookups", harm: "times p99 beside a dummy port", most: 2,
	},
	{
		number: "7ct", who: outsider, alone: true, held: true, run: slowed("random bytes"),
		attack: "random bytes, and the time of lookups", harm: "times p99 beside a dummy port", most: 2,
	},
	{
		number: "7bt", who: outsider, alone: true, held: true, run: slowed("forged, long"),
		attack: "forged datagrams of 1232 bytes, and the time of lookups", harm: "times p99 beside a dummy port", most: 2,
	},
	{
		number: "7ft", who: outsider, alone: true, held: true, run: slowed("replayed"),
		attack: "replays, and the time of lookups", harm: "times p99 beside a dummy port", most: 2,
	},
	{
		number: "7dt", who: outsider, alone: true, held: true, run: slowed("another key"),
		attack: "another group's datagrams, and the time of lookups", harm: "times p99 beside a dummy port", most: 2,
	},
	{
		number: "7et", who: outsider, alone: true, held: true, run: slowed("another version"),
		attack: "another version's datagrams, and the time of lookups", harm: "times p99 beside a dummy port", most: 2,
	},
	{
		number: "7gt", who: outsider, alone: true, held: true, run: slowed("fragments"),
		attack: "first halves of datagrams, and the time of lookups", harm: "times p99 beside a dummy port", most: 2,
	},
	{
		number: "7ht", who: outsider, alone: true, held: true, run: slowed(streamJunk),
		attack: "connections to the streams' port, and the time of lookups", harm: "times p99 beside a dummy port", most: 2,
	},
	{
		number: "7jt", who: outsider, alone: true, held: true, run: slowed("foreign"),
		attack: "forged datagrams of nobody, and the time of lookups", harm: "times p99 beside a dummy port", most: 2,
	},
	{
		number: "7i", who: insideOne, alone: true, held: true, run: soaked,
		attack: "well-formed announcements without a pause", harm: "of lookups lost",
	},
	{
		number: "8", who: insideOne, quick: true, run: silenced,
		attack: "one datagram in another's name, seq 2^60", harm: "of names lost",
	},
	{
		number: "8b", who: insideOne, run: dismissed,
		attack: "BYE in the others' names", harm: "of members dropped",
	},
	{
		number: "9", who: insideOne, quick: true, run: amplified,
		attack: "ten QUERYs a second for everything", harm: "bytes for each byte", most: 8, // what PROTOCOL 3.13 promises, of all holders together
	},
	{
		number: "10", who: insideOne, quick: true, run: cutOff(3),
		attack: "\"up\" in an outage, ASK answered", harm: "of lookups slow or poisoned",
	},
	{
		number: "11", who: "nobody", run: lingering,
		attack: "mcdnsd stops and says goodbye", harm: "hosts list a phantom",
	},
	{
		number: "12", who: outsider, run: alarmed,
		attack: "one datagram of another key, one of another version", harm: "warnings on each host",
	},
	{
		number: "L1", who: insideOne, run: outnumbered, left: "README, limits",
		attack: "256 names, each proven", harm: "of names lost",
	},
	{
		number: "L2", who: insideOne, run: lied(true), left: "README, limits",
		attack: "lies about names that nobody holds, in an outage", harm: "of names at the liar's address",
	},
	{
		number: "L3", who: insideOne, run: outdated, left: "README, limits",
		attack: "other addresses of held names past their TTL, in an outage", harm: "of names at the liar's address",
	},
	{
		number: "L4", who: insideOne, run: cutOff(1), left: "README, limits",
		attack: "\"up\" in an outage, in a group of two", harm: "of lookups slow or poisoned",
	},
	{
		number: "T1", who: outsider, held: true, run: lied(false), edge: lied(true),
		attack: "the same without the key", harm: "of names at the liar's address",
	},
	{
		number: "T1p", who: outsider, held: true, run: overheard, edge: overheard,
		attack: "read names on the link", harm: "of names read",
	},
	{
		number: "T2", who: outsider, held: true, run: beyond(64), edge: beyond(255),
		attack: "lies from beyond the link, with the key", harm: "of names at the liar's address",
	},
	{
		number: "T3", who: insideOne, held: true, run: disheartened,
		attack: "\"down\" while the server works", harm: "of lookups slow or lost",
	},
	{
		number: "T3m", who: insideOne, held: true, run: mangled,
		attack: "20,000 sealed datagrams that are none", harm: "of lookups lost, daemons started anew",
	},
	{
		number: "T5", who: outsider, held: true, run: rolledBack(false), edge: rolledBack(true),
		attack: "replay what living hosts said", harm: "of lookups gave an old address",
	},
	{
		number: "S16", who: outsider, quick: true, run: unlike(16, 35, 8),
		attack: "all of 35 starts replayed, 16 virtual hosts", harm: "of lookups and group sizes",
	},
	{
		number: "S16b", who: outsider, run: costly(16, 35),
		attack: "the same", harm: "times the bytes", most: 1.02,
	},
	{
		number: "S20", who: outsider, run: unlike(20, 10, 8),
		attack: "all of 10 starts replayed, 20 virtual hosts", harm: "of lookups and group sizes",
	},
	{
		number: "S100", who: outsider, run: unlike(100, 5, 1),
		attack: "all of 5 starts replayed, 100 virtual hosts", harm: "of lookups and group sizes",
	},
	{
		number: "S100s", who: outsider, run: unlike(100, 5, 2), left: "DESIGN 8.2",
		attack: "the same, and 100 hosts with state", harm: "of lookups and group sizes",
	},
	{
		number: "S1000", who: outsider, alone: true, run: unlike(1000, 1, 1),
		attack: "all of 2 starts replayed, 1000 virtual hosts", harm: "of lookups and group sizes",
	},
	{
		number: "B100", who: "nobody", held: true, quick: true, run: booted(100, 10*second),
		attack: "100 virtual hosts start in one second", harm: "times the datagrams of " + before, most: 1.5,
	},
	{
		number: "B1000", who: "nobody", held: true, alone: true, run: booted(1000, 60*second),
		attack: "1000 virtual hosts start in one second", harm: "times the datagrams of " + before, most: 1.5,
	},
}

// table is the end of the run.
func table(all []*tried) string {
	var b strings.Builder
	line := func(cells ...any) {
		fmt.Fprintln(&b, strings.TrimRight(fmt.Sprintf("%-6s %-10s %-56s %-9s %-9s %-9s %s", cells...), " "))
	}
	line("", "who", "attack", "control", "before", "now", "")
	for _, t := range all {
		word := "kept"
		switch {
		case t.Left != "":
			word = "left: " + t.Left
		case t.Open:
			word = "open"
		case len(t.broken()) > 0:
			word = "NOT KEPT"
		}
		earlier := harm(t.Before)
		if t.Edge != nil {
			earlier = harm(t.Edge) + "*"
		}
		line(t.Number, t.Who, t.Attack, harm(t.Control), earlier, harm(t.Now), t.HarmIs+": "+word)
	}
	return b.String()
}

func harm(o *outcome) string {
	if o == nil {
		return "-"
	}
	return fmt.Sprintf("%.3g", o.Harm)
}
