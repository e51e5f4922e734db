package judge

import (
	"context"
	"net/netip"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/tshark"
	"github.com/mendcap/mendcap/internal/tcp"
)

// packets makes a file out of letters: equal letters are equal packets of one
// flow. Upper case has a flag.
func packets(letters string) *File {
	f := &File{}
	for _, letter := range letters {
		row := Row{NextHeader: 6, ID: -1, Dst: netip.MustParseAddr("2001:db8::2")}
		if letter < 'a' {
			row.Flags = tcp.Retransmission
			letter += 'a' - 'A'
		}
		f.rows = append(f.rows, row)
		f.ids = append(f.ids, digest(nil, []byte{byte(letter)}))
		f.flows = append(f.flows, lab.Flow{})
		f.stamps = append(f.stamps, 0)
	}
	return f
}

func TestCompareCounts(t *testing.T) {
	tests := []struct {
		name, truth, baseline, repaired string
		want                            Score
	}{
		{"repaired", "abcD", "aCbD", "abcD",
			Score{Packets: 4, SpuriousBefore: 1, Genuine: 1, Kept: 1, Order: OrderScore{InvertedBefore: 1, Touched: 2}}},
		{"left as it was", "abcD", "aCbD", "aCbD",
			Score{Packets: 4, SpuriousBefore: 1, SpuriousAfter: 1, Genuine: 1, Kept: 1,
				Order: OrderScore{InvertedBefore: 1, InvertedAfter: 1}}},
		{"made worse", "abcD", "abcD", "acbd", Score{Packets: 4, Genuine: 1,
			Order: OrderScore{InvertedAfter: 1, Worsened: 1, Harmed: 1, Touched: 2}}},
		{"made worse over a distance", "abcde", "acbde", "ebcda", Score{Packets: 5,
			Order: OrderScore{InvertedBefore: 1, InvertedAfter: 2, Worsened: 2, Harmed: 7, Touched: 4}}},
		{"equal packets changing places", "aab", "aab", "aab", Score{Packets: 3}},
		{"one lost", "abc", "abc", "ac", Score{Packets: 3, Lost: 1, Order: OrderScore{Touched: 1}}},
		{"one added", "abc", "abc", "abbc", Score{Packets: 3, Added: 1, Order: OrderScore{Touched: 2}}},
		{"one changed", "abc", "abc", "axc", Score{Packets: 3, Changed: 1, Order: OrderScore{Touched: 1}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Compare(packets(test.truth), packets(test.baseline), packets(test.repaired))
			got.IPv6, got.NextHeader, got.Destination = 0, Tally{}, Tally{}
			n := len(test.truth)
			if got.Order.Neighbours != n-1 || got.Order.Pairs != n*(n-1)/2 {
				t.Errorf("neighbours and pairs: got %d and %d, want %d and %d",
					got.Order.Neighbours, got.Order.Pairs, n-1, n*(n-1)/2)
			}
			got.Order.Neighbours, got.Order.Pairs = 0, 0
			if got != test.want {
				t.Errorf("got  %+v\nwant %+v", got, test.want)
			}
		})
	}
}

func TestCompareTalliesHeaders(t *testing.T) {
	truth, repaired := packets("abcde"), packets("abcde")
	repaired.rows[1].NextHeader, repaired.rows[1].Dst = 255, netip.IPv6Unspecified()
	repaired.rows[2].NextHeader, repaired.rows[2].Dst = 17, netip.MustParseAddr("2001:db8::3")
	repaired.rows[3].NextHeader, repaired.rows[3].Dst = -1, netip.Addr{} // no IP header at all
	truth.rows[4].NextHeader = -1                                        // IPv4
	got, want := Compare(truth, truth, repaired), Tally{Right: 1, Unknown: 2, Wrong: 1}
	if got.IPv6 != 4 || got.NextHeader != want || got.Destination != want {
		t.Errorf("got %+v, want 4 packets and %+v twice", got, want)
	}
}

func TestMatchPrefersTheDestination(t *testing.T) {
	truth, got := packets("aa"), packets("aa")
	truth.rows[0].Dst = netip.MustParseAddr("2001:db8::3")
	got.rows[1].Dst = truth.rows[0].Dst
	places, missing := got.match(truth)
	if want := []int{1, 0}; !slices.Equal(places, want) || missing != 0 {
		t.Errorf("places: got %v, %d missing, want %v, none", places, missing, want)
	}
}

func TestIdentityIsTheSameInEachForm(t *testing.T) {
	v6 := append(make([]byte, 40), 1, 2, 3)
	v6[0], v6[8], v6[30] = 0x60, 0x20, 9
	stub := slices.Clone(v6)
	stub[6], stub[30] = 255, 0
	record := append(make([]byte, 28), 1, 2, 3)
	record[0], record[8] = 23, 0x20
	want := identify(lab.LinkRaw, v6)
	if got := identify(lab.LinkRaw, stub); got != want {
		t.Error("stub: the identity differs from that of the whole packet")
	}
	if got := identify(lab.LinkUser0, record); got != want {
		t.Error("sockaddr: the identity differs from that of the whole packet")
	}
	stub[41]++
	if identify(lab.LinkRaw, stub) == want {
		t.Error("a changed payload has the same identity")
	}
}

func TestParseRow(t *testing.T) {
	flags := make([]string, len(tcp.AnalysisNames()))
	flags[0], flags[2] = "1", "1"
	row, err := parseRow(append([]string{"60", "6", "2001:db8::2", ""}, flags...))
	want := Row{60, 6, netip.MustParseAddr("2001:db8::2"), -1, tcp.Retransmission | tcp.SpuriousRetransmission}
	if err != nil || row != want {
		t.Errorf("got %+v, %v, want %+v", row, err, want)
	}
	if _, err := parseRow(append([]string{"60", "six", "", ""}, flags...)); err == nil {
		t.Error("a next header that is no number: got no error")
	}
}

func TestTrialRepairsARecording(t *testing.T) {
	if testing.Short() {
		t.Skip("TestTrialRepairsARecording: runs tshark three times")
	}
	tshark.Need(t)
	recording, err := lab.Load(filepath.Join("..", "..", "..", "testdata", "recordings", "reorder-light.pcapng.gz"))
	if err != nil {
		t.Fatal(err)
	}
	trial := Trial{Case: NewCase(t.Context(), recording), Degradation: lab.Degradations()[0], Seed: 1, Form: lab.SockaddrLinux, Tables: "all"}
	got, err := trial.Run(context.Background(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if got.Lost+got.Added+got.Changed > 0 || got.NextHeader.Wrong+got.Destination.Wrong > 0 {
		t.Errorf("packets or headers came out wrong: %+v", got)
	}
	if got.SpuriousBefore == 0 || got.SpuriousAfter*4 > got.SpuriousBefore {
		t.Errorf("flags that the truth does not have: got %d of %d left, want at most a quarter",
			got.SpuriousAfter, got.SpuriousBefore)
	}
}
