package lab

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab/tshark"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/report"
)

// clockError is what is wrong with a clock: by how much it is ahead at the first
// packet, and by how many parts per million it is fast.
type clockError struct {
	offset time.Duration
	ppm    int64
}

// of is what the clock shows at a time.
func (e clockError) of(t, first int64) int64 { return t + int64(e.offset) + (t-first)/1000*e.ppm/1000 }

func (e clockError) String() string { return fmt.Sprintf("%v,%d ppm", e.offset, e.ppm) }

// twoInterfaces is a capture with outbound packets on interface 0 and inbound
// ones on 1, whose clock is wrong.
type twoInterfaces struct {
	path    string
	packets []Packet
	clockError
	sorted bool // by stamps that can't be compared
}

// atOnce is in how short a time a host answers, nanoseconds.
const atOnce = int64(5e3)

// newTwoInterfaces writes the packets in their order, or sorted by the stamps.
func newTwoInterfaces(t testing.TB, packets []Packet, e clockError, sorted bool) *twoInterfaces {
	t.Helper()
	list := slices.Clone(packets)
	for i := range list {
		if !list[i].Out {
			list[i].Stamp = e.of(list[i].Stamp, packets[0].Stamp)
		}
	}
	if sorted {
		slices.SortStableFunc(list, func(a, b Packet) int { return int(min(1, max(-1, a.Stamp-b.Stamp))) })
	}
	f := &ngFile{}
	f.section(binary.LittleEndian)
	f.iface(LinkRaw, 0, f.option(ngResol, []byte{9}))
	f.iface(LinkRaw, 0, f.option(ngResol, []byte{9}))
	for i, p := range list {
		id, direction := uint32(1), uint32(Inbound)
		if p.Out {
			id, direction = 0, Outbound
		}
		f.epb(id, uint64(p.Stamp), p.Data, f.option(ngFlags, f.u32(direction)), f.option(ngPacketID, f.u64(uint64(p.Index))))
		if i%1000 == 500 {
			f.block(capture.TypeCustom, slices.Concat(f.u32(32473), f.u32(uint32(i))))
		}
	}
	path := filepath.Join(t.TempDir(), "in.pcapng")
	writeTestFile(t, path, f.buf)
	return &twoInterfaces{path: path, packets: packets, clockError: e, sorted: sorted}
}

// clockErrors are offsets in both directions, small and large.
var clockErrors = []clockError{
	{time.Millisecond, 0}, {-time.Millisecond, 0}, {-50 * time.Millisecond, 30}, {3 * time.Second, 0},
	{10 * time.Second, 200}, {-10 * time.Second, -150},
}

// bothSides reports whether packets of both directions are told apart.
func bothSides(packets []Packet) bool {
	return slices.ContainsFunc(packets, func(p Packet) bool { return p.Out }) &&
		slices.ContainsFunc(packets, func(p Packet) bool { return !p.Out })
}

// Two interfaces with different clocks in one file. The difference is
// measured and told; without the option nothing changes, with it the capture
// becomes what one clock would have recorded. A difference within the smallest
// round trip may be none, and is left alone.
func TestTwoClocks(t *testing.T) {
	for k, name := range recordings(t) {
		truth := delivered(t, name)
		if !bothSides(truth) {
			continue // loopback
		}
		want := analysisOf(t, truth)
		for i, e := range clockErrors {
			if (i+k)%2 != 0 {
				continue // each recording meets half of the errors
			}
			sorted := (i+k)%4 == 0 // each recording meets both, each error too
			t.Run(fmt.Sprintf("%s/%v/sorted=%v", name, e, sorted), func(t *testing.T) {
				f := newTwoInterfaces(t, truth, e, sorted)
				out, r := mend(t, f.path, repair.Options{})
				if !bytes.Equal(readFile(t, out), readFile(t, f.path)) {
					t.Error("without the option: the output differs from the input, want the same bytes")
				}
				differs := f.checkClock(t, r, report.ClockDiffers)
				if e.offset > 0 && !differs {
					t.Errorf("host's answers before their causes, by %v: got state %q, want differs", e.offset, r.Order.Clocks[0].State)
				}
				if differs {
					f.checkAligned(t, want)
				}
			})
		}
	}
}

// analysisOf counts the flags of a true capture.
func analysisOf(t *testing.T, truth []Packet) map[string]int64 {
	t.Helper()
	return analysisWith(t, truth, clockError{})
}

// analysisWith counts the flags of the true order, stamped by two clocks.
func analysisWith(t *testing.T, truth []Packet, e clockError) map[string]int64 {
	t.Helper()
	_, r := mend(t, newTwoInterfaces(t, truth, e, false).path, repair.Options{})
	return r.Analysis.Before
}

// checkClock compares what is reported of the clocks with the truth, and tells
// whether they are reported to differ.
func (f *twoInterfaces) checkClock(t *testing.T, r report.Report, different string) bool {
	t.Helper()
	if len(r.Order.Clocks) != 1 {
		t.Fatalf("clocks: got %d, want one beside the reference", len(r.Order.Clocks))
	}
	c := r.Order.Clocks[0]
	at, sign := c.At.UnixNano(), int64(1)
	first := f.packets[0].Stamp
	if c.Reference == 1 { // At is the wrong clock's, and interface 0 is compared with it
		at, sign = at-(f.of(at, first)-at), -1
	}
	offset, skew := sign*(f.of(at, first)-at), sign*f.ppm*1000
	if d := c.Offset - time.Duration(offset); max(d, -d) > c.Uncertainty {
		t.Errorf("offset: got %v ± %v, want %v", c.Offset, c.Uncertainty, time.Duration(offset))
	}
	switch c.State {
	case report.ClockAligned:
		return false
	case different:
	default:
		t.Fatalf("state: got %q, want %q or aligned", c.State, different)
	}
	if d := c.SkewPPB - skew; max(d, -d) > max(c.SkewUncertaintyPPB, 5000) {
		t.Errorf("skew: got %d ± %d ppb, want %d", c.SkewPPB, c.SkewUncertaintyPPB, skew)
	}
	return true
}

// checkAligned repairs with the option. Flags must be those of the truth, each
// stamp must be right to the stated uncertainty on the reference's clock, and
// packets of one interface must keep their order.
func (f *twoInterfaces) checkAligned(t *testing.T, want map[string]int64) {
	t.Helper()
	o := repair.Options{AlignInterfaces: true}
	out, r := mend(t, f.path, o)
	f.checkClock(t, r, report.ClockCorrected)
	c := r.Order.Clocks[0]
	blocks := readBlocks(t, out)
	stamps := make(map[int]int64)
	for _, b := range packetBlocks(blocks) {
		stamps[packetID(t, &b)] = b.Interface.Nanos(b.Ticks)
		_, comments := withoutComments(t, &b)
		if corrected := b.Interface.ID == uint32(c.Interface); corrected && comments == 0 {
			t.Fatalf("packet %d: its clock was corrected, and no comment says so", b.Frame)
		}
	}
	off := int64(0)
	for _, p := range f.packets {
		want := p.Stamp
		if c.Reference == 1 {
			want = f.of(want, f.packets[0].Stamp)
		}
		d := stamps[p.Index] - want
		if off = max(off, d, -d); off > int64(c.Uncertainty) {
			t.Fatalf("packet %d: stamp is %v off, want at most %v", p.Index, time.Duration(d), c.Uncertainty)
		}
	}
	// An order that was lost comes back as far as stamps are right to what is between an
	// answer and its cause.
	if !maps.Equal(r.Analysis.After, want) && (!f.sorted || off <= atOnce) {
		f.checkWithin(t, r.Analysis.After, c.Uncertainty)
	}
	others := func(blocks []capture.Block) int { return len(blocks) - len(packetBlocks(blocks)) }
	if got, want := others(blocks), others(readBlocks(t, f.path)); got != want {
		t.Errorf("blocks other than packets: got %d, want %d", got, want)
	}
	again, _ := mend(t, out, o)
	if !bytes.Equal(readFile(t, again), readFile(t, out)) {
		t.Error("aligned again: the output differs")
	}
}

// checkWithin wants each flag as often as the true order has it with stamps that are so
// much off, or less: some depend on what is earlier than a round trip, or 3 ms.
func (f *twoInterfaces) checkWithin(t *testing.T, flags map[string]int64, off time.Duration) {
	t.Helper()
	least, most := make(map[string]int64), make(map[string]int64)
	for k := range int64(9) {
		for name, n := range analysisWith(t, f.packets, clockError{offset: off * time.Duration(k-4) / 4}) {
			if k == 0 {
				least[name] = n
			}
			least[name], most[name] = min(least[name], n), max(most[name], n)
		}
	}
	for name, n := range flags {
		if n < least[name] || n > most[name] {
			t.Errorf("%s after correction: got %d packets, want %d to %d with stamps up to %v off", name, n, least[name], most[name], off)
		}
	}
}

// tshark sees the corrected capture as it sees the true one, packet by packet.
func TestTsharkOnCorrectedClocks(t *testing.T) {
	tshark.Need(t)
	truth := delivered(t, "lossy")
	want := tsharkFlags(t, newTwoInterfaces(t, truth, clockError{}, false).path)
	for _, sorted := range []bool{false, true} {
		f := newTwoInterfaces(t, truth, clockError{10 * time.Second, 200}, sorted)
		out, _ := mend(t, f.path, repair.Options{AlignInterfaces: true})
		if got := tsharkFlags(t, out); !maps.Equal(got, want) {
			t.Errorf("sorted %v: flagged packets: got %d, want the %d of the truth, each with its flags", sorted, len(got), len(want))
		}
		if before := tsharkFlags(t, f.path); maps.Equal(before, want) {
			t.Errorf("sorted %v: the flags were right before: the test shows nothing", sorted)
		}
	}
}

// tsharkFlags gives the flags of the packets that have some, by identity.
func tsharkFlags(t *testing.T, path string) map[int]string {
	t.Helper()
	packets := packetBlocks(readBlocks(t, path))
	flags := make(map[int]string)
	seen := 0
	for _, row := range tshark.Rows(t, path, append(tshark.AnalysisFields(), "_ws.col.Protocol")) {
		last := len(row) - 1
		if row[last] == "PCAPNG" {
			continue // a custom block
		}
		if line := strings.Join(row[:last], "\t"); strings.Trim(line, "\t") != "" && seen < len(packets) {
			flags[packetID(t, &packets[seen])] = line
		}
		seen++
	}
	if seen != len(packets) {
		t.Fatalf("packets in tshark's eyes: got %d, want %d", seen, len(packets))
	}
	return flags
}

// One clock for both interfaces: nothing changes, byte for byte, with the option
// and without.
func TestOneClockOnTwoInterfacesStays(t *testing.T) {
	for _, name := range recordings(t) {
		truth := delivered(t, name)
		if !bothSides(truth) {
			continue
		}
		f := newTwoInterfaces(t, truth, clockError{}, false)
		for _, align := range []bool{false, true} {
			out, r := mend(t, f.path, repair.Options{AlignInterfaces: align})
			if c := r.Order.Clocks; len(c) != 1 || c[0].State != report.ClockAligned {
				t.Errorf("%s: clocks: got %+v, want one that is aligned", name, c)
			}
			if !bytes.Equal(readFile(t, out), readFile(t, f.path)) {
				t.Errorf("%s with the option %v: the output differs from the input", name, align)
			}
		}
	}
}

// What a raw socket and its reader do to stamps is not taken for another clock.
func TestLateStampsAreNoOtherClock(t *testing.T) {
	for k, name := range recordings(t) {
		truth := delivered(t, name)
		if !bothSides(truth) {
			continue
		}
		for i, d := range Degradations() {
			if (i+k)%2 != 0 {
				continue // each recording meets half of them
			}
			f := newTwoInterfaces(t, Degrade(truth, d, 1), clockError{}, false)
			_, r := mend(t, f.path, repair.Options{AlignInterfaces: true})
			if state := r.Order.Clocks[0].State; state != report.ClockAligned && state != report.ClockUnknown {
				t.Errorf("%s, %s: state: got %q, want aligned or unknown", name, d.Name, state)
			}
			if notes := strings.Join(r.Notes, "; "); strings.Contains(notes, "clocks") {
				t.Errorf("%s, %s: got the notes %q, want none of clocks", name, d.Name, notes)
			}
		}
	}
}

// Both at once: the clocks are corrected, and what the raw socket put out of
// order is repaired as it is with one clock.
func TestTwoClocksOfARawSocket(t *testing.T) {
	truth := delivered(t, "many-flows")
	degraded := Degrade(truth, degradation(t, "rawsocket"), 1)
	flags := func(m map[string]int64) (sum int64) {
		for _, n := range m {
			sum += n
		}
		return sum
	}
	_, one := mend(t, newTwoInterfaces(t, degraded, clockError{}, false).path, repair.Options{})
	for _, sorted := range []bool{false, true} {
		_, two := mend(t, newTwoInterfaces(t, degraded, clockError{-3 * time.Second, -150}, sorted).path, repair.Options{AlignInterfaces: true})
		before, after := flags(two.Analysis.Before), flags(two.Analysis.After)
		if want := flags(one.Analysis.After); after > want+want/20 || before < 2*want {
			t.Errorf("sorted %v: flags: got %d of %d left, want about the %d of one clock", sorted, after, before, want)
		}
	}
}

// A minute of traffic shows the skew to 5 parts per million.
func TestSkewOfALongCapture(t *testing.T) {
	part := delivered(t, "many-flows")
	copier := NewCopier(part)
	var long []Packet
	for number := range 12 {
		for i, p := range part {
			p.Data = slices.Clone(p.Data)
			copier.Copy(i, number, p.Data)
			p.Stamp, p.Index = p.Stamp+int64(number)*5e9, len(long)
			long = append(long, p)
		}
	}
	for _, e := range []clockError{{2 * time.Second, 200}, {-40 * time.Millisecond, -87}, {time.Hour, 3}} {
		f := newTwoInterfaces(t, long, e, false)
		_, r := mend(t, f.path, repair.Options{})
		if !f.checkClock(t, r, report.ClockDiffers) {
			t.Errorf("%v: got state aligned, want differs", e)
			continue
		}
		if c := r.Order.Clocks[0]; c.SkewUncertaintyPPB > 5000 {
			t.Errorf("%v: skew uncertain by %d ppb, want at most 5,000", e, c.SkewUncertaintyPPB)
		}
	}
}

// A frame is explained by the numbers of the capture, where clocks are corrected
// and the file is merged again too.
func TestExplainOnCorrectedClocks(t *testing.T) {
	truth := delivered(t, "lossy")
	f := newTwoInterfaces(t, truth, clockError{10 * time.Second, 0}, true)
	o := repair.Options{AlignInterfaces: true}
	out, r := mend(t, f.path, o)
	input, output := packetBlocks(readBlocks(t, f.path)), packetBlocks(readBlocks(t, out))
	place := make(map[int]int64)
	for i := range output {
		place[packetID(t, &output[i])] = int64(i + 1)
	}
	var frames []int64
	for frame := 7; frame < len(input); frame += len(input) / 50 {
		frames = append(frames, int64(frame))
	}
	all, err := repair.Explain(context.Background(), f.path, frames, o)
	if err != nil {
		t.Fatal(err)
	}
	corrected := 0
	for _, e := range all.Frames {
		b := &input[e.Frame-1]
		if want := place[packetID(t, b)]; e.FrameAfter != want {
			t.Errorf("frame %d: place in the output: got %d, want %d", e.Frame, e.FrameAfter, want)
		}
		if got, want := !e.Place.Corrected.IsZero(), b.Interface.ID == uint32(r.Order.Clocks[0].Interface); got != want {
			t.Errorf("frame %d on interface %d: corrected: got %v, want %v", e.Frame, b.Interface.ID, got, want)
		}
		if !e.Place.Corrected.IsZero() {
			corrected++
		}
		if e.Place.Recorded.UnixNano() != b.Interface.Nanos(b.Ticks) {
			t.Errorf("frame %d: recorded: got %v, want what the file says", e.Frame, e.Place.Recorded)
		}
	}
	if corrected == 0 || corrected == len(all.Frames) {
		t.Errorf("frames with corrected stamps: got %d of %d, want some", corrected, len(all.Frames))
	}
}
