package analysis

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/tshark"
	"github.com/mendcap/mendcap/internal/tcp"
)

// tally counts on how many packets both sides agree.
type tally struct {
	packets, flagged, equal int
	judge, ours, both       map[string]int // by flag
	differences             []string       // the first few
}

const shownDifferences = 10

func (y *tally) add(frame int64, got, want tcp.Analysis) {
	if y.judge == nil {
		y.judge, y.ours, y.both = map[string]int{}, map[string]int{}, map[string]int{}
	}
	y.packets++
	count(y.judge, want)
	count(y.ours, got)
	count(y.both, got&want)
	switch {
	case got|want == 0:
		return
	case got == want:
		y.equal++
	case len(y.differences) < shownDifferences:
		y.differences = append(y.differences, fmt.Sprintf("frame %d: got %v, want %v", frame, got.Names(), want.Names()))
	}
	y.flagged++
}

func count(by map[string]int, flags tcp.Analysis) {
	for _, name := range flags.Names() {
		by[name]++
	}
}

// String is the table of agreement by flag.
func (y *tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d packets, %d flagged, %d agree\n", y.packets, y.flagged, y.equal)
	fmt.Fprintf(&b, "%-24s %8s %8s %8s\n", "flag", "tshark", "ours", "both")
	for _, name := range tcp.AnalysisNames() {
		if y.judge[name]+y.ours[name] > 0 {
			fmt.Fprintf(&b, "%-24s %8d %8d %8d\n", name, y.judge[name], y.ours[name], y.both[name])
		}
	}
	return b.String()
}

// check fails on any difference. The bar of the first version is 99 % of the
// flagged packets; nothing here needs the slack, so it stays at all.
func (y *tally) check(t *testing.T) {
	t.Helper()
	for _, difference := range y.differences {
		t.Error(difference)
	}
	if y.equal != y.flagged {
		t.Errorf("agreement: got %d of %d flagged packets, want all", y.equal, y.flagged)
	}
	t.Logf("%v", y)
}

// judged has tshark analyse a capture.
func judged(t *testing.T, path string) []Packet {
	t.Helper()
	packets, skipped, err := Read(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if skipped > 0 {
		t.Logf("%d packets with several TCP headers are not compared", skipped)
	}
	return packets
}

// compare has our analyser do the same and counts.
func (y *tally) compare(packets []Packet) {
	a := tcp.NewAnalyser()
	for i := range packets {
		s := &packets[i].Segment
		y.add(s.Frame, a.Add(s), packets[i].Flags)
	}
}

// samples lists the shared captures, or skips the test.
func samples(t *testing.T) (paths []string) {
	t.Helper()
	root := os.Getenv("MENDCAP_SAMPLES")
	if root == "" {
		t.Skipf("%s needs MENDCAP_SAMPLES, the folder of sample captures", t.Name())
	}
	for _, pattern := range []string{"captures/*.pcap*", "captures/public/*"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, found...)
	}
	if len(paths) == 0 {
		t.Fatalf("no captures in MENDCAP_SAMPLES")
	}
	return paths
}

func TestSamplesAgree(t *testing.T) {
	tshark.Need(t)
	for _, path := range samples(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			var y tally
			y.compare(judged(t, path))
			y.check(t)
		})
	}
}

// TestDisorderedSamplesAgree scrambles the samples' headers, so that a capture
// shows what true ones rarely do.
func TestDisorderedSamplesAgree(t *testing.T) {
	tshark.Need(t)
	seeds := uint64(4)
	if testing.Short() {
		seeds = 1
	}
	for _, path := range samples(t) {
		packets := judged(t, path)
		if len(packets) < 2 {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			var y tally
			for seed := range seeds {
				y.compare(judged(t, write(t, scramble(packets, seed))))
			}
			y.check(t)
		})
	}
}

// scramble displaces, repeats and drops packets: 4 % each, by up to 8 places.
// Odd seeds keep each packet's own stamp, so that stamps go backward; even ones
// sort the stamps.
func scramble(packets []Packet, seed uint64) (segments []tcp.Segment) {
	r := rand.New(rand.NewPCG(seed, 7))
	for i := range packets {
		s := packets[i].Segment
		switch r.IntN(25) {
		case 0:
		case 1:
			segments = append(segments, s, s)
		case 2:
			at := max(0, len(segments)-1-r.IntN(8))
			segments = append(segments, s)
			copy(segments[at+1:], segments[at:])
			segments[at] = s
		default:
			segments = append(segments, s)
		}
	}
	if seed%2 == 0 {
		stamps := make([]int64, len(segments))
		for i := range segments {
			stamps[i] = segments[i].Stamp
		}
		sort.Slice(stamps, func(i, j int) bool { return stamps[i] < stamps[j] })
		for i := range segments {
			segments[i].Stamp = stamps[i]
		}
	}
	return segments
}

// TestWalksAgree compares on random walks that meet every rule, and checks that
// they do.
func TestWalksAgree(t *testing.T) {
	tshark.Need(t)
	seeds, connections := uint64(3), 1500
	if testing.Short() {
		seeds, connections = 1, 300
	}
	var y tally
	for seed := range seeds {
		y.compare(judged(t, write(t, walks(seed, connections, 60))))
	}
	y.check(t)
	for _, name := range tcp.AnalysisNames() {
		if y.judge[name] == 0 {
			t.Errorf("walks: got no %s, want each flag", name)
		}
	}
}

// TestFullListAgrees: Wireshark remembers 10,000 unacknowledged segments, and a
// FIN beyond them takes no sequence number. A capture of one direction gets
// there.
func TestFullListAgrees(t *testing.T) {
	tshark.Need(t)
	for _, c := range []struct {
		name     string
		segments int
		acked    int // after how many the peer acknowledges all; 0: never
	}{
		{"one below", 9_999, 0}, {"full", 10_000, 0}, {"acknowledged", 10_010, 20},
	} {
		t.Run(c.name, func(t *testing.T) {
			var y tally
			y.compare(judged(t, write(t, oneWay(c.segments, c.acked))))
			y.check(t)
		})
	}
}

// oneWay is a transfer of n segments and what a FIN brings: itself twice, its
// ACK, and payload after it.
func oneWay(n, acked int) (segments []tcp.Segment) {
	s := tcp.Segment{Stamp: 1e18, Bits: tcp.ACK, WindowShift: -1, Window: 1000, Seq: 1, Ack: 1, Len: 100}
	for i := range n {
		segments = append(segments, s)
		s.Seq, s.Stamp = s.Seq+100, s.Stamp+1e6
		if i+1 == acked {
			segments = append(segments, answer(&s))
		}
	}
	fin, behind := s, s
	fin.Bits, fin.Len = tcp.FIN|tcp.ACK, 0
	behind.Seq++
	again := fin
	again.Stamp += 1e9
	return append(segments, fin, again, answer(&behind), behind)
}

// answer acknowledges all before s.
func answer(s *tcp.Segment) tcp.Segment {
	return tcp.Segment{Stamp: s.Stamp, Dir: 1, Bits: tcp.ACK, WindowShift: -1, Window: 1000, Seq: 1, Ack: s.Seq}
}
