package pipeline

import (
	"context"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mendcap/mendcap/internal/lab/tshark"
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
	tshark.Need(t)
	type counts struct{ Packets, Bytes int64 }
	for _, name := range []string{"rawsocket.pcapng", "sockaddr.pcap"} {
		r, out := drawn(t, name)
		got := map[string]counts{}
		for _, f := range r.Flows.List {
			a, b, _ := strings.Cut(f.Name, " <> ")
			got[min(a, b)+" "+max(a, b)] = counts{f.Packets, f.Bytes}
		}
		fields := []string{"ipv6.src", "ip.src", "tcp.srcport", "ipv6.dst", "ip.dst", "tcp.dstport", "tcp.len"}
		want := map[string]counts{}
		for _, f := range tshark.Rows(t, out, fields, "-Y", "tcp") {
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
	tshark.Need(t)
	r, out := drawn(t, "rawsocket.pcapng")
	fields := []string{"frame.number", "tcp.seq", "tcp.nxtseq", "tcp.ack", "tcp.window_size", "tcp.window_size_scalefactor"}
	type numbers struct{ seq, next, ack, window, scale int64 }
	byFrame := map[int64]numbers{}
	for _, row := range tshark.Rows(t, out, fields, "-Y", "tcp") {
		var n [6]int64
		for i, field := range row {
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
		byFlow, byTime := map[report.Verdict]int64{}, map[report.Verdict]int64{}
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
				t.Errorf("%s: frame %d comes after frame %d of the output", f.Name, p.FrameAfter, last)
			}
			last = p.FrameAfter
			if p.After > p.Before {
				t.Errorf("%s: frame %d: time %d after repair, %d before: a packet never gets later", f.Name, p.Frame, p.After, p.Before)
			}
		}
		if !interest {
			t.Errorf("%s: nothing of interest is in its picture", f.Name)
		}
		if int64(len(g.Points))+g.Omitted != f.Packets || len(g.Points) > 192 {
			t.Errorf("%s: got %d points and %d omitted of %d packets", f.Name, len(g.Points), g.Omitted, f.Packets)
		}
	}
	if graphs < 20 || graphs > 64 {
		t.Errorf("graphs: got %d, want 20 to 64", graphs)
	}
}
