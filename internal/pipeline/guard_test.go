package pipeline

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/report"
)

// Captures cut from public ones that order had made worse, each with what is right.
func TestFaultsOfOrder(t *testing.T) {
	dir := os.Getenv("MENDCAP_SAMPLES")
	if dir == "" {
		t.Skip("MENDCAP_SAMPLES is not set")
	}
	tests := []struct {
		name          string
		before, after int64 // flags, as tshark 4.0 has them
		left          report.AsRecorded
	}{
		{"M1-client-and-server.pcapng", 146, 146, report.AsRecorded{BothEnds: 2}},
		{"D3-appended.pcap", 4, 4, report.AsRecorded{Repeated: 1}},
		{"C-copies-50us.pcap", 24, 24, report.AsRecorded{Copied: 1}},
		{"C-copies-50ms.pcap", 22, 22, report.AsRecorded{Copied: 1}},
		{"C-vlan-copies-5ms.pcap", 31, 31, report.AsRecorded{Copied: 1}},
		{"C-one-move.pcap", 26, 26, report.AsRecorded{Copied: 1}},
		{"O1-threads4.pcap", 403, 8, report.AsRecorded{}}, // of the four packets that the true order flags
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := filepath.Join(dir, "faults", test.name)
			r := agreed(t, in)
			if before, after := sumOf(r.Analysis.Before), sumOf(r.Analysis.After); before != test.before || after != test.after {
				t.Errorf("flags: got %d and %d after, want %d and %d", before, after, test.before, test.after)
			}
			if r.Order.AsRecorded != test.left {
				t.Errorf("connections left: got %+v, want %+v", r.Order.AsRecorded, test.left)
			}
			if still := test.before == test.after; still && (r.Order.Moved != 0 || len(r.Notes) == 0) {
				t.Errorf("moved: got %d packets, notes %q; want none, and why", r.Order.Moved, r.Notes)
			}
			if test.after < test.before && (r.Order.Basis != "stamps" || r.Order.Disturbance.ClockSteps != 0) {
				t.Errorf("order: got basis %s, %d steps of the clock; want the stamps, none", r.Order.Basis, r.Order.Disturbance.ClockSteps)
			}
			for _, f := range r.Findings.List {
				if strings.Contains(f.Evidence, "by -") {
					t.Errorf("frame %d: got evidence %q of a negative time", f.Frame, f.Evidence)
				}
			}
		})
	}
}

// worsened is a capture that order makes worse: the sniffer wrote some packets a
// second time, a little later, too few of them to show that it did. The other
// connections are merely degraded.
func worsened(t *testing.T) string {
	t.Helper()
	degraded := lab.Degrade(beginning(t, "v4-many-flows", 1200), lab.Degradation{ResponseFirst: .5, BatchSpan: time.Millisecond, Batch: 8, Late: 30 * time.Microsecond}, 1)
	packets := slices.Clone(degraded)
	for i, p := range degraded {
		if i%7 == 0 {
			p.Stamp += int64(time.Millisecond)
			packets = append(packets, p)
		}
	}
	return written(t, byTime(packets), false)
}

// Connections whose flags would rise stay as recorded, in the repair, in the check
// and in what explains frames; the others are repaired.
func TestConnectionsWhoseFlagsWouldRiseAreLeft(t *testing.T) {
	in := worsened(t)
	r := agreed(t, in)
	l := r.Order.AsRecorded
	if l.FlagsWouldRise == 0 || l.WholeCapture || r.Order.Moved == 0 || l.FlagsWouldRise*4 > r.Flows.Total {
		t.Fatalf("left %+v of %d connections, moved %d packets: want some, by far not all, and moves in others", l, r.Flows.Total, r.Order.Moved)
	}
	if want := noteOfRisen(l.FlagsWouldRise); !slices.Contains(r.Notes, want) {
		t.Errorf("notes: got %q, want %q", r.Notes, want)
	}
	if before, after := sumOf(r.Analysis.Before), sumOf(r.Analysis.After); after >= before {
		t.Errorf("flags: got %d and %d after, want fewer", before, after)
	}
	left := map[string]bool{}
	for frame, e := range explainAll(t, in, r.Capture.Packets, Options{}) {
		if e.Place.Why == report.WhyFlagsWouldRise {
			left[eitherWay(e.Flow.String())] = true
			if e.Place.Shift != 0 {
				t.Errorf("frame %d: got a shift of %v, want none in a connection that is left", frame, e.Place.Shift)
			}
		}
	}
	if int64(len(left)) != l.FlagsWouldRise {
		t.Errorf("connections that explain leaves: got %d, want %d as the repair does", len(left), l.FlagsWouldRise)
	}
}

// eitherWay names a flow without its direction.
func eitherWay(flow string) string {
	ends := strings.Split(flow, " > ")
	slices.Sort(ends)
	return strings.Join(ends, " ")
}

// Findings that are handed out one by one are those of the report, though the
// capture was repaired more than once.
func TestFindingsAreHandedOutOnce(t *testing.T) {
	in := worsened(t)
	for _, takesBack := range []bool{true, false} {
		var handed []report.Finding
		times := 0
		o := Options{EachFinding: func(f *report.Finding) { handed = append(handed, *f) }}
		if takesBack {
			o.TakeBack = func() error { handed, times = nil, times+1; return nil }
		}
		r, err := Check(context.Background(), in, o)
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(handed)) != r.Findings.Total || takesBack != (times > 0) {
			t.Errorf("takes back %v: got %d findings, taken back %d times; want %d", takesBack, len(handed), times, r.Findings.Total)
		}
	}
	failed := errors.New("disk full")
	o := Options{EachFinding: func(*report.Finding) {}, TakeBack: func() error { return failed }}
	if _, err := Check(context.Background(), in, o); !errors.Is(err, failed) || !errors.Is(err, ErrIO) {
		t.Errorf("error: got %v, want an ErrIO that says %v", err, failed)
	}
}

// Findings whose evidence isn't needed are handed out without it, and are the same in
// all else.
func TestFindingsWithoutEvidence(t *testing.T) {
	in := worsened(t)
	list := func(o Options) (all []report.Finding) {
		o.TakeBack = func() error { all = nil; return nil }
		o.EachFinding = func(f *report.Finding) {
			one := *f
			sequence := *f.Sequence
			one.Sequence = &sequence
			all = append(all, one)
		}
		if _, err := Check(context.Background(), in, o); err != nil {
			t.Fatal(err)
		}
		return all
	}
	want := list(Options{})
	got := list(Options{NeedsEvidence: func(f *report.Finding) bool { return f.Frame%2 == 0 }})
	if len(want) == 0 || want[0].Evidence == "" {
		t.Fatalf("got %d findings, want some, with evidence", len(want))
	}
	for i := range want {
		if want[i].Frame%2 != 0 {
			want[i].Evidence = ""
		}
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
		t.Errorf("findings differ (-want +got):\n%s", diff)
	}
}

// However often flags rise, the runs come to an end, and in the last one nothing
// moves.
func TestRunsComeToAnEnd(t *testing.T) {
	f := &facts{left: left{by: make(map[uint64]leftFor)}}
	f.profile.Violations[0] = 1
	runs := 0
	for run := 1; ; run++ {
		g := newGuard(apart)
		if f.profile.Broken() { // else there is nothing by which flags could change
			g.packet(uint64(run), uint64(run), 0, tcp.Retransmission)
		}
		if runs++; !f.leaveRisen(g, run) {
			break
		}
	}
	if runs != maxRuns+1 || !f.left.all || f.profile.Broken() {
		t.Errorf("runs: got %d, everything left %v, order at work %v; want %d, all left", runs, f.left.all, f.profile.Broken(), maxRuns+1)
	}
}

// A guard counts what rose, whatever the numbers, in bounded memory.
func TestGuardCountsWhatRose(t *testing.T) {
	const wf, fast, lost = tcp.WindowFull, tcp.FastRetransmission, tcp.AckLostSegment
	tests := []struct {
		name          string
		before, after []tcp.Analysis // of packets of one connection
		elsewhere     int            // flags more, of another one
		want          bool
	}{
		{"the same", []tcp.Analysis{tcp.OutOfOrder}, []tcp.Analysis{tcp.OutOfOrder}, 0, false},
		{"another packet", []tcp.Analysis{tcp.OutOfOrder, 0}, []tcp.Analysis{0, tcp.OutOfOrder}, 0, false},
		{"one more", []tcp.Analysis{tcp.OutOfOrder, 0}, []tcp.Analysis{tcp.OutOfOrder, tcp.DuplicateAck}, 0, true},
		{"window full instead", []tcp.Analysis{tcp.OutOfOrder, 0}, []tcp.Analysis{wf, 0}, 0, false},
		{"window full besides fewer others", []tcp.Analysis{tcp.LostSegment, 0}, []tcp.Analysis{0, wf}, 0, false},
		{"window full besides", []tcp.Analysis{0}, []tcp.Analysis{wf}, 0, true},
		{"two flags for one", []tcp.Analysis{tcp.OutOfOrder}, []tcp.Analysis{tcp.Retransmission | fast}, 0, true},
		{"an ACK of a lost segment", []tcp.Analysis{0}, []tcp.Analysis{lost}, 0, true},
		{"such an ACK where segments are missing", []tcp.Analysis{lost, 0}, []tcp.Analysis{lost, lost}, 0, true},
		{"the same, with fewer elsewhere", []tcp.Analysis{lost, 0}, []tcp.Analysis{lost, lost}, -1, false},
		{"an ACK of a lost segment, with fewer elsewhere", []tcp.Analysis{0}, []tcp.Analysis{lost}, -1, true},
		{"besides fewer others", []tcp.Analysis{lost, tcp.OutOfOrder}, []tcp.Analysis{lost, lost}, 0, false},
		{"others rose with it", []tcp.Analysis{tcp.OutOfOrder}, []tcp.Analysis{tcp.Retransmission | fast}, 1, true},
	}
	for _, test := range tests {
		f := &facts{left: left{by: make(map[uint64]leftFor)}}
		f.profile.Violations[0] = 1
		g := newGuard(apart)
		for i := range test.before {
			g.packet(7, 7, test.before[i], test.after[i])
		}
		if test.elsewhere > 0 {
			g.packet(8, 8, 0, tcp.DuplicateAck)
		} else if test.elsewhere < 0 {
			g.packet(8, 8, tcp.DuplicateAck|tcp.OutOfOrder, 0)
		}
		f.leaveRisen(g, 1)
		if got := f.left.by[7] != 0; got != test.want {
			t.Errorf("%s: got left %v, want %v", test.name, got, test.want)
		}
	}
	g := newGuard(apart)
	g.open.Of(2).flags = math.MaxInt32
	g.packet(2, 2, 0, tcp.OutOfOrder)
	if got := slices.Collect(g.risen()); !slices.Equal(got, []uint64{2}) {
		t.Errorf("one flag more than 32 bits hold: got %v, want it risen", got)
	}
}

// What a guard knows of a connection it keeps for as long as the connection is followed,
// however many others there have been meanwhile.
func TestGuardRemembersConnectionsThatLast(t *testing.T) {
	const lost, many = tcp.AckLostSegment, 20 * tcp.MaxFlows
	g := newGuard(apart)
	g.packet(7, 7, lost, lost)                           // segments are missing,
	g.packet(8, 8, tcp.OutOfOrder|tcp.Retransmission, 0) // flags fall,
	g.packet(9, 9, 0, tcp.OutOfOrder)                    // or rise;
	g.packet(10, 10, 0, tcp.Retransmission)              // and so they do in one that makes way
	for id := uint64(tcp.MaxFlows); id < many; id++ {
		if p := tcp.Place(id); p < 7 || p > 9 {
			g.packet(id, 1<<32+id, tcp.OutOfOrder, 0)
		}
	}
	g.packet(7, 7, 0, lost)
	g.packet(8, 8, 0, tcp.DuplicateAck)
	got := slices.Sorted(g.risen())
	if want := []uint64{9, 10}; !slices.Equal(got, want) {
		t.Errorf("risen: got %v, want %v", got, want)
	}
	if n := len(g.alone) + len(g.besides); n != 3 {
		t.Errorf("kept of %d connections: got %d, want 9, 10, and 7, which counts where flags rise elsewhere", many, n)
	}
}

// Where more connections rise than can be left, the whole capture is, and no more of them
// are kept than show it.
func TestMoreRiseThanCanBeLeft(t *testing.T) {
	f := &facts{left: left{by: make(map[uint64]leftFor)}}
	f.profile.Violations[0] = 1
	g := newGuard(apart)
	for id := range uint64(2 * maxLeft) {
		g.packet(id, id, 0, tcp.OutOfOrder)
	}
	if f.leaveRisen(g, 1); !f.left.all || len(f.left.by) != maxLeft || len(g.alone) != maxLeft+1 {
		t.Errorf("got %d left, all %v, %d kept; want %d, all, and %d", len(f.left.by), f.left.all, len(g.alone), maxLeft, maxLeft+1)
	}
}

// Where stamps are the basis, what is left keeps its own order all the same.
func TestRecordedOrderRises(t *testing.T) {
	o := recordedOrder{reach: 100}
	for i, c := range []struct{ stamp, want int64 }{{50, 50}, {40, 50}, {60, 60}, {10, 60}, {-500, -500}, {-510, -500}, {20, 20}} {
		if got := o.stamp(7, c.stamp); got != c.want {
			t.Errorf("stamp %d: got %d, want %d", i, got, c.want)
		}
	}
	if got := o.stamp(8, 30); got != 30 {
		t.Errorf("another connection: got %d, want its own stamp", got)
	}
}

// noteOfRisen is what is said of so many connections that order would have harmed.
func noteOfRisen(n int64) string {
	if n == 1 {
		return "1 connection was left as recorded: putting it in order would have raised its flags"
	}
	return fmt.Sprintf("%d connections were left as recorded: putting them in order would have raised their flags", n)
}
