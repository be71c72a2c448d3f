package dns

import (
	"errors"
	"testing"

	miekg "github.com/miekg/dns"
)

// TestUpperBitsOfTheRcodeCount: BADVERS is no NOERROR, and 19 no NXDOMAIN.
func TestUpperBitsOfTheRcodeCount(t *testing.T) {
	q := question(t, "www.example", TypeA)
	for _, rcode := range []int{miekg.RcodeBadVers, miekg.RcodeBadCookie, 19, 0xABC, RcodeServerFailure} {
		b := reply(t, q, func(m *miekg.Msg) {
			edns(m).Option = []miekg.EDNS0{&miekg.EDNS0_LOCAL{Code: 65001, Data: []byte("x")}, &miekg.EDNS0_EDE{InfoCode: 9, ExtraText: "why"}}
			m.Rcode = rcode
		}, []string{"www.example. 60 IN A 192.0.2.1"}, nil, []string{"other.example. 60 IN A 192.0.2.2"})
		var got *RcodeError
		if _, err := ParseReply(q, b); !errors.As(err, &got) || got.Rcode != rcode || got.EDE != 10 {
			t.Errorf("RCODE %d: got %+v, %v; want it with EDE 9", rcode, got, err)
		}
	}
}

// TestServersExtendedErrorIsRead: beside an answer as well; what is no OPT of good form
// in the additional section says nothing, and harms nothing.
func TestServersExtendedErrorIsRead(t *testing.T) {
	q := question(t, "www.example", TypeA)
	good := []byte{0, 0, 41, 4, 0xD0, 0, 0, 0, 0, 0, 6, 0, 15, 0, 2, 0, 17}
	for _, c := range []struct {
		name   string
		extra  []byte
		answer int
		want   EDE
	}{
		{"an OPT", good, 0, 18},
		{"none", nil, 0, 0},
		{"code 0, other", append(append([]byte(nil), good[:15]...), 0, 0), 0, 1},
		{"an owner", append([]byte{1, 'x'}, good...), 0, 0},
		{"cut", good[:16], 0, 0},
		{"an option that is too long", append(append([]byte(nil), good[:14]...), 9, 0, 17), 0, 0},
		{"one without a code", []byte{0, 0, 41, 4, 0xD0, 0, 0, 0, 0, 0, 4, 0, 15, 0, 0}, 0, 0},
		{"in the answer section", good, 1, 0},
	} {
		b := reply(t, q, nil, []string{"www.example. 60 IN A 192.0.2.1"}, nil, nil)
		if c.extra != nil {
			b[7] += byte(c.answer)
			b[11] += byte(1 - c.answer)
		}
		a, err := ParseReply(q, append(b, c.extra...))
		if err != nil || a.EDE != c.want || a.Kind != Positive {
			t.Errorf("%s: got %+v, %v; want EDE %d", c.name, a, err, c.want)
		}
	}
}
