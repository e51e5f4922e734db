package witness_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/lab/witness"
	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/repair/batch"
	"github.com/mendcap/mendcap/report"
)

func degradation(t testing.TB, name string) lab.Degradation {
	t.Helper()
	for _, d := range lab.Degradations() {
		if d.Name == name {
			return d
		}
	}
	t.Fatalf("no degradation %q", name)
	return lab.Degradation{}
}

// recording is one of testdata's as a raw socket is given it.
func recording(t testing.TB, name string) []lab.Packet {
	t.Helper()
	rec, err := lab.Load(filepath.Join("..", "..", "..", "testdata", "recordings", name+".pcapng.gz"))
	if err != nil {
		t.Fatal(err)
	}
	packets := lab.Delivered(rec.Packets)
	if testing.Short() {
		packets = packets[:min(len(packets), 3000)]
	}
	return packets
}

// answer repairs what a sniffer wrote of truth, beside the trace of a trouble or without.
func answer(t *testing.T, truth, written []lab.Packet, trouble *witness.Trouble) (witness.Answers, report.Report) {
	t.Helper()
	a, r, err := witness.Answer(t.Context(), t.TempDir(), truth, written, trouble)
	if err != nil {
		t.Fatal(err)
	}
	return a, r
}

// troubles are what a trace may be like.
var troubles = []struct {
	name string
	witness.Trouble
}{
	{"whole", witness.Trouble{}},
	{"lost", witness.Trouble{Lost: .1}},
	{"clock", witness.Trouble{Offset: int64(time.Second), Drift: 50e-6}},
	{"slow clock", witness.Trouble{Offset: -3 * int64(time.Second), Drift: -50e-6}},
	{"two sockets", witness.Trouble{Sockets: 2}},
	{"strangers", witness.Trouble{Strangers: 1}},
	{"other fields", witness.Trouble{Shuffle: true}},
	{"everything", witness.Trouble{Lost: .1, Offset: int64(time.Second), Drift: 50e-6, Sockets: 2, Strangers: .5, Shuffle: true}},
}

// With the host's own trace beside it, every packet of a capture is answered whose event is
// there, none wrongly, whatever else the trace lacks and its clock shows. Only what the
// host sent is in the captures, so that nothing else names the destinations: their packets
// are dropped, bear one stamp in bursts, and lie out of order.
func TestEventsAnswerEveryPacket(t *testing.T) {
	for _, name := range []string{"many-flows", "lossy", "offload"} {
		truth := recording(t, name)
		for _, kind := range []string{"rawsocket", "drops-2", "ports-heavy"} {
			written := witness.Sent(lab.Degrade(truth, degradation(t, kind), 3))
			without, _ := answer(t, truth, written, nil)
			if without.Answered > without.Packets/2 {
				t.Errorf("%s/%s: %d of %d packets are answered without a trace: this tells nothing", name, kind, without.Answered, without.Packets)
			}
			for _, trouble := range troubles {
				t.Run(fmt.Sprintf("%s/%s/%s", name, kind, trouble.name), func(t *testing.T) {
					trouble.Seed, trouble.RawAlone = 7, true
					a, r := answer(t, truth, written, &trouble.Trouble)
					t.Logf("got %+v, %d without a trace; %+v", a, without.Answered, r.EventTrace)
					checkClock(t, r.EventTrace, &trouble.Trouble)
					if a.Wrong != 0 || a.Owed != 0 || a.ByEvent == 0 {
						t.Errorf("of %d packets %d are answered wrongly, and %d not though they have an event", a.Packets, a.Wrong, a.Owed)
					}
				})
			}
		}
	}
}

// checkClock compares how the report has the trace's clock run with how it does.
func checkClock(t *testing.T, e *report.EventTrace, trouble *witness.Trouble) {
	t.Helper()
	if e == nil || e.Clock == nil {
		t.Fatalf("got %+v, want the trace's clock", e)
	}
	const late, ppb = 2 * time.Millisecond, 5000 // as stamps are; as it is known of captures that last
	if d := e.Clock.Offset - time.Duration(trouble.Offset); d.Abs() > late {
		t.Errorf("got %v, want the trace's clock %v ahead", e.Clock.Offset, time.Duration(trouble.Offset))
	}
	if d := e.Clock.SkewPPB - int64(trouble.Drift*1e9); e.Clock.SkewPPB != 0 && (d > ppb || d < -ppb) {
		t.Errorf("got a skew of %d ppb, want %.0f", e.Clock.SkewPPB, trouble.Drift*1e9)
	}
}

// Events that a checksum contradicts are not believed: here all events are of another
// process's socket, of packets with the same sources and lengths to other destinations.
func TestChecksumsOutweighEvents(t *testing.T) {
	truth := recording(t, "many-flows")
	written := witness.Sent(lab.Degrade(truth, degradation(t, "rawsocket"), 3))
	if a, r := answer(t, truth, written, &witness.Trouble{Lost: 1, Strangers: 1, Seed: 5}); a.Wrong != 0 || a.ByEvent != 0 {
		t.Errorf("got %+v, want no packet answered by an event; %q", a, r.Notes)
	}
}

// A trace beside a capture is a witness in an archive as it is in a folder.
func TestTracesInArchives(t *testing.T) {
	truth := recording(t, "many-flows")
	written := witness.Sent(lab.Degrade(truth, degradation(t, "rawsocket"), 3))
	trace, _ := witness.Trace(truth, witness.Trouble{Seed: 3})
	written = witness.Strange(written, false)
	var capture bytes.Buffer
	if err := lab.WriteForm(&capture, written, lab.SockaddrWindows, lab.Pcapng); err != nil {
		t.Fatal(err)
	}
	folder, packed := t.TempDir(), filepath.Join(t.TempDir(), "in.zip")
	var archive bytes.Buffer
	z := zip.NewWriter(&archive)
	for name, content := range map[string][]byte{"x.pcapng": capture.Bytes(), "x.etl": trace} {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(content)
		}
		if err := errors.Join(err, os.WriteFile(filepath.Join(folder, name), content, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), os.WriteFile(packed, archive.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	for in, below := range map[string]string{folder: filepath.Base(folder), packed: "in.zip.mended"} {
		out := t.TempDir()
		plan, err := batch.Find(t.Context(), []string{in}, batch.Options{Dir: out})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := plan.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		// What has no checksum is answered by events alone.
		a, err := witness.Compare(filepath.Join(out, below, "x.pcapng.mended.pcapng"), written, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if a.Wrong != 0 || 10*a.Answered < 8*a.Packets || a.Packets == 0 {
			t.Errorf("%s: got %+v, want most answered, which none is without the trace, and none wrongly", filepath.Base(in), a)
		}
	}
}

// Where no checksum can tell, an event is given as likely where nothing else can be meant,
// and no header is wrong: only what other assignments of events to packets would answer
// otherwise is not answered. Bursts of equal lengths that threads have swapped are left out:
// they are more than are set beside each other.
func TestEventsAnswerWhatHasNoChecksum(t *testing.T) {
	for _, kind := range []string{"rawsocket", "drops-2", "ports-heavy"} {
		for _, alike := range []bool{false, true} {
			if kind == "ports-heavy" && alike {
				continue
			}
			truth := witness.Strange(recording(t, "many-flows"), alike)
			written := witness.Sent(lab.Degrade(truth, degradation(t, kind), 3))
			for _, trouble := range troubles {
				t.Run(fmt.Sprintf("%s/%t/%s", kind, alike, trouble.name), func(t *testing.T) {
					a, r := answer(t, truth, written, &trouble.Trouble)
					likely := r.Inference.LikelyByEvidence["raw-endpoint-event"]
					t.Logf("got %+v, %d likely; %q", a, likely, r.Notes)
					if a.Wrong != 0 || likely == 0 {
						t.Errorf("%d of %d packets are answered wrongly, %d likely by their event", a.Wrong, a.Answered, likely)
					}
					if a.Owed > 0 {
						t.Errorf("%d of %d packets are not answered though their events tell", a.Owed, a.Packets)
					}
				})
			}
		}
	}
}

// A trace that tells of single packets alone has no row, and says what it gives.
func TestTablesCountEventsAboutPackets(t *testing.T) {
	truth := recording(t, "many-flows")
	trace, missing := witness.Trace(truth, witness.Trouble{RawAlone: true, Seed: 7})
	path := filepath.Join(t.TempDir(), "trace.etl")
	if err := os.WriteFile(path, trace, 0o644); err != nil {
		t.Fatal(err)
	}
	want := 0
	for _, p := range truth {
		if !missing[p.Index] {
			want++
		}
	}
	_, results, err := tables.Load(t.Context(), path)
	if err != nil || len(results) != 1 {
		t.Fatalf("got %+v and %v", results, err)
	}
	if r := &results[0]; r.Rows != 0 || r.Packets != want || r.Problem != "" {
		t.Errorf("got %d rows, %d events about packets and problem %q; want 0, %d and none", r.Rows, r.Packets, r.Problem, want)
	}
}

// A capture of Network Monitor whose frames are events serves as the trace itself does.
func TestEventFramesOfNetworkMonitor(t *testing.T) {
	truth := witness.Strange(recording(t, "many-flows"), false)
	written := lab.Degrade(truth, degradation(t, "ports-heavy"), 3)
	given, taken := lab.Socket(truth, degradation(t, "ports-heavy"), 3)
	var reports [2]report.Report
	var outputs [2][]byte
	for i, monitor := range []bool{false, true} {
		trace, _ := witness.Trace(truth, witness.Trouble{Seed: 7, Given: given, Taken: taken, Monitor: monitor})
		dir := t.TempDir()
		var in bytes.Buffer
		beside := filepath.Join(dir, map[bool]string{false: "trace.etl", true: "trace.cap"}[monitor])
		err := errors.Join(lab.WriteForm(&in, written, lab.SockaddrWindows, lab.Pcapng), os.WriteFile(beside, trace, 0o600),
			os.WriteFile(filepath.Join(dir, "in.pcapng"), in.Bytes(), 0o600))
		if err != nil {
			t.Fatal(err)
		}
		out := filepath.Join(dir, "out.pcapng")
		if reports[i], err = repair.File(t.Context(), filepath.Join(dir, "in.pcapng"), out, repair.Options{Tables: []string{beside}}); err != nil {
			t.Fatal(err)
		}
		if outputs[i], err = os.ReadFile(out); err != nil {
			t.Fatal(err)
		}
		if _, results, err := tables.Load(t.Context(), beside); err != nil || results[0].Packets == 0 || results[0].Rows == 0 {
			t.Errorf("got %+v and %v, want events about packets, and connections", results, err)
		}
	}
	log, frames := reports[0].EventTrace, reports[1].EventTrace
	if log == nil || frames == nil || log.Matched == 0 || frames.Matched != log.Matched || frames.Unchecked != log.Unchecked {
		t.Errorf("got %+v of frames, want what a trace gives: %+v", frames, log)
	}
	if !bytes.Equal(outputs[0], outputs[1]) {
		t.Error("the output differs from that of the trace")
	}
}
