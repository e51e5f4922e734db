package reorder

import (
	"slices"
	"testing"
)

// threads is the profile of a capture in which threads swap packets by up to a millisecond.
var threads = Profile{Gate: 1_000_000, ThreadJitter: 1_000_000, ThreadMandate: true, Violations: [NumLaws]int64{LawOutAck: 1}}

// at is one place.
func at(place int) Places { return Places{uint32(place), uint32(place)} }

// placedBy gives the order in which packets come out, as their numbers in the list. A
// microsecond is between two of them, unless their stamps are given.
func placedBy(t *testing.T, profile Profile, list []Packet) (got []int) {
	t.Helper()
	o, err := NewOrderer(profile, Options{}, func(p Placement) { got = append(got, int(p.Index)) })
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		if list[i].Stamp == 0 {
			list[i].Stamp = 1_000_000 + int64(i)*1000
		}
		o.Push(&list[i])
	}
	o.Barrier()
	return got
}

// inbound is data of 100 bytes that the host received, from a hundred on.
func inbound(hundred int, log Log) Packet {
	return Packet{Log: &log, Segment: &Segment{Flow: 1, Dir: 1, Bits: ACK, Seq: Seq(1000 + 100*hundred), Len: 100, Ack: 1, Outbound: In, Window: 1000, WindowShift: -1}}
}

// outbound is data of 100 bytes that the host sent.
func outbound(hundred int, log Log) Packet {
	return Packet{Log: &log, Segment: &Segment{Flow: 1, Dir: 0, Bits: ACK, Seq: Seq(1 + 100*hundred), Len: 100, Ack: 1000, Outbound: Out, Window: 1000, WindowShift: -1}}
}

// Where threads swap packets, the host's own log of arrivals is the order: also where the
// network has swapped them, so that a hole is left as it was.
func TestLogOfArrivals(t *testing.T) {
	inOrder := []int{1, 2, 3, 4, 5}
	for _, test := range []struct {
		name   string
		seqs   []int // by place
		inFile []int // places
	}{
		{"the capture has swapped", []int{0, 1, 2, 3, 4}, []int{1, 3, 2, 4, 5}},
		{"the network has swapped", []int{0, 2, 1, 3, 4}, inOrder},
		{"both have", []int{0, 2, 1, 3, 4}, []int{1, 3, 2, 4, 5}},
		{"both have, far", []int{0, 3, 4, 1, 2}, []int{1, 4, 2, 3, 5}},
	} {
		for name, log := range map[string]func(place int) Log{
			"TCP":   func(place int) Log { return Log{TCP: at(place)} },
			"given": func(place int) Log { return Log{Given: at(place)} },
			"taken": func(place int) Log { return Log{Taken: at(place)} },
		} {
			received := func(profile Profile) (places []int) {
				var list []Packet
				for _, place := range test.inFile {
					list = append(list, inbound(test.seqs[place-1], log(place)))
				}
				for _, i := range placedBy(t, profile, list) {
					places = append(places, test.inFile[i])
				}
				return places
			}
			if got := received(threads); !slices.Equal(got, inOrder) {
				t.Errorf("%s, by %s: got places %v, want them in order", test.name, name, got)
			}
			without := threads
			without.ThreadMandate = false
			if got := received(without); !slices.Equal(got, test.inFile) {
				t.Errorf("%s, by %s, without a mandate: got places %v, want the file's %v", test.name, name, got, test.inFile)
			}
		}
	}
}

// What TCP logs as sent is between what it logs as received before and after. What the
// raw socket was given says so only of packets of one sender.
func TestLogOfWhatIsSent(t *testing.T) {
	received := func(hundred, place int) Packet { return inbound(hundred, Log{TCP: at(place)}) }
	sent := func(hundred, place int) Packet { return outbound(hundred, Log{TCP: at(place)}) }
	given := func(p Packet) Packet {
		p.Log = &Log{Given: p.Log.TCP}
		return p
	}
	for _, test := range []struct {
		name string
		list []Packet
		want []int
	}{
		{"recorded early", []Packet{sent(0, 2), received(0, 1), received(1, 3)}, []int{1, 0, 2}},
		{"recorded late", []Packet{received(0, 1), received(1, 3), sent(0, 2)}, []int{0, 2, 1}},
		{"in order", []Packet{received(0, 1), sent(0, 2), received(1, 3)}, []int{0, 1, 2}},
		{"given before its cause", []Packet{given(received(0, 2)), given(sent(0, 1)), given(received(1, 3))}, []int{0, 1, 2}},
		{"given, of one sender", []Packet{given(received(1, 3)), given(sent(0, 2)), given(received(0, 1))}, []int{2, 0, 1}},
	} {
		if got := placedBy(t, threads, test.list); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

// What TCP logs is said of each packet once, whoever sent what the capture has: that a
// moment comes after the one before, and the packet between them.
func TestLogIsReadOnce(t *testing.T) {
	unknown := inbound(1, Log{TCP: at(2)})
	unknown.Segment.Outbound, unknown.Segment.Dir = Unproven, 0
	for name, list := range map[string][]Packet{
		"received and sent": {inbound(0, Log{TCP: at(1)}), outbound(0, Log{TCP: at(2)}), inbound(1, Log{TCP: at(3)})},
		"received":          {inbound(0, Log{TCP: at(1)}), inbound(1, Log{TCP: at(2)}), inbound(2, Log{TCP: at(3)})},
		"by nobody known":   {inbound(0, Log{TCP: at(1)}), unknown, inbound(2, Log{TCP: at(3)})},
	} {
		b := builder{laws: allLaws, g: new(graph)}
		var all []node
		for i := range list {
			it := item{first: true}
			it.fill(&list[i], int64(i), 0)
			all, b.items = append(all, node(i)), append(b.items, it)
		}
		b.g.reset(make([]int64, len(list)), nil)
		b.take(all)
		b.logged(0)
		b.logged(1)
		if got, want := len(b.g.edges), 2+3+2; got != want {
			t.Errorf("%s: got %d constraints, want %d", name, got, want)
		}
	}
}

// Of packets that a log doesn't tell apart it says nothing but what is before all of their
// places, and after all.
func TestPlacesThatAreOpen(t *testing.T) {
	open := func(hundred int, first, last uint32) Packet { return inbound(hundred, Log{TCP: Places{first, last}}) }
	for _, test := range []struct {
		name string
		list []Packet
		want []int
	}{
		{"after both", []Packet{open(0, 1, 1), open(3, 4, 4), open(1, 2, 3), open(2, 2, 3)}, []int{0, 2, 3, 1}},
		{"after the one, maybe", []Packet{open(0, 1, 1), open(2, 3, 3), open(1, 2, 4), open(3, 5, 5)}, []int{0, 2, 1, 3}}, // as its numbers say
		{"delayed by the network", []Packet{open(0, 1, 1), open(2, 2, 3), open(3, 2, 3), open(1, 4, 4)}, []int{0, 1, 2, 3}},
	} {
		if got := placedBy(t, threads, test.list); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

// Beyond what threads are known to delay nothing moves, unless the host's log shows that a
// packet was stamped so late.
func TestLawsReachAsFarAsLogsShow(t *testing.T) {
	const late = 3_000_000
	for _, shown := range []int64{0, late} {
		list := []Packet{inbound(0, Log{}), inbound(2, Log{}), inbound(1, Log{Late: shown})}
		list[1].Stamp = 1_001_000
		list[2].Stamp = list[1].Stamp + late
		want := []int{0, 1, 2}
		if shown > 0 {
			want = []int{0, 2, 1}
		}
		if got := placedBy(t, threads, list); !slices.Equal(got, want) {
			t.Errorf("%d ns late as the log shows: got %v, want %v", shown, got, want)
		}
	}
}

// The window waits as long as a Survey has seen the log show packets to be late, however many
// others come meanwhile: up to what any jitter is, and with no more than its memory.
func TestWindowWaitsForWhatLogsShow(t *testing.T) {
	const late, between = 12_000_000, 4000
	list := []Packet{inbound(0, Log{}), inbound(2, Log{})}
	for range between {
		list = append(list, Packet{})
	}
	list = append(list, inbound(1, Log{Late: late}))
	for i := range list {
		list[i].Stamp = 1_000_000 + int64(i)*late/(between+2)
	}
	s, err := NewSurvey(Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range list {
		s.Push(&list[i])
	}
	profile := threads
	if profile.Shown = s.Profile().Shown; profile.Shown != late || profile.Reach() != late {
		t.Errorf("got %d ns shown and a reach of %d, want %d", profile.Shown, profile.Reach(), late)
	}
	if got := placedBy(t, profile, list); got[1] != between+2 {
		t.Errorf("got packet %d second, want the late one", got[1])
	}
	s.Push(&Packet{Stamp: list[len(list)-1].Stamp, Log: &Log{Late: 1 << 62}})
	if got := s.Profile().Shown; got != widestGate {
		t.Errorf("got %d ns shown, want no more than %d", got, widestGate)
	}
}

// A log tells which packets the network let come after higher ones, as far as it tells
// them apart; of others what is taken for likely stays.
func TestLoggedCrossings(t *testing.T) {
	for _, test := range []struct {
		name         string
		places       []Places // of data in sequence order
		taken, want  []bool   // to have come late
		sameHundreds bool
	}{
		{"in order", []Places{at(1), at(2), at(3)}, []bool{true, false, true}, []bool{false, false, false}, false},
		{"the first is last", []Places{at(3), at(1), at(2)}, []bool{false, false, false}, []bool{true, false, false}, false},
		{"the last is first", []Places{at(2), at(3), at(1)}, []bool{false, false, true}, []bool{true, true, false}, false},
		{"open", []Places{{1, 3}, {1, 3}, {1, 3}}, []bool{true, false, false}, []bool{true, false, false}, false},
		{"open, and surely later", []Places{{4, 6}, {1, 3}, {1, 3}}, []bool{false, false, false}, []bool{true, false, false}, false},
		{"open, and surely first", []Places{{1, 2}, {3, 5}, {3, 5}}, []bool{true, true, true}, []bool{false, true, false}, false},
		{"not in the log", []Places{{}, at(1), at(2)}, []bool{true, true, true}, []bool{true, false, false}, false},
		{"all the same", []Places{at(3), at(2), at(1)}, []bool{true, true, true}, []bool{false, false, false}, true},
	} {
		b := builder{laws: allLaws, crossed: slices.Clone(test.taken)}
		for i, p := range test.places {
			if test.sameHundreds {
				i = 0
			}
			packet := inbound(i, Log{TCP: p})
			it := item{first: true}
			it.fill(&packet, int64(i), 0)
			it.newLeft = it.seg.Seq
			b.half[1] = append(b.half[1], node(len(b.items)))
			b.items = append(b.items, it)
		}
		b.loggedCrossings(1)
		if !slices.Equal(b.crossed, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, b.crossed, test.want)
		}
	}
}
