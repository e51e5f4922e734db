package netmon

import (
	"bytes"
	"io"
	"os"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/capture/etw"
)

// addSeeds gives every made file to a fuzz target, and a specimen of every sample that is
// there.
func addSeeds(f *testing.F) {
	for minor := range 4 {
		for _, m := range []*made{everything(minor), media(minor), ordered(minor, 5)} {
			p, _ := m.file()
			f.Add(p)
			f.Add(p[:le.Uint32(p[24:])]) // without the frame table and what follows it
		}
	}
	f.Add(nested()[:2048])
	if os.Getenv("MENDCAP_SAMPLES") == "" {
		return
	}
	for _, path := range samples(f) {
		p, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(specimen(p))
	}
}

// specimen is a small file with the first short frames of a file: a fuzzer does little
// with what is long.
func specimen(p []byte) []byte {
	const longest, most = 256, 8 // bytes of a frame's data, and frames
	out := slices.Clone(p[:headerLen])
	clear(out[32:])
	var table []byte
	from, length := int(le.Uint32(p[24:])), int(le.Uint32(p[28:]))
	for at := from; at < from+length && len(table) < most*entryLen; at += entryLen {
		r := p[le.Uint32(p[at:]):]
		if data := int(le.Uint32(r[12:])); data <= longest {
			table = put(table, uint32(len(out)))
			out = append(out, r[:recordLen+data+int(trailerLen[p[4]])]...)
		}
	}
	copy(out[24:], put(put(nil, uint32(len(out))), uint32(len(table))))
	return append(out, table...)
}

func FuzzFrames(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, p []byte) {
		file, err := Open(bytes.NewReader(p), int64(len(p)), Options{})
		if err != nil {
			return
		}
		first, d := checkFrames(t, p, file)
		if again, d2 := checkFrames(t, p, file); again != first || !sameDamages(d, d2) {
			t.Fatalf("got %d frames and then %d", first, again)
		}
	})
}

// sameDamages says whether two readings found the same damage.
func sameDamages(a, b Damages) bool {
	return a.Total == b.Total && a.Lost == b.Lost && slices.EqualFunc(a.List, b.List, func(x, y Damage) bool {
		return x.Frame == y.Frame && x.Offset == y.Offset && x.Length == y.Length && x.Lost == y.Lost && x.Err.Error() == y.Err.Error()
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
