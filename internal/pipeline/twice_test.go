package pipeline

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// beginning is the beginning of a recording, as the host's stack delivered it.
func beginning(t *testing.T, name string, packets int) []lab.Packet {
	t.Helper()
	r, err := lab.Load(filepath.Join("..", "..", "testdata", "recordings", name+".pcapng.gz"))
	if err != nil {
		t.Fatal(err)
	}
	all := lab.Delivered(r.Packets)
	return all[:min(len(all), packets)]
}

// written writes packets in their order, with their directions if asked to.
func written(t *testing.T, packets []lab.Packet, directions bool) string {
	t.Helper()
	var file bytes.Buffer
	w, err := lab.NewWriter(&file, lab.Pcapng, lab.LinkRaw)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range packets {
		direction := uint32(lab.NoDirection)
		switch {
		case directions && p.Out:
			direction = lab.Outbound
		case directions:
			direction = lab.Inbound
		}
		if err := w.Write(p.Stamp, p.Data, direction); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "in.pcapng")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// byTime merges packets by their stamps.
func byTime(lists ...[]lab.Packet) []lab.Packet {
	all := slices.Concat(lists...)
	slices.SortStableFunc(all, func(a, b lab.Packet) int { return int(a.Stamp - b.Stamp) })
	return all
}

// later gives packets later stamps, outbound ones and the others.
func later(packets []lab.Packet, out, in time.Duration) []lab.Packet {
	moved := slices.Clone(packets)
	for i := range moved {
		by := in
		if moved[i].Out {
			by = out
		}
		moved[i].Stamp += int64(by)
	}
	return byTime(moved)
}

// turned is what another host would say of the directions.
func turned(packets []lab.Packet) []lab.Packet {
	turned := slices.Clone(packets)
	for i := range turned {
		turned[i].Out = !turned[i].Out
	}
	return turned
}

// agreed repairs a capture and holds Check, and a second repair, to say the same.
func agreed(t *testing.T, in string) report.Report {
	t.Helper()
	dir := t.TempDir()
	out, again := filepath.Join(dir, "out.pcapng"), filepath.Join(dir, "again.pcapng")
	r, err := File(context.Background(), in, out, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if before, after := sumOf(r.Analysis.Before), sumOf(r.Analysis.After); after > before {
		t.Errorf("flags: got %d after %d, want no more than before", after, before)
	}
	checked, err := Check(context.Background(), in, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := checked.Order, r.Order; fmt.Sprint(got) != fmt.Sprint(want) || fmt.Sprint(checked.Analysis, checked.Notes) != fmt.Sprint(r.Analysis, r.Notes) {
		t.Errorf("check: got %+v, want as in the repair %+v", got, want)
	}
	if _, err := File(context.Background(), out, again, Options{}); err != nil {
		t.Fatal(err)
	}
	wantSameBytes(t, out, again)
	return r
}

// Whatever the delay of the second copy, and wherever it is in the file, a
// connection that the capture shows more than once stays as it was recorded.
func TestWhatWasRecordedTwiceStays(t *testing.T) {
	truth := beginning(t, "v4-lossy", 600)
	degraded := lab.Degrade(truth, lab.Degradation{ResponseFirst: .5, BatchSpan: time.Millisecond, Batch: 8, Late: 30 * time.Microsecond}, 1)
	const ms = time.Millisecond
	third := len(truth) / 3
	tests := []struct {
		name       string
		packets    []lab.Packet
		directions bool
		want       sighted
	}{
		{"copies after 5 us", byTime(truth, later(truth, 5000, 5000)), false, doubled},
		{"copies after 50 us", byTime(truth, later(truth, 50_000, 50_000)), false, doubled},
		{"copies after 5 ms", byTime(truth, later(truth, 5*ms, 5*ms)), false, doubled},
		{"copies after 50 ms", byTime(truth, later(truth, 50*ms, 50*ms)), false, doubled},
		{"copies after 300 ms", byTime(truth, later(truth, 300*ms, 300*ms)), false, doubled},
		{"copies of what is degraded", byTime(degraded, later(degraded, 3*ms, 3*ms)), false, doubled},
		{"true and degraded", byTime(truth, degraded), false, doubled},
		{"two places", byTime(truth, later(truth, 5*ms, -5*ms)), false, doubled},
		{"two places, clocks apart", byTime(truth, later(truth, -35*ms, -45*ms)), false, doubled},
		{"two places, directions", byTime(truth, turned(later(truth, 5*ms, -5*ms))), true, bothEnds},
		{"appended to itself", slices.Concat(truth, truth), false, repeated},
		{"overlapping files", slices.Concat(truth[:2*third], truth[third:]), false, repeated},
		{"overlapping files, merged", byTime(truth[:2*third], truth[third:]), false, repeated},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := written(t, test.packets, test.directions)
			r := agreed(t, in)
			if r.Order.Moved != 0 {
				t.Errorf("moved: got %d packets, want none", r.Order.Moved)
			}
			l := r.Order.AsRecorded
			got := map[sighted]int64{doubled: l.Copied, bothEnds: l.BothEnds, repeated: l.Repeated}
			if got[test.want] == 0 || got[test.want] != l.Copied+l.BothEnds+l.Repeated {
				t.Errorf("connections left: got %+v, want all in one way, %d", l, test.want)
			}
			if !slices.ContainsFunc(r.Notes, func(note string) bool { return strings.Contains(note, " recorded ") }) {
				t.Errorf("notes: got %q, want the reason", r.Notes)
			}
		})
	}
}

// The same packets once are no copies: not where the network duplicates, nor
// where nothing tells a retransmission from its original, nor on loopback.
func TestWhatWasRecordedOnceIsRepaired(t *testing.T) {
	for _, name := range []string{"duplicating", "plain-heavy", "heavy", "v4-loopback", "idle-and-full", "ports-again"} {
		t.Run(name, func(t *testing.T) {
			truth := beginning(t, name, 1500)
			degraded := lab.Degrade(truth, lab.Degradation{ResponseFirst: .5, BatchSpan: time.Millisecond, Batch: 8, Tick: time.Millisecond}, 1)
			for _, packets := range [][]lab.Packet{truth, degraded} {
				l := agreed(t, written(t, packets, false)).Order.AsRecorded
				if l.Copied+l.BothEnds+l.Repeated > 0 {
					t.Errorf("connections left: got %+v, want none that was seen twice", l)
				}
			}
		})
	}
}

// Threads that write in blocks of their own leave stamps that are true and a file
// that goes far back: it is sorted, and nobody speaks of a clock that was set.
func TestBlocksWrittenByThreadsAreSorted(t *testing.T) {
	truth := beginning(t, "v4-many-flows", 1200)
	packets := inBlocks(truth)
	r := agreed(t, written(t, packets, false))
	if r.Order.Basis != "stamps" || r.Order.Disturbance.ClockSteps != 0 || r.Order.Unrepaired != 0 {
		t.Errorf("order: got basis %s with %d steps of the clock, want the stamps without any", r.Order.Basis, r.Order.Disturbance.ClockSteps)
	}
	want, err := Check(context.Background(), written(t, truth, false), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(r.Analysis.After), fmt.Sprint(want.Analysis.Before); got != want {
		t.Errorf("flags: got %s, want those of the truth: %s", got, want)
	}
}

// inBlocks is what four threads write that take turns in reading, each through a
// buffer of its own.
func inBlocks(truth []lab.Packet) (packets []lab.Packet) {
	const threads, block = 4, 60
	var blocks [threads][]lab.Packet
	for i, p := range truth {
		of := &blocks[(i*7919)%threads]
		if *of = append(*of, p); len(*of) == block {
			packets, *of = append(packets, *of...), nil
		}
	}
	return append(packets, slices.Concat(blocks[:]...)...)
}

// A connection that is left as recorded keeps its order where the rest is sorted.
func TestWhatIsLeftIsNotSorted(t *testing.T) {
	truth := beginning(t, "v4-many-flows", 1200)
	first := slices.IndexFunc(truth[400:], func(p lab.Packet) bool { return p.Data[9] == packet.ProtoTCP })
	flow := lab.FlowOf(truth[400+first].Data)
	mine := func(p lab.Packet) bool { return lab.FlowOf(p.Data) == flow }
	var packets []lab.Packet
	for _, p := range inBlocks(truth) {
		if packets = append(packets, p); mine(p) {
			p.Stamp += int64(time.Millisecond)
			packets = append(packets, p)
		}
	}
	in := written(t, packets, false)
	out := filepath.Join(t.TempDir(), "out.pcapng")
	r, err := File(context.Background(), in, out, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Order.Basis != "stamps" || r.Order.AsRecorded.Copied != 1 {
		t.Fatalf("order: got basis %s, left %+v; want the stamps, and one connection left", r.Order.Basis, r.Order.AsRecorded)
	}
	repaired, err := lab.Load(out)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []int64
	for _, p := range repaired.Packets {
		if mine(p) {
			got = append(got, p.Stamp)
		}
	}
	for _, p := range packets {
		if mine(p) {
			want = append(want, p.Stamp)
		}
	}
	if len(want) < 8 || slices.IsSorted(want) {
		t.Fatalf("the connection has %d packets, in order: the test shows nothing", len(want))
	}
	if !slices.Equal(got, want) {
		t.Errorf("stamps of what is left: got %v, want them as recorded %v", got, want)
	}
}

// Where the clock was set back, both sides are repaired, and nothing crosses.
func TestNothingCrossesAStepOfTheClock(t *testing.T) {
	truth := beginning(t, "lossy", 1000)
	degraded := lab.Degrade(truth, lab.Degradation{ResponseFirst: .5, BatchSpan: time.Millisecond, Batch: 8}, 1)
	half := len(degraded) / 2
	first := degraded[half-1].Stamp
	for i := half; i < len(degraded); i++ {
		degraded[i].Stamp -= int64(700 * time.Millisecond)
	}
	in := written(t, degraded, true)
	out := filepath.Join(t.TempDir(), "out.pcapng")
	r, err := File(context.Background(), in, out, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Order.Moved == 0 || r.Order.Disturbance.ClockSteps != 1 {
		t.Fatalf("order: got %d packets moved and %d steps of the clock, want some and 1", r.Order.Moved, r.Order.Disturbance.ClockSteps)
	}
	if r.Order.MaxShift > 100*time.Millisecond {
		t.Errorf("largest shift: got %v, want none across the step", r.Order.MaxShift)
	}
	repaired, err := lab.Load(out)
	if err != nil {
		t.Fatal(err)
	}
	steps := 0
	for i := 1; i < len(repaired.Packets); i++ {
		if repaired.Packets[i].Stamp < repaired.Packets[i-1].Stamp-int64(300*time.Millisecond) {
			if steps++; i != half {
				t.Errorf("the clock steps back before packet %d, want before %d", i, half)
			}
		}
	}
	if steps != 1 || repaired.Packets[half-1].Stamp > first {
		t.Errorf("steps of the clock: got %d, want 1 where it was", steps)
	}
}

// observeAll shows packets of connections that all have equally many, each again
// after a while where they are there twice.
func observeAll(s *sightings, connections, each int, times int64) {
	for i := range connections * each {
		for again := range times {
			u := &unit{tracked: tracked{followed: true}, block: &capture.Block{HasStamp: true}}
			u.view.Src, u.view.Dst = packet.Addr{15: 1}, packet.Addr{14: byte(i % connections >> 16), 15: 2}
			u.sport, u.proto = uint16(i%connections), packet.ProtoTCP
			u.pair.Set(&u.view.Src, &u.view.Dst, u.sport, u.dport, u.proto)
			u.seg.Flow, u.seg.Len, u.seg.Sum = uint64(i%connections), 1000, uint16(i*7919)
			u.seg.Seq = tcp.Seq(i / connections * 1000)
			u.seg.Stamp = int64(i)*1000 + again*50_000
			s.take(u)
		}
	}
	s.finish()
}

// However many packets there are, copies are recognised in bounded memory: by
// connection where there are enough of them, else since nearly all others are.
func TestCopiesAmongManyPackets(t *testing.T) {
	for _, c := range []struct {
		connections, each int
		times             int64
	}{{40, 20_000, 2}, {40, 20_000, 1}, {20_000, 12, 2}, {20_000, 12, 1}} {
		s := newSightings(0)
		observeAll(s, c.connections, c.each, c.times)
		twice := c.times == 2
		if !s.sampled || s.nearlyAll() != twice || s.mostly() != twice {
			t.Errorf("%+v: got sampled %v, nearly all twice %v, most %v; want %v", c, s.sampled, s.nearlyAll(), s.mostly(), twice)
		}
		if n := len(s.found); c.each > 1000 && n != map[bool]int{true: c.connections}[twice] || !twice && n > 0 {
			t.Errorf("%+v: got %d connections there twice", c, n)
		}
		for _, how := range s.found {
			if how != doubled {
				t.Fatalf("%+v: got %d, want copies", c, how)
			}
		}
	}
}

// A set of prints keeps its bound, and knows again what it has kept at any
// distance.
func TestPrintsKeepTheirBound(t *testing.T) {
	var p printSet
	times := make(map[int]int)
	for range 2 {
		for i := range 20 * maxPrints {
			u := &unit{}
			u.seg.Seq, u.seg.Sum = tcp.Seq(i*1000), uint16(i*7919)
			_, n, _ := p.see(u)
			times[n]++
		}
	}
	if len(p.slots) != 2*maxPrints || p.used > maxPrints || p.drop < 4 {
		t.Errorf("room for %d packets, %d kept, with %d zeros; want at most %d of %d kept", len(p.slots), p.used, p.drop, maxPrints, 2*maxPrints)
	}
	if n := p.used; times[2] != n || times[3] != 0 {
		t.Errorf("known again: got %d, %d a third time; want the %d that are kept, none", times[2], times[3], n)
	}
}
