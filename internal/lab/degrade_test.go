package lab

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"
)

// traffic is a made-up true capture: request and response, in both directions.
func traffic(n int) []Packet {
	packets := make([]Packet, n)
	at := int64(1_700_000_000_000_000_000)
	for i := range packets {
		at += int64(1+i*7919%400) * 1000
		packets[i] = Packet{Index: i, Stamp: at, Data: []byte{byte(i), byte(i >> 8)}, Out: i%3 == 1}
	}
	return packets
}

func TestDegradeKeepsEachPacketAtMostOnce(t *testing.T) {
	truth := traffic(20000)
	for _, d := range Degradations() {
		for seed := range uint64(3) {
			t.Run(fmt.Sprintf("%s/%d", d.Name, seed), func(t *testing.T) {
				checkPermutation(t, truth, Degrade(truth, d, seed), d)
			})
		}
	}
}

func checkPermutation(t *testing.T, truth, got []Packet, d Degradation) {
	t.Helper()
	seen := make([]bool, len(truth))
	for _, p := range got {
		want := truth[p.Index]
		if seen[p.Index] {
			t.Fatalf("packet %d is there twice", p.Index)
		}
		seen[p.Index] = true
		if !slices.Equal(p.Data, want.Data) || p.Out != want.Out {
			t.Fatalf("packet %d was changed", p.Index)
		}
		if p.Stamp < floorTo(want.Stamp, d.Tick) {
			t.Fatalf("packet %d: stamp %d before the truth %d", p.Index, p.Stamp, want.Stamp)
		}
		if d.Tick > 0 && p.Stamp%int64(d.Tick) != 0 {
			t.Fatalf("packet %d: stamp %d is no multiple of %v", p.Index, p.Stamp, d.Tick)
		}
	}
	if dropped := len(got) < len(truth); dropped != (d.DropRate > 0) {
		t.Errorf("got %d of %d packets with a drop rate of %v", len(got), len(truth), d.DropRate)
	}
}

func TestDropsComeAtTheirRateAndInBursts(t *testing.T) {
	truth := traffic(400_000)
	d := Degradation{DropRate: .02, DropBurst: 8}
	got := Degrade(truth, d, 1)
	bursts, next := 0, 0
	for _, p := range got {
		if p.Index != next {
			bursts++
		}
		next = p.Index + 1
	}
	lost := len(truth) - len(got)
	if rate := float64(lost) / float64(len(truth)); rate < .015 || rate > .025 {
		t.Errorf("drop rate: got %.4f, want about 0.02", rate)
	}
	if mean := float64(lost) / float64(bursts); mean < 6 || mean > 10 {
		t.Errorf("packets a burst: got %.1f, want about 8", mean)
	}
}

func TestDegradeIsDeterministic(t *testing.T) {
	truth := traffic(5000)
	for _, d := range Degradations() {
		first, second := Degrade(truth, d, 7), Degrade(truth, d, 7)
		if !reflect.DeepEqual(first, second) {
			t.Errorf("%s: two runs with one seed differ", d.Name)
		}
		if d.Name != "none" && reflect.DeepEqual(first, Degrade(truth, d, 8)) {
			t.Errorf("%s: two seeds give the same", d.Name)
		}
	}
}

// inversions counts neighbours in the file that are the wrong way round.
func inversionsOf(packets []Packet) (n int) {
	for i := 1; i < len(packets); i++ {
		if packets[i].Index < packets[i-1].Index {
			n++
		}
	}
	return n
}

func TestDegradeDisordersOnlyWhereItShould(t *testing.T) {
	truth := traffic(20000)
	for _, d := range Degradations() {
		got := Degrade(truth, d, 1)
		if n, wantDisorder := inversionsOf(got), d.Disorders(); (n > 0) != wantDisorder {
			t.Errorf("%s: got %d inversions, want some: %v", d.Name, n, wantDisorder)
		}
		sorted := slices.IsSortedFunc(got, func(a, b Packet) int { return int(a.Stamp - b.Stamp) })
		if wantSorted := d.Threads == 0 && d.Scrawl == 0; sorted != wantSorted {
			t.Errorf("%s: stamps monotone: got %v, want %v", d.Name, sorted, wantSorted)
		}
	}
}

func TestDegradeNoneChangesNothing(t *testing.T) {
	truth := traffic(1000)
	if got := Degrade(truth, Degradation{}, 1); !reflect.DeepEqual(got, truth) {
		t.Error("the zero degradation changed the capture")
	}
}

func TestStallsCompressWhatCameMeanwhile(t *testing.T) {
	truth := traffic(20000)
	got := Degrade(truth, Degradation{Stalls: 4}, 3)
	longest := time.Duration(0)
	for i, p := range got {
		longest = max(longest, time.Duration(p.Stamp-truth[i].Stamp))
	}
	if longest < 5*time.Millisecond || longest > 25*time.Millisecond {
		t.Errorf("longest delay: got %v, want 5 to 20 ms", longest)
	}
}

func TestResponsesOvertakeTheirBatch(t *testing.T) {
	truth := []Packet{
		{Index: 0, Stamp: 1000}, {Index: 1, Stamp: 2000}, {Index: 2, Stamp: 3000, Out: true},
		{Index: 3, Stamp: 4000}, {Index: 4, Stamp: 5000, Out: true},
	}
	got := appendBatch(nil, truth)
	var order []int
	for _, q := range got {
		order = append(order, q.Index)
	}
	if want := []int{2, 4, 0, 1, 3}; !slices.Equal(order, want) {
		t.Errorf("order in the queue: got %v, want %v", order, want)
	}
	if got[2].at != 5000 || got[0].at != 3000 {
		t.Errorf("times in the queue: got %d and %d, want 5000 and 3000", got[2].at, got[0].at)
	}
}

func TestScatteredStampsAreIndependent(t *testing.T) {
	truth := traffic(200_000)
	got := Degrade(truth, Degradation{Scatter: 12 * time.Microsecond, Straggle: .02}, 1)
	sum, late := time.Duration(0), 0
	for _, p := range got {
		delay := time.Duration(p.Stamp - truth[p.Index].Stamp)
		sum += delay
		if delay > 200*time.Microsecond {
			late++
		}
	}
	// 98 % of 12 us and 2 % of 500 us; of those 2 %, four in five are later than 200 us.
	if mean := sum / time.Duration(len(got)); mean < 21*time.Microsecond || mean > 23*time.Microsecond {
		t.Errorf("mean delay: got %v, want about 21.8 us", mean)
	}
	if share := float64(late) / float64(len(got)); share < .014 || share > .018 {
		t.Errorf("later than 200 us: got %.4f, want about 0.016", share)
	}
}
