package analysis

import (
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab/strict"
	"github.com/mendcap/mendcap/internal/lab/tshark"
	"github.com/mendcap/mendcap/internal/packet"
	"github.com/mendcap/mendcap/internal/tcp"
)

var update = flag.Bool("update", false, "write tshark's flags of the recordings as golden text")

// recordings is where captures of real traffic lie, and goldens is where their
// golden flags do: NAME.flags for NAME.pcapng.gz.
const (
	recordings = "../../../testdata/recordings"
	goldens    = "testdata"
)

// recording is a capture of real traffic and its golden text's path.
type recording struct{ name, path, golden string }

// recorded lists the recordings, or skips the test.
func recorded(t *testing.T) (all []recording) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(recordings, "*.pcapng*"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Skipf("%s: no recordings", t.Name())
	}
	for _, path := range paths {
		name, _, _ := strings.Cut(filepath.Base(path), ".pcapng")
		all = append(all, recording{name, path, filepath.Join(goldens, name+".flags")})
	}
	return all
}

// TestRecordingsAgree holds our own way from file to flags against what tshark
// said when the golden text was made: it needs no tshark, but for -update.
func TestRecordingsAgree(t *testing.T) {
	for _, r := range recorded(t) {
		t.Run(r.name, func(t *testing.T) {
			if *update {
				r.update(t)
			}
			text, err := os.ReadFile(r.golden)
			if err != nil {
				t.Fatalf("%v (made by go test -update)", err)
			}
			want, err := ParseGolden(string(text))
			if err != nil {
				t.Fatal(err)
			}
			var y tally
			y.compareDecoded(dissect(t, r.path), want)
			y.check(t)
		})
	}
}

func (r recording) update(t *testing.T) {
	t.Helper()
	text, err := Golden(t.Context(), r.path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.golden, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestGoldenIsTrue compares the golden text with what tshark says now.
func TestGoldenIsTrue(t *testing.T) {
	tshark.Need(t)
	for _, r := range recorded(t) {
		want, err := Golden(t.Context(), r.path)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(r.golden); err != nil || string(got) != want {
			t.Errorf("%s (%v): got %d lines, want %d, or other ones", r.golden, err,
				strings.Count(string(got), "\n"), strings.Count(want, "\n"))
		}
	}
}

// TestDecodedSamplesAgree goes our own way from the samples' bytes to flags.
func TestDecodedSamplesAgree(t *testing.T) {
	tshark.Need(t)
	for _, path := range samples(t) {
		packets := judged(t, path)
		if len(packets) == 0 {
			continue
		}
		t.Run(filepath.Base(path), func(t *testing.T) {
			want := map[int64]tcp.Analysis{}
			for i := range packets {
				want[packets[i].Segment.Frame] = packets[i].Flags
			}
			segments := dissect(t, path)
			if got, want := len(segments), len(packets); got != want {
				t.Errorf("TCP packets: got %d, want %d", got, want)
			}
			var y tally
			y.compareDecoded(segments, want)
			y.check(t)
		})
	}
}

// compareDecoded counts the flags that our analyser gives segments against
// those wanted by frame number. Wanted ones of other frames are differences.
func (y *tally) compareDecoded(segments []tcp.Segment, want map[int64]tcp.Analysis) {
	a := tcp.NewAnalyser()
	seen := map[int64]bool{}
	for i := range segments {
		s := &segments[i]
		seen[s.Frame] = true
		y.add(s.Frame, a.Add(s), want[s.Frame])
	}
	for frame, flags := range want {
		if !seen[frame] {
			y.add(frame, 0, flags)
		}
	}
}

// dissect reads the TCP segments of a capture, up to damage if there is some.
func dissect(t *testing.T, path string) (segments []tcp.Segment) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := strict.NewReader(f, capture.ReaderOptions{})
	if errors.Is(err, capture.ErrNotCapture) { // tshark reads more formats than we do
		t.Skipf("%s: %v", t.Name(), err)
	}
	if err != nil {
		t.Fatal(err)
	}
	flows := flowTable{}
	for {
		batch, err := r.Next()
		var damage *capture.FormatError
		if err == io.EOF || errors.As(err, &damage) {
			return segments
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range batch.Blocks {
			if s, ok := segment(&batch.Blocks[i], flows); ok {
				segments = append(segments, s)
			}
		}
		batch.Release()
	}
}

// segment decodes one block as far as the analyser needs it.
func segment(b *capture.Block, flows flowTable) (s tcp.Segment, ok bool) {
	if b.Kind != capture.Packet || b.Interface == nil || !b.HasStamp {
		return s, false
	}
	var v packet.View
	packet.Decode(&v, packet.LinkType(b.Interface.LinkType), b.Data, int(b.OrigLen), packet.Layout(0))
	if v.Form == packet.NoIP || v.Proto != packet.ProtoTCP || v.Partial {
		return s, false
	}
	data := b.Data[v.Upper:v.End]
	if !packet.ParseTCP(&s, data, v.UpperLen) {
		return s, false
	}
	s.Frame, s.Stamp = b.Frame, b.Interface.Nanos(b.Ticks)
	sport, dport, _ := packet.Ports(data)
	source, destination := endpoint(v.Src, sport), endpoint(v.Dst, dport)
	s.Flow, s.Dir = flows.place(source, destination)
	return s, true
}

// endpoint is a key for flowTable.
func endpoint(a packet.Addr, port uint16) string {
	return string(a[:]) + string([]byte{byte(port >> 8), byte(port)})
}
