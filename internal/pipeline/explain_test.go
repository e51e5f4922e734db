package pipeline

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/strict"
	"github.com/mendcap/mendcap/internal/lab/tshark"
	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/report"
)

var rawsocket = filepath.Join("..", "..", "testdata", "rawsocket.pcapng")

// explainAll explains the first n frames of a capture, by their numbers.
func explainAll(t *testing.T, in string, n int64, o Options) map[int64]*report.Explanation {
	t.Helper()
	byFrame := make(map[int64]*report.Explanation)
	for low := int64(1); low <= n; low += MaxExplained {
		var frames []int64
		for f := low; f <= n && f < low+MaxExplained; f++ {
			frames = append(frames, f)
		}
		x, err := Explain(context.Background(), in, frames, o)
		if err != nil {
			t.Fatal(err)
		}
		if len(x.Frames) != len(frames) {
			t.Fatalf("explanations: got %d, want %d", len(x.Frames), len(frames))
		}
		for i := range x.Frames {
			if x.Frames[i].Frame != frames[i] {
				t.Fatalf("explanation %d: got frame %d, want %d", i, x.Frames[i].Frame, frames[i])
			}
			byFrame[frames[i]] = &x.Frames[i]
		}
	}
	return byFrame
}

// wireTCP is a TCP header as this test reads it itself.
type wireTCP struct {
	seq, ack uint32
	flags    byte
	ports    string
}

// readWire reads the TCP headers of a LINKTYPE_RAW capture without extension
// headers, and the comments of all packets, by frame.
func readWire(t *testing.T, path string) (segments map[int64]wireTCP, comments map[int64]string) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := strict.NewReader(f, capture.ReaderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	segments, comments = make(map[int64]wireTCP), make(map[int64]string)
	for {
		batch, err := r.Next()
		if err == io.EOF {
			return segments, comments
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range batch.Blocks {
			if b := &batch.Blocks[i]; b.Kind == capture.Packet {
				comments[b.Frame] = strings.Join(b.Comments(), "\n")
				if s, ok := tcpOf(b.Data); ok {
					segments[b.Frame] = s
				}
			}
		}
		batch.Release()
	}
}

// tcpOf reads the TCP header in an IP packet. One that the sniffer made up an
// IPv6 header for is taken for TCP where it can be: the caller knows whether.
func tcpOf(ip []byte) (s wireTCP, ok bool) {
	head, next := 40, ip[6]
	if ip[0]>>4 == 4 {
		head, next = int(ip[0]&15)*4, ip[9]
	}
	if next != 6 && next != 255 || len(ip) < head+20 {
		return s, false
	}
	h := ip[head:]
	return wireTCP{
		seq: binary.BigEndian.Uint32(h[4:]), ack: binary.BigEndian.Uint32(h[8:]), flags: h[13],
		ports: fmt.Sprintf("%d>%d", binary.BigEndian.Uint16(h), binary.BigEndian.Uint16(h[2:])),
	}, true
}

// Every explanation of the sample must agree with the bytes of the packets, with
// the other explanations and with the repaired capture.
func TestExplanationsAgreeWithTheRepair(t *testing.T) {
	all := explainAll(t, rawsocket, 2000, Options{})
	wire, _ := readWire(t, rawsocket)
	out := filepath.Join(t.TempDir(), "out.pcapng")
	r, err := File(context.Background(), rawsocket, out, Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, comments := readWire(t, out)

	moved, stayed, byAck := 0, 0, 0
	for frame, e := range all {
		if p := e.Place; p.Earliest.After(p.Time) || p.Time.After(p.Latest) || p.Time.After(p.Recorded) {
			t.Errorf("frame %d: got time %v, recorded %v, between %v and %v; want it there, and not after what was recorded", frame, p.Time, p.Recorded, p.Earliest, p.Latest)
		}
		comment := comments[e.FrameAfter]
		if was := strings.Contains(comment, "moved by "+string(e.Place.Law)+","); was != (e.Place.Why == report.WhyMoved) {
			t.Errorf("frame %d: got %s by law %q, but the output's frame %d says %q", frame, e.Place.Why, e.Place.Law, e.FrameAfter, comment)
		}
		if e.Place.Why != report.WhyMoved {
			stayed++
			if e.Place.Shift != 0 || e.Place.TimeFrom != 0 {
				t.Errorf("frame %d: got shift %v from frame %d, want none of one that stays", frame, e.Place.Shift, e.Place.TimeFrom)
			}
			continue
		}
		moved++
		if want := fmt.Sprintf("was frame %d", frame); !strings.HasSuffix(comment, want) && !strings.Contains(comment, want+" at ") {
			t.Errorf("frame %d: the output's frame %d says %q, want %q in it", frame, e.FrameAfter, comment, want)
		}
		if e.Place.Law != "ack" {
			continue
		}
		i := slices.IndexFunc(e.Followers, func(n report.Relation) bool { return n.Repaired && n.Law == "ack" })
		if i < 0 {
			continue // moved along with another one
		}
		byAck++
		n := e.Followers[i]
		own, other := wire[frame], wire[n.Frame]
		if int32(other.ack-own.seq) <= 0 || other.flags&0x10 == 0 {
			t.Errorf("frame %d (%s, sequence number %d) moved before frame %d, whose ACK number %d does not cover it", frame, own.ports, own.seq, n.Frame, other.ack)
		}
		if n.Frame >= frame || all[n.Frame].FrameAfter <= e.FrameAfter {
			t.Errorf("frames %d and %d: in the output they are %d and %d, want their order turned round", n.Frame, frame, all[n.Frame].FrameAfter, e.FrameAfter)
		}
	}
	if int64(moved) != r.Order.Moved || stayed == 0 || byAck < 100 {
		t.Errorf("frames: got %d moved, %d of them before their ACK, and %d that stay; want %d moved, more than 100 before their ACK", moved, byAck, stayed, r.Order.Moved)
	}
}

// Neighbours name each other, and say of their order what the frames' numbers
// say. In the sample no law stays violated.
func TestNeighboursAreInOrder(t *testing.T) {
	all := explainAll(t, rawsocket, 2000, Options{})
	check := func(first, second int64, n *report.Relation) {
		if n.Broken != (first > second) {
			t.Errorf("frames %d and %d, law %s: got broken %v, want %v", first, second, n.Law, n.Broken, !n.Broken)
		}
		if a, b := all[first].FrameAfter, all[second].FrameAfter; a >= b || n.Broken != n.Repaired {
			t.Errorf("frames %d and %d, law %s: got places %d and %d, broken %v, repaired %v; want them in order", first, second, n.Law, a, b, n.Broken, n.Repaired)
		}
	}
	listed := 0
	for frame, e := range all {
		for i := range e.Causes {
			check(e.Causes[i].Frame, frame, &e.Causes[i])
		}
		for i := range e.Followers {
			check(frame, e.Followers[i].Frame, &e.Followers[i])
		}
		listed += len(e.Causes) + len(e.Followers)
	}
	if listed < 2000 {
		t.Errorf("neighbours: got %d, want some of most frames", listed)
	}
}

// The analyser's flags of all frames add up to the report's.
func TestExplainedFlagsAddUp(t *testing.T) {
	all := explainAll(t, rawsocket, 2000, Options{})
	r, err := File(context.Background(), rawsocket, filepath.Join(t.TempDir(), "out.pcapng"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	before, after := make(map[string]int64), make(map[string]int64)
	for _, e := range all {
		for _, f := range e.Flags {
			if f.Before {
				before[f.Flag]++
			}
			if f.After {
				after[f.Flag]++
			}
		}
	}
	for name := range r.Analysis.Before {
		if before[name] != r.Analysis.Before[name] || after[name] != r.Analysis.After[name] {
			t.Errorf("%s: got %d before and %d after, want %d and %d", name, before[name], after[name], r.Analysis.Before[name], r.Analysis.After[name])
		}
	}
}

// Relative numbers are those that Wireshark shows, of resets too.
func TestRelativeNumbersAreWiresharks(t *testing.T) {
	const n = 1000
	for name, resets := range map[string]int{"v4-lossy": 0, "ports-again": 20} {
		in := filepath.Join("..", "..", "testdata", "recordings", name+".pcapng.gz")
		rows := tshark.Rows(t, in, []string{"frame.number", "tcp.seq", "tcp.ack"}, "-c", strconv.Itoa(n), "-Y", "tcp")
		all := explainAll(t, in, n, Options{})
		compared, reset := 0, 0
		for _, fields := range rows {
			frame, _ := strconv.ParseInt(fields[0], 10, 64)
			s := all[frame].Segment
			got := fmt.Sprintf("%d %d", s.Relative.Left, s.RelativeAck)
			if want := fields[1] + " " + fields[2]; got != want {
				t.Errorf("%s, frame %d: got relative numbers %s, want %s", name, frame, got, want)
			}
			compared++
			if slices.Contains(s.Bits, "RST") && slices.Contains(s.Bits, "ACK") {
				reset++
			}
		}
		if compared < n/2 || reset < resets {
			t.Errorf("%s: segments compared: got %d, %d of them resets with ACK; want most of %d, and %d", name, compared, reset, n, resets)
		}
	}
}

// ipv4 returns an IPv4 packet from 192.0.2.a to 192.0.2.b.
func ipv4(proto, a, b byte, fragment uint16, upper []byte) []byte {
	ip := []byte{0x45, 0, 0, 0, 0, 1, 0, 0, 64, proto, 0, 0, 192, 0, 2, a, 192, 0, 2, b}
	binary.BigEndian.PutUint16(ip[2:], uint16(20+len(upper)))
	binary.BigEndian.PutUint16(ip[6:], fragment)
	return append(ip, upper...)
}

// Packets that no law speaks of are explained all the same.
func TestExplainWhatIsNotTCP(t *testing.T) {
	stub := append([]byte{0x60, 0, 0, 0, 0, 12, 255, 0}, make([]byte, 32+12)...)
	copy(stub[8:], []byte{0x20, 1, 0x0d, 0xb8, 15: 1})
	copy(stub[40:], []byte{0xC0, 1, 0xC0, 2, 0, 12, 0x12, 0x34}) // what may be UDP, with a wrong checksum
	tcpHeader := []byte{0, 80, 0, 81, 0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x10, 1, 1, 0, 0, 0, 0}
	in := filepath.Join(t.TempDir(), "in.pcapng")
	f, err := os.Create(in)
	if err != nil {
		t.Fatal(err)
	}
	w, err := lab.NewWriter(f, lab.Pcapng, lab.LinkRaw)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		data                      []byte
		protocol, flow, form, why string
	}{
		{ipv4(17, 1, 2, 0, []byte{0, 53, 0, 54, 0, 8, 0, 0}), "UDP", "192.0.2.1:53 > 192.0.2.2:54", report.FormWhole, report.WhyNoTCP},
		{ipv4(1, 1, 2, 0, []byte{8, 0, 0, 0, 0, 1, 0, 1}), "ICMP", "192.0.2.1 > 192.0.2.2", report.FormWhole, report.WhyNoTCP},
		{ipv4(6, 1, 2, 185, []byte("the second fragment")), "TCP", "192.0.2.1 > 192.0.2.2", report.FormWhole, report.WhyNotFollowed},
		{ipv4(6, 1, 2, 0, tcpHeader), "TCP", "192.0.2.1:80 > 192.0.2.2:81", report.FormWhole, report.WhyNothingBroken},
		{ipv4(132, 1, 2, 0, []byte{0, 1, 0, 2, 0, 0, 0, 0}), "protocol 132", "192.0.2.1 > 192.0.2.2", report.FormWhole, report.WhyNoTCP},
		{stub, "unknown protocol", "2001:db8::1 > ::", report.FormStub, report.WhyNoTCP},
		{[]byte{0xF0, 1, 2}, "", "", report.FormNone, report.WhyNoTCP},
		{nil, "", "", report.FormNone, report.WhyNoTCP},
	}
	for i, c := range cases {
		w.Write(int64(1e18+i*1e6), c.data, lab.NoDirection)
	}
	if err := errors.Join(w.Flush(), f.Close()); err != nil {
		t.Fatal(err)
	}
	all := explainAll(t, in, int64(len(cases)), Options{})
	for i, c := range cases {
		e := all[int64(i+1)]
		if e.Protocol != c.protocol || e.Flow.String() != c.flow || e.Header.Form != c.form || e.Place.Why != c.why {
			t.Errorf("frame %d: got %q, %q, form %s, %s; want %q, %q, form %s, %s", i+1,
				e.Protocol, e.Flow, e.Header.Form, e.Place.Why, c.protocol, c.flow, c.form, c.why)
		}
		if e.FrameAfter != e.Frame || e.Place.Recorded.IsZero() || !e.Place.Earliest.Before(e.Place.Latest) {
			t.Errorf("frame %d: got place %d, recorded %v, between %v and %v; want it unmoved, with an interval", i+1,
				e.FrameAfter, e.Place.Recorded, e.Place.Earliest, e.Place.Latest)
		}
	}
	if h := all[6].Header; h.NextHeader.Origin != "unknown" || h.Destination.Origin != "unknown" || h.Evidence != "" {
		t.Errorf("header of a packet that nothing tells of: got %+v, want it unknown", h)
	}
}

// simplePackets returns a pcapng with an enhanced, two simple and an enhanced
// packet block: the simple ones have no time.
func simplePackets() []byte {
	block := func(kind uint32, body []byte) []byte {
		b := binary.LittleEndian.AppendUint32(nil, kind)
		b = binary.LittleEndian.AppendUint32(b, uint32(12+len(body)))
		return binary.LittleEndian.AppendUint32(append(b, body...), uint32(12+len(body)))
	}
	data := ipv4(17, 1, 2, 0, []byte{0, 53, 0, 54, 0, 8, 0, 0})
	enhanced := make([]byte, 20)
	enhanced[12], enhanced[16] = byte(len(data)), byte(len(data))
	enhanced = append(enhanced, data...)
	simple := append([]byte{byte(len(data)), 0, 0, 0}, data...)
	return slices.Concat(block(0x0A0D0D0A, append([]byte{0x4D, 0x3C, 0x2B, 0x1A, 1, 0, 0, 0}, slices.Repeat([]byte{255}, 8)...)),
		block(1, []byte{101, 0, 0, 0, 0, 0, 0, 0}), block(6, enhanced), block(3, simple), block(3, simple), block(6, enhanced))
}

func TestExplainPacketsWithoutTime(t *testing.T) {
	in := filepath.Join(t.TempDir(), "in.pcapng")
	if err := os.WriteFile(in, simplePackets(), 0o600); err != nil {
		t.Fatal(err)
	}
	all := explainAll(t, in, 4, Options{})
	for frame, want := range map[int64]string{1: report.WhyNoTCP, 2: report.WhyNoTime, 3: report.WhyNoTime, 4: report.WhyNoTCP} {
		e := all[frame]
		if e.Place.Why != want || e.Place.Recorded.IsZero() != (want == report.WhyNoTime) || e.FrameAfter != frame {
			t.Errorf("frame %d: got %s, recorded %v, place %d; want %s, a time only of enhanced packets, no move", frame, e.Place.Why, e.Place.Recorded, e.FrameAfter, want)
		}
	}
}

// A capture that was repaired is left as it is, and that is what is said of it.
func TestExplainWhatWasRepairedBefore(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.pcapng")
	if _, err := File(context.Background(), rawsocket, out, Options{}); err != nil {
		t.Fatal(err)
	}
	for frame, e := range explainAll(t, out, 1000, Options{}) {
		if e.Place.Why != report.WhyRepairedBefore || e.FrameAfter != frame {
			t.Errorf("frame %d: got %s, place %d; want it placed before, and kept", frame, e.Place.Why, e.FrameAfter)
		}
		if f := e.Header.Form; f != report.FormMended && f != report.FormWhole {
			t.Errorf("frame %d: got header %s, want it mended or whole", frame, f)
		}
	}
}

func TestExplainRefusesFrames(t *testing.T) {
	many := make([]int64, MaxExplained+1)
	for i := range many {
		many[i] = int64(i + 1)
	}
	for _, c := range []struct {
		name   string
		in     string
		frames []int64
		o      Options
		want   error
		text   string
	}{
		{"zero", rawsocket, []int64{0}, Options{}, ErrUsage, "counted from 1"},
		{"too many", rawsocket, many, Options{}, ErrUsage, "1001 frames"},
		{"beyond the end", rawsocket, []int64{5, 2001}, Options{}, ErrUsage, "last one is frame 2000"},
		{"unknown law", rawsocket, []int64{1}, Options{Without: []reorder.Law{reorder.Law(reorder.NumLaws)}}, ErrUsage, "no law"},
		{"no capture", filepath.Join(t.TempDir(), "x.pcap"), []int64{1}, Options{}, ErrNoCapture, "x.pcap"},
	} {
		if _, err := Explain(context.Background(), c.in, c.frames, c.o); !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: got %v, want %v with %q", c.name, err, c.want, c.text)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Explain(ctx, rawsocket, []int64{1}, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v, want %v", err, context.Canceled)
	}
}

// What is switched off explains nothing.
func TestExplainWithoutALaw(t *testing.T) {
	for frame, e := range explainAll(t, rawsocket, 1000, Options{Without: []reorder.Law{reorder.LawAck}}) {
		for _, n := range slices.Concat(e.Causes, e.Followers) {
			if n.Law == "ack" {
				t.Errorf("frame %d: got frame %d as a neighbour by law ack, which is off", frame, n.Frame)
			}
		}
		if e.Place.Law == "ack" {
			t.Errorf("frame %d: got %s by law ack, which is off", frame, e.Place.Why)
		}
	}
}

// A frame is explained also where the first pass is content with packets before it,
// and one that isn't there is told from the capture's last.
func TestExplainsBeyondTheBeginning(t *testing.T) {
	in := filepath.Join("..", "..", "testdata", "recordings", "clean.pcapng.gz")
	explain := func(frame, beginning int64) (report.Explanations, error) {
		x, err := newExplainer([]int64{frame}, false)
		if err != nil {
			t.Fatal(err)
		}
		j, err := newJob(in, "-", Options{})
		if err != nil {
			t.Fatal(err)
		}
		j.beginning = beginning
		return x.explain(t.Context(), j)
	}
	const last = 3740 // as tshark counts
	for _, frame := range []int64{5, 2000, last} {
		want, err := explain(frame, vantagePackets)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := explain(frame, 100); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("frame %d: got %+v, %v, want %+v as where all is gathered", frame, got, err, want)
		}
	}
	for _, beginning := range []int64{100, vantagePackets} {
		_, err := explain(last+1, beginning)
		if want := fmt.Sprintf("no frame %d: the last one is frame %d", last+1, last); !errors.Is(err, ErrUsage) || !strings.Contains(err.Error(), want) {
			t.Errorf("%d packets gathered: got %v, want %q", beginning, err, want)
		}
	}
}
