package render

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mendcap/mendcap/report"
)

// Whatever is known of a frame, the template has whole sentences for it: its branches
// are taken in all their combinations.
func TestWordsOfAnyExplanation(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 3000 {
		x := &report.Explanations{ShiftLimit: time.Duration(r.IntN(1e7))}
		e := anyExplanation(r)
		said := inWords(x, e)
		for _, s := range slices.Concat(said.Header, said.Order, said.Laws, said.Flags) {
			broken := func(sign string) bool { return strings.Contains(s, sign) }
			if !strings.HasSuffix(s, ".") || slices.ContainsFunc([]string{"  ", " .", " ,", " ;", "()", "<no value>", "{", "\n"}, broken) {
				t.Fatalf("got %q, want a whole sentence, of %+v", s, e)
			}
		}
		if len(said.Header) == 0 || len(said.Flags) != max(1, len(e.Flags)) && e.Segment != nil {
			t.Fatalf("got %q, want sentences about the header and each flag, of %+v", said, e)
		}
	}
}

func anyExplanation(r *rand.Rand) *report.Explanation {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	coin := func() bool { return r.IntN(2) == 0 }
	moment := func() time.Time {
		if coin() {
			return time.Time{}
		}
		return time.Unix(1_700_000_000, r.Int64N(1e9))
	}
	field := func() report.ExplainedField {
		return report.ExplainedField{Value: "6 (TCP)", Origin: pick("inferred", "likely", "unknown", "as captured")}
	}
	segment := func() *report.ExplainedTCP {
		left := r.Uint32N(9)
		return &report.ExplainedTCP{Relative: report.Range{Left: left, Right: left + 5}, RelativeAck: left + 3, Acks: coin(), Len: left}
	}
	relations := func() (all []report.Relation) {
		for range r.IntN(5) {
			law := report.LawName(pick("ack", "tsecr", "dns", "of the future"))
			all = append(all, report.Relation{Frame: r.Int64N(20), Law: law, Broken: coin(), Repaired: coin(), Segment: segment()})
		}
		return all
	}
	e := &report.Explanation{
		Frame: r.Int64N(9), FrameAfter: r.Int64N(9), Causes: relations(), Followers: relations(), More: coin(),
		Header: report.ExplainedHeader{
			Form: pick(report.FormWhole, report.FormStub, report.FormSockaddr, report.FormNone), NextHeader: field(), Destination: field(),
			Evidence: pick("", "checksum", "of the future"), Posterior: float64(r.IntN(3)) / 2, ChecksumVerified: coin(), Offloaded: coin(),
			CandidatesOmitted: r.IntN(2), Synthesised: pick("", "nothing", "Hop Limit"),
		},
		Place: report.ExplainedPlace{
			Why: pick(report.WhyMoved, report.WhySorted, report.WhyInOrder, report.WhyBeyondLimit, report.WhyOutOfWindow, "of the future"),
			Law: report.LawName(pick("ack", "tsecr")), Recorded: moment(), Corrected: moment(), Time: moment(),
			Shift: time.Duration(r.IntN(3)) * 1500, TimeFrom: r.Int64N(2), Earliest: moment(), Latest: moment(),
		},
	}
	if coin() {
		e.Segment = segment()
	}
	for range r.IntN(3) {
		one := report.ExplainedCandidate{NextHeader: "6 (TCP)", Destination: netip.MustParseAddr("2001:db8::1"), Evidence: pick("", "checksum")}
		e.Header.Candidates = append(e.Header.Candidates, one)
		verdict := report.Verdict(pick("not-captured", "loss"))
		e.Flags = append(e.Flags, report.ExplainedFlag{
			Flag: pick("", "retransmission"), Before: coin(), After: coin(), Verdict: verdict, Detail: pick("", "timeout"), Evidence: "it & <that>",
		})
	}
	return e
}
