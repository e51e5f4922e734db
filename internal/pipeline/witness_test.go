package pipeline

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/diagnose"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/report"
)

// drawn repairs a capture of testdata with all its connections in the report.
func drawn(t *testing.T, name string) (report.Report, string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.pcapng")
	r, err := File(context.Background(), filepath.Join("..", "..", "testdata", name), out, Options{Flows: MaxFlows})
	if err != nil {
		t.Fatal(err)
	}
	return r, out
}

// TestConnectionsAreThoseOfTshark counts packets and payload of every
// connection of the output by another analyser.
func TestConnectionsAreThoseOfTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	type counts struct{ Packets, Bytes int64 }
	for _, name := range []string{"rawsocket.pcapng", "sockaddr.pcap"} {
		r, out := drawn(t, name)
		got := map[string]counts{}
		for _, f := range r.Flows.List {
			a, b, _ := strings.Cut(f.Name, " <> ")
			got[min(a, b)+" "+max(a, b)] = counts{f.Packets, f.Bytes}
		}
		args := []string{"-r", out, "-Y", "tcp", "-T", "fields"}
		for _, field := range []string{"ipv6.src", "ip.src", "tcp.srcport", "ipv6.dst", "ip.dst", "tcp.dstport", "tcp.len"} {
			args = append(args, "-e", field)
		}
		text, err := exec.Command("tshark", args...).Output()
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]counts{}
		for line := range strings.Lines(string(text)) {
			f := strings.Split(strings.TrimRight(line, "\n"), "\t")
			a, b := tsharkEnd(f[0:3]), tsharkEnd(f[3:6])
			n, err := strconv.ParseInt(f[6], 10, 64)
			if err != nil {
				t.Fatalf("%s: tcp.len %q", name, f[6])
			}
			c := want[min(a, b)+" "+max(a, b)]
			want[min(a, b)+" "+max(a, b)] = counts{c.Packets + 1, c.Bytes + n}
		}
		if len(want) < 20 || r.Flows.Total != int64(len(want)) {
			t.Errorf("%s: got %d connections, tshark sees %d", name, r.Flows.Total, len(want))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-tshark +got):\n%s", name, diff)
		}
	}
}

func tsharkEnd(f []string) string {
	if f[0] != "" {
		return "[" + f[0] + "]:" + f[2]
	}
	return f[1] + ":" + f[2]
}

// TestPicturesHaveTsharksNumbers compares sequence and ACK numbers and windows of
// all points with those of another analyser.
func TestPicturesHaveTsharksNumbers(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not installed")
	}
	r, out := drawn(t, "rawsocket.pcapng")
	args := []string{"-r", out, "-Y", "tcp", "-T", "fields"}
	for _, field := range []string{"frame.number", "tcp.seq", "tcp.nxtseq", "tcp.ack", "tcp.window_size", "tcp.window_size_scalefactor"} {
		args = append(args, "-e", field)
	}
	text, err := exec.Command("tshark", args...).Output()
	if err != nil {
		t.Fatal(err)
	}
	type numbers struct{ seq, next, ack, window, scale int64 }
	byFrame := map[int64]numbers{}
	for line := range strings.Lines(string(text)) {
		var n [6]int64
		for i, field := range strings.Split(strings.TrimRight(line, "\n"), "\t") {
			n[i], _ = strconv.ParseInt(field, 10, 64) // an ACK number can be missing
		}
		byFrame[n[0]] = numbers{n[1], n[2], n[3], n[4], n[5]}
	}
	points, windows := 0, 0
	for _, f := range r.Flows.List {
		if f.Graph == nil {
			continue
		}
		base := int64(-1) // tshark counts from 1 where it has not seen the SYN
		for _, p := range f.Graph.Points {
			want := byFrame[p.FrameAfter]
			number := want.seq
			if p.Kind == "ack" {
				number = want.ack
			}
			if base < 0 {
				base = number - p.Left
			}
			left, right := number-base, want.next-base
			if p.Kind == "ack" {
				right = left + want.window
				if p.Right == 0 || want.scale == -1 { // one of us has not seen the handshake
					right = p.Right
				} else {
					windows++
				}
			}
			if p.Left != left || p.Right != right || base < 0 || base > 1 {
				t.Errorf("%s: frame %d, %s: got %d to %d, tshark %+v", f.Name, p.FrameAfter, p.Kind, p.Left, p.Right, want)
			}
			points++
		}
	}
	if points < 500 || windows < 100 {
		t.Errorf("compared: got %d points, %d windows, want at least 500 and 100", points, windows)
	}
}

// TestCountsAgree adds up what is said of connections, intervals and steps: the
// same packets and findings are counted in each.
func TestCountsAgree(t *testing.T) {
	for _, name := range []string{"rawsocket.pcapng", "sockaddr.pcap"} {
		r, _ := drawn(t, name)
		byFlow, byTime := map[string]int64{}, map[string]int64{}
		var flagsBefore, flagsAfter int64
		for _, f := range r.Flows.List {
			for v, n := range f.ByVerdict {
				byFlow[v] += n
			}
			flagsBefore, flagsAfter = flagsBefore+f.Before, flagsAfter+f.After
		}
		for v, list := range r.Timeline.ByVerdict {
			byTime[v] = sum(list)
		}
		if diff := cmp.Diff(r.Findings.ByVerdict, byFlow); diff != "" {
			t.Errorf("%s: findings of connections (-all +got):\n%s", name, diff)
		}
		if diff := cmp.Diff(r.Findings.ByVerdict, byTime); diff != "" {
			t.Errorf("%s: findings of intervals (-all +got):\n%s", name, diff)
		}
		for what, got := range map[string][2]int64{
			"flags before":         {flagsBefore, sumOf(r.Analysis.Before)},
			"flags after":          {flagsAfter, sumOf(r.Analysis.After)},
			"packets of intervals": {sum(r.Timeline.Packets), r.Capture.Packets},
			"moved, by interval":   {sum(r.Timeline.Moved), r.Order.Moved},
			"moved, by step":       {steps(r.Order.Displacement), r.Order.Moved},
		} {
			if got[0] != got[1] || got[1] == 0 {
				t.Errorf("%s: %s: got %d, want %d and not 0", name, what, got[0], got[1])
			}
		}
		last := r.Order.Displacement[len(r.Order.Displacement)-1]
		if last.Packets == 0 || last.UpTo < r.Order.MaxShift {
			t.Errorf("%s: last step: got %+v, want the packet that moved by %v in it", name, last, r.Order.MaxShift)
		}
	}
}

func sum(list []int64) (n int64) {
	for _, v := range list {
		n += v
	}
	return n
}

func sumOf(m map[string]int64) (n int64) {
	for _, v := range m {
		n += v
	}
	return n
}

func steps(list []report.Displacement) (n int64) {
	for _, d := range list {
		n += d.Packets
	}
	return n
}

// TestPicturesShowWhatWasFound looks at the graphs of a real capture: each has
// a packet of interest, the order of the output, and frames of the input that
// differ exactly where something moved.
func TestPicturesShowWhatWasFound(t *testing.T) {
	r, _ := drawn(t, "rawsocket.pcapng")
	graphs := 0
	for _, f := range r.Flows.List {
		g := f.Graph
		if g == nil {
			continue
		}
		graphs++
		interest, last := false, int64(0)
		for _, p := range g.Points {
			interest = interest || p.Moved || len(p.Verdicts) > 0
			if p.FrameAfter <= last {
				t.Errorf("%s: frame %d stands behind frame %d of the output", f.Name, p.FrameAfter, last)
			}
			last = p.FrameAfter
			if p.After > p.Before {
				t.Errorf("%s: frame %d: time %d after repair, %d before: a packet never gets later", f.Name, p.Frame, p.After, p.Before)
			}
		}
		if !interest {
			t.Errorf("%s: nothing of interest is in its picture", f.Name)
		}
		if int64(len(g.Points))+g.Omitted != f.Packets || len(g.Points) > galleryMarks {
			t.Errorf("%s: got %d points and %d omitted of %d packets", f.Name, len(g.Points), g.Omitted, f.Packets)
		}
	}
	if graphs < 20 || graphs > maxGalleries {
		t.Errorf("graphs: got %d, want 20 to %d", graphs, maxGalleries)
	}
}

// TestGalleryKeepsTheHeaviestStretch compares with all stretches there are.
func TestGalleryKeepsTheHeaviestStretch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		weights := rapid.SliceOfN(rapid.SampledFrom([]uint8{0, 0, 0, 0, 0, 0, 1, 4}), 1, 1200).Draw(t, "weights")
		g := new(gallery)
		for i, w := range weights {
			*g.next(int64(i + 1)) = mark{frame: int64(i + 1)}
			if w > 0 {
				g.weigh(g.last(int64(i+1)), w)
			}
		}
		g.keep()
		want := int64(0)
		for end := range weights {
			n := int64(0)
			for _, w := range weights[max(0, end+1-(galleryMarks-galleryLead)) : end+1] {
				n += int64(w)
			}
			want = max(want, n)
		}
		got := int64(0)
		for i := range g.best {
			if i > 0 && g.best[i].frame != g.best[i-1].frame+1 {
				t.Fatalf("frame %d follows frame %d", g.best[i].frame, g.best[i-1].frame)
			}
			got += int64(g.best[i].weight)
		}
		if g.peak != want || got < want || len(g.best) > galleryMarks {
			t.Fatalf("weight: got %d in %d packets with a peak of %d, want %d", got, len(g.best), g.peak, want)
		}
	})
}

// TestConnectionsAreBounded lets more connections come and go than are held.
func TestConnectionsAreBounded(t *testing.T) {
	c := newConnections(5)
	const flows, held = 3000, 100
	for i := range flows {
		u := connectionUnit(i, uint32(i%held))
		u.fate.moved = i%7 == 0
		c.packet(u, int64(i+1), 0)
		for range i % 11 {
			c.finding(u.seg.Flow, int64(i+1), diagnose.Loss)
		}
		if len(c.retired) > c.limit || len(c.holders) > maxGalleries || len(c.by) > held {
			t.Fatalf("after %d connections: %d retired, %d galleries, %d held", i+1, len(c.retired), len(c.holders), len(c.by))
		}
	}
	for _, h := range c.holders {
		if h.gallery == nil {
			t.Fatal("a holder has no gallery")
		}
	}
	r := c.result()
	if r.Total != flows || r.Omitted != flows-5 || len(r.List) != 5 {
		t.Errorf("got %d connections, %d omitted, %d listed, want %d, %d, 5", r.Total, r.Omitted, len(r.List), flows, flows-5)
	}
	for i, f := range r.List {
		if f.ByVerdict[report.Loss] != 10 || f.Moved != 1 {
			t.Errorf("connection %d: got %v, %d moved, want 10 losses and 1 moved: the worst there are", i, f.ByVerdict, f.Moved)
		}
	}
}

// connectionUnit is the first packet of the i-th connection, under a number of
// the flow table.
func connectionUnit(i int, flow uint32) *unit {
	u := &unit{isTCP: true, sport: uint16(1024 + i), dport: 80, proto: packet.ProtoTCP}
	u.view.Src, u.view.Dst = packet.Addr{15: 1}, packet.Addr{15: 2}
	u.block = &capture.Block{Frame: int64(i + 1), Kind: capture.Packet}
	u.pair.Set(&u.view.Src, &u.view.Dst, u.sport, u.dport, u.proto)
	u.seg.Flow = flow
	return u
}

func TestStep(t *testing.T) {
	for n, want := range map[uint64]uint64{0: 1, 1: 1, 2: 2, 3: 5, 5: 5, 6: 10, 11: 20, 999: 1000, 1_000_001: 2_000_000, 2e17: 2e17} {
		if got := step(n); got != want {
			t.Errorf("step(%d): got %d, want %d", n, got, want)
		}
	}
}

func TestDisplacement(t *testing.T) {
	var d displacement
	if got := d.result(); len(got) != 0 {
		t.Errorf("nothing moved: got %v", got)
	}
	for _, shift := range []int64{0, 0, 1, 1000, 1001, 9000, math.MaxInt64, math.MinInt64} {
		d.add(shift)
	}
	got := d.result()
	text := ""
	for _, s := range got[:5] {
		text += fmt.Sprintf("%v:%d ", s.UpTo, s.Packets)
	}
	if want := "0s:2 1µs:2 2µs:1 5µs:0 10µs:1 "; text != want {
		t.Errorf("got %s, want %s", text, want)
	}
	if last := got[len(got)-1]; last.Packets != 2 || len(got) > 50 {
		t.Errorf("last of %d steps: got %v with %d packets, want the two extremes", len(got), last.UpTo, last.Packets)
	}
}

func TestTimeline(t *testing.T) {
	for _, f := range []facts{
		{stamped: true}, {stamped: true, last: 99}, {stamped: true, first: -5e9, last: 7e9},
		{stamped: true, first: math.MinInt64, last: math.MaxInt64}, {},
	} {
		line := newTimeline(&f)
		times := []int64{f.first, f.last, f.first / 2, math.MinInt64, math.MaxInt64, f.last}
		for _, at := range times {
			line.packet(at, at == f.last)
			line.finding(at, diagnose.Loss)
		}
		r := line.result(&f)
		if !f.stamped {
			if r.Width != 0 || len(r.Packets) != 0 {
				t.Errorf("without times: got %+v", r)
			}
			continue
		}
		if n := len(r.Packets); n < 1 || n > maxIntervals+1 {
			t.Errorf("%d to %d: got %d intervals", f.first, f.last, n)
		}
		if got := sum(r.Packets); got != int64(len(times)) || sum(r.ByVerdict[report.Loss]) != got {
			t.Errorf("%d to %d: got %d packets, want %d", f.first, f.last, got, len(times))
		}
	}
	f := facts{stamped: true, first: 1000, last: 1000 + 100*int64(time.Second)}
	line := newTimeline(&f)
	line.packet(1000+int64(time.Second)*2, false)
	line.packet(1000+int64(time.Second)*4-1, true)
	if r := line.result(&f); r.Width != 2*time.Second || r.Packets[1] != 2 || r.Moved[1] != 1 {
		t.Errorf("got %+v, want two packets in the second interval of 2 s", r)
	}
}

// A timeline that does not know how far it reaches comes out as one that does.
func TestTimelineGrows(t *testing.T) {
	dice := rand.New(rand.NewPCG(5, 6))
	for _, span := range []int64{0, 1, 99, 1001, 123_456, 50e9, 999_999_999_999, math.MaxInt64 - 7} {
		known := facts{stamped: true, first: 7, last: 7 + span}
		early := facts{stamped: true, first: 7, partial: true}
		want, got := newTimeline(&known), newTimeline(&early)
		for i := range 500 {
			at := 7 + int64(dice.Uint64N(uint64(span)+1))
			if i == 250 {
				at = 7 + span
			}
			for _, line := range []*timeline{want, got} {
				line.packet(at, i%7 == 0)
				if i%5 == 0 {
					line.finding(at, diagnose.Loss)
				}
			}
		}
		if w, g := want.result(&known), got.result(&known); !reflect.DeepEqual(w, g) {
			t.Errorf("span %d: got %+v, want %+v", span, g, w)
		}
		if !got.fits(&known) {
			t.Errorf("span %d: does not fit what it came to be", span)
		}
		if other := (facts{stamped: true, first: 6, last: 9}); got.fits(&other) {
			t.Errorf("span %d: fits a capture that starts earlier", span)
		}
	}
}

// BenchmarkWitness takes in packets of a few connections of which nothing is
// found, as in most captures: the cost on top of a repair.
func BenchmarkWitness(b *testing.B) {
	const flows = 16
	var units [flows]*unit
	for i := range units {
		units[i] = connectionUnit(i, uint32(i))
		units[i].block.HasStamp = true
	}
	w := &witness{connections: newConnections(DefaultFlows), timeline: newTimeline(&facts{stamped: true, last: int64(time.Hour)})}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		u := units[i%flows]
		u.fate.place.Stamp = int64(i) * 1000 % int64(time.Hour)
		w.packet(u, int64(i+1), 0)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packets/s")
}

// TestFrameIndex compares the index of a gallery's frames with a search.
func TestFrameIndex(t *testing.T) {
	var x frameIndex
	var all []int64
	r := rand.New(rand.NewPCG(3, 4))
	for n := range int64(3000) {
		frame := n*7 + 1 + r.Int64N(6) // no frame comes twice
		if n%5 == 0 {
			frame = n*7 + 7*frameChains*int64(1+n) // many share their low bits
		}
		x.add(frame, n)
		all = append(all, frame)
		least := max(0, n-galleryMarks+galleryLead)
		ask := all[r.Int64N(n+1)]
		want := int64(slices.Index(all, ask))
		if want < least {
			want = -1
		}
		if got := x.find(ask, least); got != want {
			t.Fatalf("frame %d after %d: got number %d, want %d", ask, n+1, got, want)
		}
	}
}
