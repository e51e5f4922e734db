package pipeline

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/infer"
)

// The comment on a packet that several addresses fit names them with their
// probabilities, chosen or not, and counts those that it leaves out.
func TestCommentNamesTies(t *testing.T) {
	tied := func(n, unlisted int) *unit {
		a := infer.Answer{NextHeader: 17, NextHeaderOrigin: infer.Inferred, Destination: netip.IPv6Unspecified(), Evidence: infer.ByChecksum,
			ChecksumVerified: true, HopLimit: 64, Unlisted: unlisted}
		for i := range n {
			a.Candidates = append(a.Candidates, infer.Candidate{NextHeader: 17, Destination: netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", i+1)), Posterior: 1 / float64(n)})
		}
		u := &unit{decoded: decoded{answer: &a}}
		u.view.TTL = 64
		return u
	}
	likely := tied(2, 0)
	likely.answer.Destination, likely.answer.DestinationOrigin = netip.MustParseAddr("2001:db8::1"), infer.Likely
	likely.answer.Posterior, likely.answer.Evidence = 0.95, infer.ByOthers
	likely.answer.Candidates[0].Posterior, likely.answer.Candidates[1].Posterior = 0.95, 0.05
	both := "(candidates: 17 (UDP) to 2001:db8::1 0.5000, 17 (UDP) to 2001:db8::2 0.5000)"
	tests := []struct {
		u    *unit
		want string // a part of the comment
	}{
		{tied(2, 0), "mendcap: unknown destination " + both + "; inferred next header"},
		{tied(maxShown, 0), "2001:db8::10 0.0625)"},
		{tied(maxShown+4, 3), fmt.Sprintf("2001:db8::10 %.4f, and 7 more)", 1.0/(maxShown+4))},
		{likely, "mendcap: likely destination (probability 0.9500) by other-flows, checksum verified " +
			"(candidates: 17 (UDP) to 2001:db8::1 0.9500, 17 (UDP) to 2001:db8::2 0.0500); inferred next header"},
	}
	p := newPhrases()
	for range 2 { // the second time as kept
		for _, test := range tests {
			if got := string(p.take(test.u).of(test.u)); !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q in it", got, test.want)
			}
		}
	}
	if len(p.said) != len(tests) {
		t.Errorf("got %d comments kept, want %d: packets that share their list share their comment", len(p.said), len(tests))
	}
	if got, want := p.result(), int64(2*len(tests)); got.Packets != want || got.Destination.Likely != 2 || got.Destination.Unknown != want-2 {
		t.Errorf("got %+v, want %d packets, the destination of 2 of them likely", got, want)
	}
}
