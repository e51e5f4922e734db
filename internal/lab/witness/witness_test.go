package witness_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/mendcap/mendcap/infer/tables"
	"github.com/mendcap/mendcap/internal/capture"
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

// answers are how many packets were answered, and how many wrongly; owed are those that
// were not although the trace has their event.
type answers struct{ packets, answered, wrong, owed, byEvent int }

// asked is what is known of packets that look alike once they lack their header.
type asked struct {
	headers map[[17]byte]int // next headers and destinations, and how many packets have them
	missing bool             // the event of one of them
}

// alike is what a packet without header is known by: the source, and the data, which the
// repair leaves alone.
func alike(ip []byte) string { return string(ip[8:24]) + string(ip[40:]) }

// repaired repairs a capture of packets beside a trace, and compares what was written with
// the truth.
func repaired(t *testing.T, written []lab.Packet, trace []byte, missing map[int]bool) (answers, report.Report) {
	t.Helper()
	stem := filepath.Join(t.TempDir(), "in")
	var in bytes.Buffer
	if err := lab.WriteForm(&in, written, lab.SockaddrWindows, lab.Pcapng); err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{".pcapng": in.Bytes()}
	if trace != nil {
		files[".etl"] = trace
	}
	for suffix, content := range files {
		if err := os.WriteFile(stem+suffix, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r, err := repair.File(context.Background(), stem+".pcapng", stem+".out.pcapng", repair.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a := compare(t, stem+".out.pcapng", written, missing)
	a.byEvent = int(r.Inference.ByEvidence["raw-endpoint-event"] + r.Inference.LikelyByEvidence["raw-endpoint-event"])
	return a, r
}

// compare sets the packets of a file beside those that it was made of.
func compare(t *testing.T, path string, written []lab.Packet, missing map[int]bool) (a answers) {
	t.Helper()
	truth := map[string]*asked{}
	for _, p := range written {
		if p.Data[0]>>4 == 6 {
			key := alike(p.Data)
			if truth[key] == nil {
				truth[key] = &asked{headers: map[[17]byte]int{}}
			}
			truth[key].headers[header(p.Data)]++
			truth[key].missing = truth[key].missing || missing[p.Index]
		}
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	err = lab.EachPacket(f, func(b *capture.Block) error {
		ip := b.Data
		if b.Interface.LinkType == lab.LinkEthernet {
			ip = ip[14:]
		}
		if ip[0]>>4 != 6 {
			return nil
		}
		a.packets++
		of := truth[alike(ip)]
		switch h := header(ip); {
		case h[0] == 255 || netip.AddrFrom16([16]byte(h[1:])).IsUnspecified():
			if !of.missing {
				a.owed++
			}
			return nil
		case of.headers[h] > 0:
			of.headers[h]--
		default:
			a.wrong++
		}
		a.answered++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// header is what is inferred of a packet: next header and destination.
func header(ip []byte) (h [17]byte) {
	h[0] = ip[6]
	copy(h[1:], ip[24:40])
	return h
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
			written := slices.DeleteFunc(lab.Degrade(truth, degradation(t, kind), 3), func(p lab.Packet) bool { return !p.Out })
			without, _ := repaired(t, written, nil, nil)
			if without.answered > without.packets/2 {
				t.Errorf("%s/%s: %d of %d packets are answered without a trace: this tells nothing", name, kind, without.answered, without.packets)
			}
			for _, trouble := range troubles {
				t.Run(fmt.Sprintf("%s/%s/%s", name, kind, trouble.name), func(t *testing.T) {
					trouble.Seed, trouble.RawAlone = 7, true
					trace, missing := witness.Trace(truth, trouble.Trouble)
					a, r := repaired(t, written, trace, missing)
					t.Logf("got %+v, %d without a trace; %+v", a, without.answered, r.EventTrace)
					checkClock(t, r.EventTrace, &trouble.Trouble)
					if a.wrong != 0 || a.owed != 0 || a.byEvent == 0 {
						t.Errorf("of %d packets %d are answered wrongly, and %d not though they have an event", a.packets, a.wrong, a.owed)
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
	written := slices.DeleteFunc(lab.Degrade(truth, degradation(t, "rawsocket"), 3), func(p lab.Packet) bool { return !p.Out })
	trace, missing := witness.Trace(truth, witness.Trouble{Lost: 1, Strangers: 1, Seed: 5})
	if a, r := repaired(t, written, trace, missing); a.wrong != 0 || a.byEvent != 0 {
		t.Errorf("got %+v, want no packet answered by an event; %q", a, r.Notes)
	}
}

// A trace beside a capture is a witness in an archive as it is in a folder.
func TestTracesInArchives(t *testing.T) {
	truth := recording(t, "many-flows")
	written := slices.DeleteFunc(lab.Degrade(truth, degradation(t, "rawsocket"), 3), func(p lab.Packet) bool { return !p.Out })
	trace, _ := witness.Trace(truth, witness.Trouble{Seed: 3})
	written = strange(written)
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
		a := compare(t, filepath.Join(out, below, "x.pcapng.mended.pcapng"), written, nil)
		if a.wrong != 0 || 10*a.answered < 8*a.packets || a.packets == 0 {
			t.Errorf("%s: got %+v, want most answered, which none is without the trace, and none wrongly", filepath.Base(in), a)
		}
	}
}

// strange replaces some packets' data by what no protocol that is known has, and which no
// checksum can tell of.
func strange(packets []lab.Packet) []lab.Packet {
	const experimental = 253 // RFC 3692
	rng := rand.New(rand.NewPCG(4, 4))
	packets = slices.Clone(packets)
	for i := range packets {
		p := &packets[i]
		if p.Data[0]>>4 != 6 || !p.Out || rng.IntN(10) > 0 {
			continue
		}
		p.Data = slices.Clone(p.Data[:40+min(len(p.Data)-40, 9+rng.IntN(1000))])
		p.Data[6] = experimental
		p.Data[4], p.Data[5] = byte((len(p.Data)-40)>>8), byte(len(p.Data)-40)
		for j := 40; j < len(p.Data); j++ {
			p.Data[j] = 0x70 | byte(rng.Uint32())
		}
	}
	return packets
}

// Where no checksum can tell, an event is given as likely where nothing else can be
// meant, and no header is wrong.
func TestEventsAnswerWhatHasNoChecksum(t *testing.T) {
	truth := strange(recording(t, "many-flows"))
	for _, trouble := range troubles {
		t.Run(trouble.name, func(t *testing.T) {
			written := slices.DeleteFunc(lab.Degrade(truth, degradation(t, "rawsocket"), 3), func(p lab.Packet) bool { return !p.Out })
			trace, missing := witness.Trace(truth, trouble.Trouble)
			a, r := repaired(t, written, trace, missing)
			likely := r.Inference.LikelyByEvidence["raw-endpoint-event"]
			t.Logf("got %+v, %d likely; %q", a, likely, r.Notes)
			if a.wrong != 0 || likely == 0 && trouble.Strangers == 0 {
				t.Errorf("%d of %d packets are answered wrongly, %d likely by their event", a.wrong, a.answered, likely)
			}
			// Where events were lost and packets dropped, the only event near a packet may be
			// that of one that was dropped, and its own be lost: nothing tells.
			if trouble.Lost == 0 && a.owed > 0 {
				t.Errorf("%d of %d packets are not answered though they have an event", a.owed, a.packets)
			}
		})
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
