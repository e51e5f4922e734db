package windows

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/repair"
	"github.com/mendcap/mendcap/repair/batch"
)

// fixtures are a trace and a capture, by the names of files.
func fixtures(t *testing.T) map[string][]byte {
	t.Helper()
	list, start := frames(t, "lossy", 1500, Clock{})
	packed, _ := write(t, Log{Processors: 16, BufferSize: 16 << 10, Compressed: true, Start: start, Others: 7}, whole(list, 16))
	loose, _ := write(t, Log{Processors: 8, BufferSize: 16 << 10, Start: start}, layered(apart(list)).events)
	recorded, _ := captured(list)
	file, _ := Capture{Minor: 3, Start: start, Frames: recorded}.Bytes()
	return map[string][]byte{"packed.etl": packed, "layers.etl": loose, "file.cap": file}
}

// A file gives the same output however it comes: by its name, by standard input,
// compressed, or in an archive; on any number of processors.
func TestSameOutputHoweverItComes(t *testing.T) {
	for name, data := range fixtures(t) {
		want := mend(t, put(t, name, data), repair.Options{}).file
		if len(want) < 1<<20 {
			t.Fatalf("%s: %d bytes: this tests little", name, len(want))
		}
		same := func(how string, got []byte) {
			t.Helper()
			if !bytes.Equal(got, want) {
				t.Errorf("%s, %s: got another file, of %d bytes instead of %d", name, how, len(got), len(want))
			}
		}
		same("by standard input", piped(t, data))
		same("compressed", mend(t, put(t, name+".gz", zipped(t, data)), repair.Options{}).file)
		same("compressed, by standard input", piped(t, zipped(t, data)))
		same("in an archive", fromArchive(t, name, data))
		was := runtime.GOMAXPROCS(0)
		for _, n := range []int{1, 2, 8} {
			runtime.GOMAXPROCS(n)
			same(fmt.Sprintf("on %d processors", n), mend(t, put(t, name, data), repair.Options{}).file)
		}
		runtime.GOMAXPROCS(was)
	}
}

// piped is what becomes of standard input.
func piped(t *testing.T, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if _, err := repair.File(t.Context(), "-", "-", repair.Options{Stdin: io.MultiReader(bytes.NewReader(data)), Stdout: &out}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func zipped(t *testing.T, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// fromArchive is what a batch makes of the one member of a zip archive.
func fromArchive(t *testing.T, name string, data []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.Create("folder/" + name)
	if err == nil {
		_, err = w.Write(data)
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	plan, err := batch.Find(t.Context(), []string{put(t, "archive.zip", b.Bytes())}, batch.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	sum, err := plan.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(sum.Captures) != 1 || sum.Captures[0].Error != "" {
		t.Fatalf("%s: got %+v of an archive, want one capture", name, sum.Captures)
	}
	var out []byte
	err = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".mended.pcapng") {
			out, err = os.ReadFile(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Frames are numbered over all appearances, whatever is taken of them, and explained by
// these numbers.
func TestExplainCountsAppearances(t *testing.T) {
	list, start := frames(t, "v4-lossy", 100, Clock{})
	k := layered(apart(list))
	data, _ := write(t, Log{Processors: 8, Start: start}, k.events)
	path := put(t, "trace.etl", data)
	// The miniport is the first layer of what comes in, and the last of what goes out.
	var numbers []int64
	for i := range list {
		n := int64(3*i + 1)
		if list[i].Out {
			n += 2
		}
		numbers = append(numbers, n)
	}
	explain := func(frames []int64, o repair.Options) (after []int64) {
		t.Helper()
		x, err := repair.Explain(t.Context(), path, frames, o)
		if err != nil {
			t.Fatal(err)
		}
		for i, e := range x.Frames {
			if e.Frame != frames[i] {
				t.Fatalf("got frame %d, want %d", e.Frame, frames[i])
			}
			if taken := e.Taken; taken != e.FrameAfter && (taken != 0 || e.Frame != e.FrameAfter) {
				t.Fatalf("frame %d: got packet %d of those that are taken, want %d", e.Frame, taken, e.FrameAfter)
			}
			if said := strings.Join(e.Text.Order, " "); strings.Contains(said, "earlier") || strings.Contains(said, "capture has after it") {
				t.Fatalf("frame %d, which stays: got %q", e.Frame, said)
			}
			after = append(after, e.FrameAfter)
		}
		return after
	}
	after := explain(numbers, repair.Options{})
	for i, n := range after {
		if n != int64(i+1) {
			t.Fatalf("frame %d: got %d after, want %d", numbers[i], n, i+1)
		}
	}
	if after := explain(numbers, repair.Options{AllLayers: true}); !slices.Equal(after, numbers) {
		t.Errorf("all layers: got frames %d after, want %d", after, numbers)
	}
	for n, want := range map[int64]string{2: "frame 2 is no packet, or one of a layer that is left out", 300: "", 301: "no frame 301: the last one is frame 300"} {
		_, err := repair.Explain(t.Context(), path, []int64{n}, repair.Options{})
		if want == "" && err == nil {
			continue
		}
		if !errors.Is(err, repair.ErrUsage) || want == "" || !strings.Contains(err.Error(), want) {
			t.Errorf("frame %d: got %v, want %q", n, err, want)
		}
	}
}

// What unpacks to more than it may is refused, whatever compressed it: the trace itself
// or what it came in.
func TestMaxUnpacked(t *testing.T) {
	files := fixtures(t)
	packed, loose := files["packed.etl"], files["layers.etl"]
	unpacked := int64(0)
	list, start := frames(t, "lossy", 1500, Clock{})
	_, buffers := write(t, Log{Processors: 16, BufferSize: 16 << 10, Start: start, Others: 7}, whole(list, 16))
	unpacked = int64(len(buffers)) * (16 << 10) // about
	for name, test := range map[string]struct {
		data    []byte
		most    int64
		refused bool
	}{
		"compressed trace, too large":     {packed, unpacked / 2, true},
		"compressed trace, enough":        {packed, unpacked, false},
		"trace":                           {loose, 1000, false},
		"gzip of a trace, too large":      {zipped(t, loose), int64(len(loose)) - 1, true},
		"gzip of a trace, enough":         {zipped(t, loose), int64(len(loose)), false},
		"gzip of a compressed, too large": {zipped(t, packed), int64(len(packed)), true},
	} {
		_, err := repair.Check(context.Background(), put(t, "trace.etl", test.data), repair.Options{MaxUnpacked: test.most})
		if refused := errors.Is(err, repair.ErrUnpacked) && errors.Is(err, repair.ErrNoCapture); refused != test.refused || !refused && err != nil {
			t.Errorf("%s: got %v, want it refused: %t", name, err, test.refused)
		}
	}
}

// A small file is read from memory: no temporary one is made of it.
func TestSmallFilesAreNotSpooled(t *testing.T) {
	list, start := frames(t, "lossy", 20, Clock{})
	recorded, _ := captured(list)
	file, _ := Capture{Minor: 3, Start: start, Frames: recorded}.Bytes()
	log, _ := write(t, Log{Processors: 1, BufferSize: 8 << 10, Start: start}, whole(list[:4], 1))
	for name, data := range map[string][]byte{"file.cap": file, "trace.etl": log} {
		path := put(t, name, data)
		t.Setenv("TMPDIR", filepath.Join(filepath.Dir(path), "missing"))
		r, err := repair.Check(t.Context(), path, repair.Options{})
		if err != nil || r.Capture.Packets == 0 {
			t.Errorf("%s, of %d bytes: got %d packets and %v, with nowhere to make a temporary file", name, len(data), r.Capture.Packets, err)
		}
	}
}
