package reorder

import (
	"slices"
	"testing"
)

// talk builds a true sequence of packets of other protocols than TCP. Names
// stand for the questions.
type talk struct {
	packets []Packet
	now     int64 // nanoseconds
}

func newTalk() *talk { return &talk{now: 1e18} }

func (s *talk) say(p Packet) *talk {
	p.Stamp = s.now
	s.packets = append(s.packets, p)
	return s
}

func (s *talk) wait(d int64) *talk { s.now += d; return s }

func (s *talk) ask(name uint64) *talk            { return s.say(Packet{Cause: name}) }
func (s *talk) answer(name uint64, by Law) *talk { return s.say(Packet{Effect: name, By: by}) }
func (s *talk) other() *talk                     { return s.say(Packet{}) }
func (s *talk) exchange(name uint64, d int64) *talk {
	return s.ask(name).wait(d).answer(name, LawDNS).wait(ms)
}

// disordered adds exchanges whose answers stand first, so that the capture has
// jitter and a gate: 100 us each.
func (s *talk) disordered() *talk {
	for name := range uint64(100) {
		s.answer(1000+name, LawEcho).wait(ms / 10).ask(1000 + name).wait(ms)
	}
	return s
}

// mended runs both passes and returns the indices in repaired order.
func mended(t *testing.T, packets []Packet, o Options) (order []int64, placed []Placement) {
	t.Helper()
	survey, err := NewSurvey(o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range packets {
		survey.Push(&packets[i])
	}
	r, err := NewOrderer(survey.Profile(), o, func(pl Placement) {
		order, placed = append(order, pl.Index), append(placed, pl)
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := range packets {
		r.Push(&packets[i])
	}
	r.Barrier()
	return order, placed
}

// wantPlaces checks where the packets come out after those of disordered, which
// are always repaired in their pairs: by index, counted from the first of them.
func wantPlaces(t *testing.T, packets []Packet, o Options, want ...int64) []Placement {
	t.Helper()
	before := newTalk().disordered()
	start := int64(len(before.packets))
	shift := before.now + 10*ms - packets[0].Stamp
	all := before.packets
	for _, p := range packets {
		p.Stamp += shift
		all = append(all, p)
	}
	order, placed := mended(t, all, o)
	for i := int64(0); i < start; i += 2 {
		if order[i] != i+1 || order[i+1] != i {
			t.Errorf("answer before its question at %d: got %v, want both turned round", i, order[i:i+2])
		}
	}
	got := slices.Clone(order[start:])
	for i := range got {
		got[i] -= start
	}
	if !slices.Equal(got, want) {
		t.Errorf("order after repair: got %v, want %v", got, want)
	}
	return placed[start:]
}

// wantStay checks that the packets keep their places and times beside others
// that are repaired.
func wantStay(t *testing.T, packets []Packet) {
	t.Helper()
	want := make([]int64, len(packets))
	for i := range want {
		want[i] = int64(i)
	}
	for i, p := range wantPlaces(t, packets, Options{}, want...) {
		if p.Moved {
			t.Errorf("packet %d: got it moved by %s, want it untouched", i, p.Law)
		}
	}
}

func TestAnswerBeforeItsQuestion(t *testing.T) {
	for _, law := range []Law{LawDNS, LawEcho, LawNTP, LawDHCPv6, LawSTUN, LawNeighbor} {
		t.Run(law.String(), func(t *testing.T) {
			s := newTalk().other().wait(ms).answer(1, law).wait(ms / 20).other().wait(ms / 20).ask(1).wait(ms).other()
			placed := wantPlaces(t, s.packets, Options{}, 0, 3, 1, 2, 4)
			question, answer := placed[1], placed[2]
			if !question.Moved || question.Law != law || question.Stamp != answer.Stamp || question.TimeFrom != answer.Index {
				t.Errorf("question: got %+v, want it moved by %s to the time of its answer", question, law)
			}
			if answer.Moved || answer.Left {
				t.Errorf("answer: got %+v, want it where it was", answer)
			}
		})
	}
}

func TestErrorBeforeWhatItQuotes(t *testing.T) {
	s := newTalk().say(Packet{Quoted: 1}).wait(ms / 10).say(Packet{Self: 1}).wait(ms).other()
	placed := wantPlaces(t, s.packets, Options{}, 1, 0, 2)
	if !placed[0].Moved || placed[0].Law != LawQuote {
		t.Errorf("quoted packet: got %+v, want it moved by %s", placed[0], LawQuote)
	}
}

// A segment that is quoted has its place in its connection too.
func TestErrorBeforeTheSegmentItQuotes(t *testing.T) {
	s := newScript().handshake().download(20)
	var packets []Packet
	for i := range s.segs {
		packets = append(packets, Packet{Stamp: s.segs[i].Stamp, Segment: (*Segment)(&s.segs[i]), Self: uint64(1 + i)})
	}
	const at = 10
	e := Packet{Stamp: packets[at].Stamp - ms/10, Quoted: uint64(1 + at)}
	order, placed := mended(t, slices.Insert(packets, at, e), Options{})
	if order[at] != at+1 || order[at+1] != at {
		t.Errorf("segment and error: got %v, want %d before %d", order[at:at+2], at+1, at)
	}
	moved := 0
	for _, p := range placed {
		if p.Moved {
			moved++
		}
	}
	if moved != 1 {
		t.Errorf("packets moved: got %d, want the segment alone", moved)
	}
}

// A query that is asked twice, with the answer to either question, and with the retry after it.
func TestRetryWithOneAnswerStays(t *testing.T) {
	for _, waits := range [][2]int64{{1000 * ms, 20 * ms}, {1000 * ms, ms / 10}, {ms / 10, ms / 10}} {
		wantStay(t, newTalk().ask(1).wait(waits[0]).ask(1).wait(waits[1]).answer(1, LawDNS).packets)
		wantStay(t, newTalk().ask(1).wait(waits[0]).answer(1, LawDNS).wait(waits[1]).ask(1).packets)
	}
	// The first question, or the first answer, was dropped by the capture.
	wantStay(t, newTalk().ask(1).wait(20*ms).answer(1, LawDNS).packets)
	wantStay(t, newTalk().answer(1, LawDNS).wait(1000*ms).ask(1).wait(20*ms).answer(1, LawDNS).packets)
}

func TestAnswersToDroppedQuestionsStay(t *testing.T) {
	s := newTalk()
	for name := range uint64(40) {
		s.ask(name).wait(20*ms).answer(name, LawDNS).wait(ms / 10)
	}
	kept := slices.DeleteFunc(s.packets, func(p Packet) bool { return p.Cause%5 == 2 })
	wantStay(t, kept)
	_, placed := mended(t, kept, Options{})
	for i, p := range placed {
		if p.Moved || p.Left {
			t.Errorf("packet %d with nothing but drops: got %+v, want no violation", i, p)
		}
	}
}

func TestQuestionBeyondTheGateStays(t *testing.T) {
	placed := wantPlaces(t, newTalk().answer(1, LawDNS).wait(30*ms).ask(1).packets, Options{}, 0, 1)
	if p := placed[1]; p.Moved || !p.Left || p.Law != LawDNS {
		t.Errorf("question 30 ms behind its answer: got %+v, want it left with a violation of %s", p, LawDNS)
	}
}

// Peers answer with what is a question itself: it takes along what it answers.
func TestQuestionThatIsAnAnswerKeepsBehindItsOwn(t *testing.T) {
	s := newTalk().answer(2, LawNTP).wait(ms / 20).ask(1).wait(ms / 20).say(Packet{Effect: 1, Cause: 2, By: LawNTP})
	wantPlaces(t, s.packets, Options{}, 1, 2, 0)
}

func TestAnswersThatContradictStay(t *testing.T) {
	s := newTalk().say(Packet{Cause: 1, Effect: 2, By: LawNTP}).wait(ms / 10).say(Packet{Cause: 2, Effect: 1, By: LawNTP})
	placed := wantPlaces(t, s.packets, Options{}, 0, 1)
	if p := placed[0]; !p.Left || p.Law != LawNTP {
		t.Errorf("first of two packets that answer each other: got %+v, want a violation of %s reported", p, LawNTP)
	}
	wantStay(t, newTalk().say(Packet{Cause: 1, Effect: 1, By: LawNTP}).packets)
}

// Two questions share a slot of what is remembered: the first is forgotten, so
// an answer to it proves nothing, least of all about a retry.
func TestForgottenQuestionsMoveNothing(t *testing.T) {
	s := newTalk().ask(1).wait(ms).ask(1+causeSlots).wait(10*ms).answer(1, LawDNS).wait(ms / 10).ask(1)
	wantStay(t, s.packets)
}

func TestLawsOfAnswersCanBeSwitchedOff(t *testing.T) {
	s := newTalk().answer(1, LawDNS).wait(ms/10).ask(1).wait(10*ms).answer(2, LawSTUN).wait(ms / 10).ask(2)
	wantPlaces(t, s.packets, Options{Without: []Law{LawDNS}}, 0, 1, 3, 2)
}

func TestExchangesInOrderBreakNothing(t *testing.T) {
	s := newTalk()
	for name := range uint64(5000) {
		s.exchange(1+name, ms/50)
	}
	_, placed := mended(t, s.packets, Options{})
	for i, p := range placed {
		if p.Index != int64(i) || p.Moved || p.Left {
			t.Errorf("packet %d: got %+v, want it untouched", i, p)
		}
	}
}
