package parity

import (
	"regexp"
	"slices"
	"strings"
)

// reasons are the differences that are meant, each with why. The questions come
// as they stand in questions, the answers as testdata/ask.c prints them.
var reasons = []struct {
	why  string
	test func(question, got, want string) bool
}{
	{"a link-local address carries its interface: without it nothing can connect to it", func(_, got, want string) bool {
		return linkLocal.ReplaceAllString(got, "$1%0") == want
	}},
	{"a zone's capitals are lost in the labels that a name in data shares with the question, as where a server compresses them: " +
		"nothing tells them from letters that were drawn", func(_, got, want string) bool {
		return strings.ReplaceAll(want, ".Lan.Example", ".lan.example") == got
	}},
	{"aliases in a circle are an error (RFC 1034 section 3.6.2), TRY_AGAIN as behind servers that say SERVFAIL to them; " +
		"\"no such name\" would take the place of the answer from before the slip", func(question, got, _ string) bool {
		failed := got == "-3" || got == "11 h_errno 2"
		beside := (got == "-2" || got == "0 h_errno 1") && !strings.Contains(question, ".") // ndots:0 counts the name alone
		return name(question, "loop1", "loop2") && (failed || beside)
	}},
	{"localhost is this host and is not asked of the network (RFC 6761 section 6.3)", func(question, _, _ string) bool {
		return name(question, "localhost") || strings.HasSuffix(question, " ::1") || strings.HasSuffix(question, " 127.0.0.1")
	}},
	{"the network is not asked for what is not the DNS's to say: local (RFC 6762), addresses without a public name (RFC 6303)", func(question, got, _ string) bool {
		private := strings.HasPrefix(question, "addr ") && (name(question, "255.255.255.255", "0.0.0.0"))
		local := strings.HasSuffix(strings.ToLower(strings.TrimSuffix(question, ".")), " local")
		return (local && (strings.HasPrefix(got, "-5") || strings.HasSuffix(got, "h_errno 4"))) || private
	}},
	{"the empty name is no name; nss-dns asks for the root and says NO_RECOVERY", func(question, got, _ string) bool {
		return strings.HasSuffix(question, " ") && strings.HasSuffix(got, "h_errno 1")
	}},
	{"an address whose name is no host name has none; nss-dns says NO_RECOVERY", func(question, got, _ string) bool {
		return question == "addr 2 192.0.2.9" && strings.HasSuffix(got, "h_errno 4")
	}},
	{"when nobody can say now, gethostbyaddr_r says EAGAIN beside TRY_AGAIN, as for names; nss-dns returns 0", func(question, got, want string) bool {
		return strings.HasPrefix(question, "addr ") && got == "11 h_errno 2" && want == "0 h_errno 2"
	}},
	{"an alias of a name without the record is NODATA (RFC 2308 section 2.2); nss-dns says NO_RECOVERY, or that there is no such name", func(question, got, _ string) bool {
		return name(question, "nodata", "foursix", "badtarget") && (strings.HasPrefix(got, "-5") || strings.HasSuffix(got, "h_errno 4"))
	}},
	{"what is no host name is not asked for by any function; nss-dns forgets to check in gethostbyname3_r", func(question, got, _ string) bool {
		return strings.HasPrefix(question, "gai ") && got == "-2" && !hostName.MatchString(question[strings.LastIndex(question, " ")+1:])
	}},
}

var (
	linkLocal = regexp.MustCompile(`(fe80::1)%\d+`)
	hostName  = regexp.MustCompile(`^[A-Za-z0-9_.][A-Za-z0-9_.-]*$`)
)

// name reports whether a question is for one of these names, or for one below
// the zone's domain or the search list's.
func name(question string, names ...string) bool {
	asked := strings.ToLower(question[strings.LastIndex(question, " ")+1:])
	for _, n := range names {
		if asked == n || strings.HasPrefix(asked, n+".") {
			return true
		}
	}
	return false
}

func reason(question, got, want string) string {
	for _, r := range reasons {
		if r.test(question, got, want) {
			return r.why
		}
	}
	return ""
}

// trouble is one question in trouble: the ways of those servers alone that are on the
// list, in its order, and what both say.
type trouble struct {
	conf      string
	question  string
	ways      []string
	addresses []string // what each server would say
	got, want string
}

// troubleReasons are the differences that are meant where a server fails for a name.
// README has a sentence for each, under "Limits, said openly". Each says both what
// nss-dns says and what mcdns must say in its place.
var troubleReasons = []struct {
	why  string
	test func(trouble) bool
}{
	{"a lost question is repeated, several times a second; nss-dns waits for its time-out, and then asks the next server or fails", func(q trouble) bool {
		return q.answeredBy("lost")
	}},
	{"FORMERR is no last word: the question goes out once without EDNS, then to the next server, and fails as one to try again; " +
		"nss-dns says NO_RECOVERY", func(q trouble) bool {
		noRecovery := q.want == "-2" || strings.HasSuffix(q.want, "h_errno 3")
		return slices.Contains(q.ways, "formerr") && noRecovery && q.goesOn()
	}},
	{"a failure that comes over TCP is one, and the next server is asked; nss-dns (use-vc) takes it for the last word", func(q trouble) bool {
		return strings.Contains(q.conf, "use-vc") && slices.ContainsFunc(q.ways, fails) && !found(q.want) && q.goesOn()
	}},
	{"a lame server is lame with EDNS too; nss-dns (edns0) takes its empty reply for an answer", func(q trouble) bool {
		return strings.Contains(q.conf, "edns0") && slices.Contains(q.ways, "lame") && empty(q.want) && q.goesOn()
	}},
	{"a referral is no answer, and the next server is asked; nss-dns takes one with addresses beside it for an empty answer", func(q trouble) bool {
		return slices.Contains(q.ways, "referral") && empty(q.want) && q.goesOn()
	}},
	{"with no-aaaa, a name whose servers say nothing, asked for by IPv6 alone, is to be tried again; nss-dns says now and then that it has no address", func(q trouble) bool {
		six := strings.HasPrefix(q.question, "gai 10 ") || strings.HasPrefix(q.question, "name2 10 ")
		nothing := !slices.ContainsFunc(q.ways, func(way string) bool { return way != "silent" && way != "closed" })
		return strings.Contains(q.conf, "no-aaaa") && six && nothing && empty(q.want) && failed(q.got)
	}},
}

// goesOn: what mcdns says is what a server that does not fail says, or that all do.
func (q trouble) goesOn() bool {
	if failed(q.got) {
		return !slices.ContainsFunc(q.ways, func(way string) bool { return way == "good" || way == "slow" || way == "cut" })
	}
	return slices.ContainsFunc(q.ways, func(way string) bool { return q.answeredBy(way) })
}

// answeredBy reports whether mcdns says what a server says that treats the name in a way.
func (q trouble) answeredBy(way string) bool {
	for i, w := range q.ways {
		if w != way || fails(way) {
			continue
		}
		switch way {
		case "nxdomain", "nxbare":
			if q.got == "-2" || strings.HasSuffix(q.got, "h_errno 1") {
				return true
			}
		case "nodata", "empty":
			if empty(q.got) {
				return true
			}
		default: // has an IPv4 address, and no other
			if strings.Contains(q.got, q.addresses[i]) || empty(q.got) {
				return true
			}
		}
	}
	return false
}

func fails(way string) bool {
	return slices.Contains([]string{"servfail", "refused", "notimp", "formerr", "lame", "referral", "closed", "silent"}, way)
}

// failed reports whether an answer says that it may be tried again.
func failed(got string) bool {
	return strings.HasPrefix(got, "-3") || strings.HasSuffix(got, "h_errno 2")
}

// empty reports whether an answer says that the name has no such record.
func empty(got string) bool {
	return strings.HasPrefix(got, "-5") || strings.HasSuffix(got, "h_errno 4")
}

func found(got string) bool { return strings.Contains(got, "192.0.2.") }

func troubleReason(conf, question, got, want string) string {
	fields := strings.Fields(question)
	parts := strings.Split(fields[len(fields)-1], "-")
	q := trouble{conf: conf, question: question, got: got, want: want}
	for line := range strings.Lines(conf) {
		i := strings.Index("AB", strings.TrimSpace(strings.TrimPrefix(line, "nameserver")))
		if strings.HasPrefix(line, "nameserver") && i >= 0 {
			q.ways = append(q.ways, parts[i])
			q.addresses = append(q.addresses, []string{"192.0.2.1", "192.0.2.2"}[i])
		}
	}
	for _, r := range troubleReasons {
		if r.test(q) {
			return r.why
		}
	}
	return ""
}
