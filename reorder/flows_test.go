package reorder

import (
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// Two connections that share a place are told apart by their ids, in a window that holds
// both, with the older one's last packets among the first of the younger: the same moves,
// as if each had a place of its own.
func TestConnectionsThatShareAPlaceAreApart(t *testing.T) {
	const older, beside, sharing = 7, 8, 7 + tcp.MaxFlows
	placedAs := func(younger uint64) []Placement {
		a := newScript().handshake().disordered(true).download(5)
		b := newScript()
		b.now = a.now - 2*ms
		b.isn = [2]tcp.Seq{77, 1 << 31}
		b.handshake().disordered(true)
		segs := slices.Clone(a.segs)
		for i := range segs {
			segs[i].Flow = older
		}
		for _, seg := range b.segs {
			seg.Flow = younger
			segs = append(segs, seg)
		}
		slices.SortStableFunc(segs, func(a, b tcp.Segment) int { return int(a.Stamp - b.Stamp) })
		_, placed, _ := repaired(t, segs, Options{})
		return placed
	}
	want := placedAs(beside)
	moved := 0
	for _, p := range want {
		if p.Moved {
			moved++
		}
	}
	if got := placedAs(sharing); moved == 0 || !slices.Equal(got, want) {
		t.Errorf("with one place for both: got other placements than with two (%d of which move)", moved)
	}
}

// What the host said in a connection is put before its SYN of the next one of the same
// port pair, and not before the SYN of another port pair that has its place.
func TestTheSYNOfAnotherPortPairMovesNothing(t *testing.T) {
	for id, want := range map[uint64]bool{0: true, tcp.MaxFlows: false} {
		s := newScript().handshake().download(3)
		s.out(1, s.next[1], 100)
		s.wait(ms / 50)
		s.isn = [2]tcp.Seq{1 << 31, 1 << 30}
		s.add(0, tcp.SYN, 0, 0, 0).Flow = id
		last, syn := &s.segs[len(s.segs)-2], &s.segs[len(s.segs)-1]
		*last, *syn = *syn, *last
		last.Stamp, syn.Stamp = syn.Stamp, last.Stamp
		_, placed, _ := repaired(t, s.segs, Options{})
		moved := slices.ContainsFunc(placed, func(p Placement) bool { return p.Moved && p.Law == LawHandshake })
		if moved != want {
			t.Errorf("a SYN of flow %d after packets of flow 0: got moved %v, want %v", id, moved, want)
		}
	}
}
