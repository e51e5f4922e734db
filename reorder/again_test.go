package reorder

import (
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// twiceSurveyed is what two surveys learn, the second one of which knows how far
// stamps go back; nil where one is enough.
func twiceSurveyed(t *testing.T, segs []tcp.Segment) *Survey {
	t.Helper()
	survey, err := NewSurvey(Options{})
	if err != nil {
		t.Fatal(err)
	}
	push := func(s *Survey) {
		for i := range segs {
			s.Push(&Packet{Stamp: segs[i].Stamp, Segment: (*Segment)(&segs[i])})
		}
	}
	push(survey)
	again := survey.Again()
	if again != nil {
		push(again)
		if again.Again() != nil {
			t.Error("a third survey: got one, want two to be enough")
		}
	}
	return again
}

// A file that threads write in blocks goes back by seconds, and is in order by its
// stamps: it is sorted, and no clock was set.
func TestSurveyAgainOfBlocks(t *testing.T) {
	s := newScript().handshake()
	for i := range uint32(400) {
		s.in(1+i*1000, 1, 1000)
		s.out(1, 1001+i*1000, 0)
		s.wait(10 * ms)
	}
	var blocks [3][]tcp.Segment
	for i, seg := range s.segs {
		blocks[i%3] = append(blocks[i%3], seg)
	}
	segs := slices.Concat(blocks[:]...)
	again := twiceSurveyed(t, segs)
	if again == nil {
		t.Fatal("another survey: got none, want one that sorts as far as stamps go back")
	}
	p := again.Profile()
	if p.Basis != StampOrder || p.ClockSteps != 0 || p.Backward < 1000*ms || !p.Broken() {
		t.Fatalf("profile: got %+v, want the stamps as basis over seconds, no step of the clock", p)
	}
	var frames []int64
	r, err := NewOrderer(p, Options{}, func(pl Placement) { frames = append(frames, segs[pl.Index].Frame) })
	if err != nil {
		t.Fatal(err)
	}
	for i := range segs {
		r.Push(&Packet{Stamp: segs[i].Stamp, Segment: (*Segment)(&segs[i])})
	}
	r.Barrier()
	wantOrder(t, frames, len(segs))
	if n := r.Stats().Unsorted; n != 0 {
		t.Errorf("packets that came too late to be sorted: got %d, want none", n)
	}
}

// A clock that was set back is no such file: sorted by its stamps it breaks more.
func TestSurveyAgainOfAClockThatWasSetBack(t *testing.T) {
	s := newScript().handshake().download(200)
	for i := 201; i < len(s.segs); i++ {
		s.segs[i].Stamp -= 100 * ms
	}
	again := twiceSurveyed(t, s.segs)
	if again == nil {
		t.Fatal("another survey: got none, want one")
	}
	if p := again.Profile(); p.Basis != FileOrder || p.ClockSteps != 1 || p.StepBack < 90*ms || p.Broken() {
		t.Errorf("profile: got %+v, want the file's order, one step of the clock, nothing broken", p)
	}
	s = newScript().handshake().download(50)
	swapLate(s.segs, 20, ms)
	if twiceSurveyed(t, s.segs) != nil {
		t.Error("another survey of usual jitter: got one, want none")
	}
}

// A window that is too small sorts as far as it reaches, and says what it couldn't.
func TestSortAsFarAsTheWindowReaches(t *testing.T) {
	segs := make([]tcp.Segment, 60)
	for i := range segs {
		segs[i] = tcp.Segment{Frame: int64(i + 1), Stamp: int64(i) * ms}
	}
	slices.Reverse(segs[10:50])
	p := Profile{Basis: StampOrder, Backward: 1000 * ms}
	var stamps []int64
	r, err := NewOrderer(p, Options{Window: 16}, func(pl Placement) { stamps = append(stamps, pl.Stamp) })
	if err != nil {
		t.Fatal(err)
	}
	for i := range segs {
		r.Push(&Packet{Stamp: segs[i].Stamp})
	}
	r.Barrier()
	if len(stamps) != len(segs) || r.Stats().Unsorted == 0 || slices.IsSorted(stamps) {
		t.Errorf("got %d packets, %d of them too late; want all, some too late", len(stamps), r.Stats().Unsorted)
	}
	if !slices.IsSorted(stamps[:10]) || stamps[0] != 0 {
		t.Errorf("the beginning: got %v, want it in order", stamps[:10])
	}
}
