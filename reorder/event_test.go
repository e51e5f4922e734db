package reorder

import (
	"slices"
	"testing"
)

// receivedInOrder places inbound data of 100 bytes each, at places 1 to n in the order in which the
// host's TCP has logged it; first holds the sequence numbers by place, in hundreds.
func receivedInOrder(t *testing.T, profile Profile, first []int, inFile []int) []int {
	t.Helper()
	var got []int
	o, err := NewOrderer(profile, Options{}, func(p Placement) { got = append(got, inFile[p.Index]) })
	if err != nil {
		t.Fatal(err)
	}
	for i, place := range inFile {
		o.Push(&Packet{Stamp: 1_000_000 + int64(i)*1000, Log: &Log{TCP: Places{uint32(place), uint32(place)}}, Segment: &Segment{
			Flow: 1, Dir: 1, Bits: ACK, Seq: Seq(1000 + 100*first[place-1]), Len: 100, Ack: 1, Outbound: In, Window: 1000, WindowShift: -1,
		}})
	}
	o.Barrier()
	return got
}

// Where threads swap packets, the host's own log of arrivals is the order: also where the
// network has swapped them, so that a hole is left as it was.
func TestLogOfArrivals(t *testing.T) {
	profile := Profile{Gate: 1_000_000, ThreadJitter: 1_000_000, ThreadMandate: true, Violations: [NumLaws]int64{LawOutAck: 1}}
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
		if got := receivedInOrder(t, profile, test.seqs, test.inFile); !slices.Equal(got, inOrder) {
			t.Errorf("%s: got places %v, want them in order", test.name, got)
		}
		without := profile
		without.ThreadMandate = false
		if got := receivedInOrder(t, without, test.seqs, test.inFile); !slices.Equal(got, test.inFile) {
			t.Errorf("%s, without a mandate: got places %v, want the file's %v", test.name, got, test.inFile)
		}
	}
}
