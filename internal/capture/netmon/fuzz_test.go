package netmon

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"testing"

	"github.com/mendcap/mendcap/internal/capture/etw"
)

// maxSeed is the length of the longest seed, bytes: longer samples are cut, since a fuzzer
// does little with files that take long.
const maxSeed = 32 << 10

// addSeeds gives every made file to a fuzz target, and every sample that is there.
func addSeeds(f *testing.F) {
	for minor := range 4 {
		for _, m := range []*made{everything(minor), media(minor), ordered(minor, 5)} {
			p, _ := m.file()
			f.Add(p)
			f.Add(p[:le.Uint32(p[24:])]) // without the frame table and what follows it
		}
	}
	f.Add(nested()[:4096])
	if os.Getenv("MENDCAP_SAMPLES") == "" {
		return
	}
	for _, path := range samples(f) {
		p, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p[:min(len(p), maxSeed)])
	}
}

func FuzzFrames(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, p []byte) {
		file, err := Open(bytes.NewReader(p), int64(len(p)), Options{})
		if err != nil {
			return
		}
		first, d := checkFrames(t, p, file)
		if again, d2 := checkFrames(t, p, file); again != first || fmt.Sprint(d) != fmt.Sprint(d2) {
			t.Fatalf("got %d frames and then %d", first, again)
		}
	})
}

// checkFrames goes through the frames of a file, holds that they are bytes of it, each
// at most twice, and that what was not delivered was said.
func checkFrames(t *testing.T, p []byte, f *File) (frames int64, d Damages) {
	t.Helper()
	s := f.Frames()
	given, number, counted := 0, int64(0), int64(0)
	for {
		fr, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatalf("got error %v of a file in memory", err)
		}
		frames++
		given += fr.Included()
		if fr.Number != 0 {
			if fr.Number <= number {
				t.Fatalf("frame %d follows %d", fr.Number, number)
			}
			number = fr.Number
		}
		at := fr.Offset + recordLen
		if held := p[at : at+int64(fr.Included())]; !bytes.Equal(held[:len(fr.Metadata)], fr.Metadata) || !bytes.Equal(held[len(fr.Metadata):], fr.Data) {
			t.Fatalf("frame %d is not what the file has at %d", fr.Number, fr.Offset)
		}
		if fr.Process < -1 || fr.Process >= len(f.Processes) || fr.Original < 0 || fr.Time < 0 {
			t.Fatalf("frame %+v", fr)
		}
		var e etw.Event
		fr.Event(&e)
		fr.Adapters()
	}
	for _, n := range s.Media() {
		counted += n
	}
	d = s.Damages()
	if given > 2*len(p) || counted != frames || d.Lost < 0 || d.Total < int64(len(d.List)) {
		t.Fatalf("%d frames of %d bytes from %d, %d counted, damage %+v", frames, given, len(p), counted, d)
	}
	if cap(s.data.buf) > max(dataWindow, maxRecord+64) || len(s.covered.spans) > maxSpans || len(f.Processes) > maxProcesses || len(f.comments) > maxComments {
		t.Fatal("a limit does not hold")
	}
	return frames, d
}
