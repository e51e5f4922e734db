package headers

import (
	"net/netip"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/lab"
)

// The judge counts what is wrong, by packet and by flow, and bins the likeliest
// candidate of a flow that was left open too.
func TestJudgeCounts(t *testing.T) {
	other := netip.MustParseAddr("2001:db8::99")
	c := &Case{flows: make([]flow, 3)}
	c.flows[1].twoWay = true
	j := newJudge(c, Condition{})
	j.flows[0].summed = true
	j.flows[0].fits, j.flows[1].fits = []netip.Addr{receiver}, []netip.Addr{receiver, sender}
	add := func(flow int, next uint8, dst netip.Addr, origin infer.Origin, posterior float64, candidates ...infer.Candidate) {
		j.add(&sample{src: sender, dst: receiver, next: 6, flow: flow},
			&infer.Answer{NextHeader: next, Destination: dst, DestinationOrigin: origin, Posterior: posterior, Candidates: candidates})
	}
	add(0, 6, receiver, infer.Inferred, 0.9995)
	add(0, 6, other, infer.Inferred, 0.9995)
	add(1, infer.Unknown, netip.IPv6Unspecified(), infer.NotKnown, 0, infer.Candidate{NextHeader: 6, Destination: netip.IPv6Unspecified(), Posterior: 0.7},
		infer.Candidate{NextHeader: 6, Destination: receiver, Posterior: 0.25}, infer.Candidate{NextHeader: 6, Destination: sender, Posterior: 0.05})
	add(2, 17, receiver, infer.Likely, 0.95)
	s := j.score()
	want := Score{
		Packets: Fields{Tally{2, 1, 1}, Tally{2, 1, 1}},
		Flows:   Fields{Tally{1, 1, 1}, Tally{1, 1, 1}},
		Summed:  Fields{Tally{Right: 2}, Tally{Right: 1, Wrong: 1}},
		TwoWay:  Fields{Tally{Open: 1}, Tally{Open: 1}},
		Proven:  [2]Fields{{Destination: Tally{Right: 1, Wrong: 1}}, {Destination: Tally{Wrong: 1}}},
	}
	want.Single, want.Tied, want.Unproved, want.Listed = Tally{Wrong: 1}, Tally{Open: 1}, 1, 1
	sure, fair := 0.9995, 0.95
	want.Proved = Grade{Flows: 1, Doubt: 1 - sure, Destinations: 1, Expected: 1 - sure}
	want.Likely = Grade{Flows: 1, Wrong: 1, Doubt: 1 - fair, Groups: []Group{{1, 1 - fair}}, Destinations: 1, Missed: 1, Expected: 1 - fair}
	want.Bins[9] = Bin{Flows: 2, Right: 1, Posterior: 0.9995 + 0.95}
	want.Bins[2] = Bin{Flows: 1, Right: 1, Posterior: 0.25}
	if !reflect.DeepEqual(s, want) {
		t.Errorf("got %+v, want %+v", s, want)
	}
	if got, bins := s.CalibrationError(2); bins != 1 || got < 0.47 || got > 0.48 {
		t.Errorf("calibration error: got %.3f over %d bins, want 0.475 over 1", got, bins)
	}
}

// Flows to one destination are right or wrong together, so that more of them may
// be wrong than of as many others.
func TestMostFlowsAllowsForGroups(t *testing.T) {
	tests := []struct {
		name   string
		groups []Group
		want   int
	}{
		{"none", nil, 0},
		{"one that is nearly sure", []Group{{1, 0.001}}, 0},
		{"one that isn't", []Group{{1, 0.002}}, 1},
		{"a large one", []Group{{100, 0.2}}, 100},
		{"as many alone", slices.Repeat([]Group{{1, 0.002}}, 100), 2}, // more than 2 have a chance of 0.1 %
		{"both", append(slices.Repeat([]Group{{1, 0.002}}, 100), Group{100, 20}), 102},
	}
	for _, test := range tests {
		g := Grade{Groups: test.groups}
		if got := g.MostFlows(); got != test.want || g.Most() > len(test.groups) {
			t.Errorf("%s: got %d, want %d", test.name, got, test.want)
		}
	}
	j := newJudge(&Case{flows: make([]flow, 3)}, Condition{})
	for i, dst := range []netip.Addr{receiver, sender, receiver} {
		j.add(&sample{src: sender, dst: dst, next: 6, flow: i},
			&infer.Answer{NextHeader: 6, Destination: dst, DestinationOrigin: infer.Likely, Posterior: 0.75})
	}
	if got, want := j.score().Likely.Groups, []Group{{2, 0.5}, {1, 0.25}}; !slices.Equal(got, want) {
		t.Errorf("got groups %v, want %v", got, want)
	}
}

// An answer lists a tie where it names all that fit, or as many as it may and the
// rest as a number.
func TestJudgeAsksForAllThatTie(t *testing.T) {
	v := verdict{}
	a := infer.Answer{}
	for i := range mostListed + 2 {
		to := netip.AddrFrom16([16]byte{0x20, 1, 15: byte(i)})
		v.fits = append(v.fits, to)
		if i < mostListed {
			a.Candidates = append(a.Candidates, infer.Candidate{Destination: to})
		}
	}
	if v.lists(&a) {
		t.Error("two are neither named nor counted: got all listed")
	}
	if a.Unlisted = 2; !v.lists(&a) {
		t.Error("all named or counted: got some missing")
	}
	if a.Candidates = a.Candidates[:3]; v.lists(&a) {
		t.Error("three named, though there is room for more: got all listed")
	}
}

// On real traffic with all tables and nothing hidden the plain method is nearly
// as good: what it lacks shows where something is hidden.
func TestConditionsHide(t *testing.T) {
	recording, err := lab.Load(filepath.Join("..", "..", "..", "testdata", "recordings", "many-flows.pcapng.gz"))
	if err != nil {
		t.Fatal(err)
	}
	c := NewCase("many-flows", lab.Delivered(recording.Packets))
	for _, test := range []struct {
		under     Condition
		plainHigh bool
	}{
		{Condition{Tables: "all"}, true},
		{Condition{Tables: "all", Snap: 96}, false},
		{Condition{Tables: "all", Offload: "partial"}, false},
	} {
		ours, plain, err := Run(c, test.under, 1)
		if err != nil {
			t.Fatal(err)
		}
		total := ours.Packets.Destination.Total()
		if got := ours.Packets.Destination; got.Wrong > 0 || got.Right*1000 < total*999 {
			t.Errorf("%v: got %+v, want 99.9 %% right and none wrong", test.under, got)
		}
		if high := plain.Packets.Destination.Right*100 > total*98; high != test.plainHigh {
			t.Errorf("%v: plain method got %+v of %d, want above 98 %%: %v", test.under, plain.Packets.Destination, total, test.plainHigh)
		}
	}
	if _, _, err := Run(c, Condition{Tables: "some"}, 1); err == nil {
		t.Error("unknown tables: got no error")
	}
}
