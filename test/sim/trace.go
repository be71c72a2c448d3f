package sim

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"mcdns/gocore/dns"
	"mcdns/gocore/node"
	"mcdns/gocore/wire"
)

// A Trace writes down what happens in words, for transcripts. A nil Trace
// writes nothing.
type Trace struct {
	lines []string
	// show says which kinds of messages are told; the others are noise to a
	// reader who does not ask for them.
	show [wire.Kinds]bool
	logs bool
}

// newTrace tells of everything but the messages that are sent all the time.
func newTrace() *Trace {
	t := &Trace{logs: true}
	for k := range wire.EachKind {
		t.show[k] = true
	}
	t.show[wire.KindHello], t.show[wire.KindProve], t.show[wire.KindProof] = false, false, false
	return t
}

// take returns what was written since the last time.
func (t *Trace) take() []string {
	out := t.lines
	t.lines = nil
	return out
}

// line writes one: when, who, what.
func (t *Trace) line(w *World, who, verb, what string) {
	head := fmt.Sprintf("%.3f %s %s", w.now.Seconds(), who, verb)
	t.lines = append(t.lines, strings.TrimRight(fmt.Sprintf("%-24s %s", head, what), " "))
}

func (t *Trace) lookup(w *World, h *Host, q dns.Question) {
	if t != nil {
		t.line(w, h.Name, "is asked", brief(q))
	}
}

func (t *Trace) respond(w *World, h *Host, l *lookup, r node.Result) {
	if t == nil {
		return
	}
	if r.Answer == nil {
		t.line(w, h.Name, "answers", "nobody can say now (after "+round(w.now-l.at)+")")
		return
	}
	t.line(w, h.Name, "answers", data(r.Answer)+" ttl="+seconds(r.TTL)+source(w, h, r))
}

// source says where an answer was from, and how old it is.
func source(w *World, h *Host, r node.Result) string {
	s := " from a server"
	switch r.Source {
	case node.FromCache:
		s = " from the cache, " + round(r.Age) + " old"
	case node.FromPeer:
		s = fmt.Sprintf(" from %s, %s old", w.nameOf(r.Peer), round(r.Age))
	}
	if r.Stale {
		s += ", STALE"
	}
	return s
}

func (t *Trace) ask(w *World, h *Host, s *Server, e node.Ask) {
	if t != nil && s != nil {
		t.line(w, h.Name, "-> "+s.name(), brief(e.Question))
	}
}

func (s *Server) name() string { return fmt.Sprintf("dns%d", s.Index+1) }

var failures = map[node.Failure]string{node.Silent: "silence", node.Unreachable: "unreachable", node.Refused: "SERVFAIL"}

func (t *Trace) reply(w *World, h *Host, a *asking, r node.Replied) {
	if t == nil {
		return
	}
	what := failures[r.Failure] + " for " + brief(a.q)
	if r.Answer != nil {
		what = data(r.Answer) + " ttl=" + seconds(r.Answer.TTL)
	}
	t.line(w, h.Name, "<- "+a.server.name(), what)
}

func (t *Trace) send(w *World, h *Host, e node.Send) {
	if t == nil || !t.show[e.Message.Body.Kind()] && !doubts(e.Message) {
		return
	}
	to := "group"
	if e.To.IsValid() {
		to = w.hostAt(e.To)
	}
	t.line(w, h.Name, "-> "+to, strings.TrimSpace(e.Message.Body.Kind().String()+" "+body(w, e.Message)))
	for _, s := range e.Message.Servers {
		if s.Suspect {
			t.line(w, h.Name, "-> "+to, "  ... and suspects "+w.serverName(s.Server))
		}
	}
}

// doubts reports whether a message tells a suspicion: that is always news.
func doubts(m *wire.Message) bool {
	for _, s := range m.Servers {
		if s.Suspect {
			return true
		}
	}
	return false
}

func (w *World) serverName(id dns.ServerID) string {
	for _, s := range w.servers {
		if s.ID == id {
			return s.name()
		}
	}
	return "an unknown server"
}

// body says what a message says.
func body(w *World, m *wire.Message) string {
	var out []string
	switch b := m.Body.(type) {
	case *wire.Hello:
		return fmt.Sprintf("holds %d, hears %d", b.Names, len(b.Hears))
	case *wire.Announce:
		for _, a := range b.Answers {
			out = append(out, aged(a))
		}
		for _, l := range b.Long {
			out = append(out, fmt.Sprintf("%s is %d bytes long", brief(l.Question), l.Length))
		}
	case *wire.Answer:
		for _, a := range b.Answers {
			out = append(out, aged(a))
		}
	case *wire.Query:
		for _, a := range b.Asked {
			s := "who knows " + brief(a.Question) + "?"
			if a.Held != (dns.Birth{}) {
				s = "who knows better " + brief(a.Question) + "?"
			}
			out = append(out, s)
		}
	case *wire.Ask:
		return "please resolve " + brief(b.Question)
	}
	if len(out) > 4 {
		out = append(out[:3], fmt.Sprintf("and %d more", len(out)-3))
	}
	return strings.Join(out, "; ")
}

func aged(a wire.Aged) string {
	return fmt.Sprintf("%s = %s ttl=%s age=%s", brief(a.Question), data(a.Answer), seconds(a.TTL), round(a.Age))
}

func (t *Trace) pull(w *World, h *Host, e node.Pull) {
	if t == nil {
		return
	}
	what := "everything"
	switch {
	case len(e.Want.Questions) > 0:
		what = brief(e.Want.Questions[0])
	case e.Want.Away > 0:
		what = "what it missed in " + round(e.Want.Away)
	}
	t.line(w, h.Name, "pulls", what+" from "+w.hostAt(e.Addr))
}

func (t *Trace) page(w *World, f *flow, e node.Page) {
	if t == nil {
		return
	}
	if e.Busy {
		t.line(w, f.from.Name, "is busy", "for "+f.puller.Name)
		return
	}
	t.line(w, f.from.Name, "streams", fmt.Sprintf("%d answers to %s", len(e.Answers), f.puller.Name))
}

func (t *Trace) log(w *World, h *Host, e node.Log) {
	if t == nil || !t.logs {
		return
	}
	text := e.Text
	for i := 0; i+1 < len(e.Args); i += 2 {
		text += fmt.Sprintf(" %v=%v", e.Args[i], e.Args[i+1])
	}
	t.line(w, h.Name, "logs", text)
}

func (w *World) nameOf(p wire.Peer) string {
	if i, ok := w.births.owner[p]; ok {
		return w.hosts[i].Name
	}
	return "a stranger"
}

func (w *World) hostAt(a netip.AddrPort) string {
	if f := w.lan.byAddr[a.Addr().WithZone("")]; f != nil {
		return f.host.Name
	}
	return a.String()
}

// brief is a question as people say it.
func brief(q dns.Question) string {
	if q.Name == "." {
		return ". " + dns.TypeName(q.Type)
	}
	return strings.TrimSuffix(q.Name, ".") + " " + dns.TypeName(q.Type)
}

// data is what an answer says, in short.
func data(a *dns.Answer) string {
	switch a.Kind {
	case dns.NXDomain:
		return "no such name"
	case dns.NoData:
		return "no such record"
	}
	v, err := a.View()
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, addr := range v.Addrs {
		out = append(out, addr.String())
	}
	out = append(out, v.Names...)
	if len(out) == 0 {
		out = append(out, "(yes)") // records of a type that nobody reads here
	}
	if len(v.Aliases) > 0 {
		out = append([]string{"= " + v.Canonical + " ="}, out...)
	}
	return strings.Join(out, " ")
}

// seconds is a TTL in whole seconds.
func seconds(d time.Duration) string { return fmt.Sprint(int(d / time.Second)) }

// round is a duration at a glance.
func round(d time.Duration) string {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	case d < time.Hour:
		return strings.TrimSuffix(d.Round(time.Second).String(), "0s")
	}
	return strings.TrimSuffix(strings.TrimSuffix(d.Round(time.Minute).String(), "0s"), "0m")
}
