package compress

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/squeeze"
)

// Going back is bounded, and never leads before what was kept.
func TestTape(t *testing.T) {
	data := make([]byte, 4*tapeKept)
	for i := range data {
		data[i] = byte(i >> 10)
	}
	tape := &tape{r: bytes.NewReader(data)}
	buf := make([]byte, 100_000)
	for at := int64(0); ; {
		n, err := tape.Read(buf)
		if err == io.EOF {
			break
		}
		if at += int64(n); tape.offset() != at || len(tape.kept) > tapeKept+len(buf) {
			t.Fatalf("at %d: offset %d, %d bytes kept", at, tape.offset(), len(tape.kept))
		}
	}
	for _, back := range []int64{1, 1000, lookback, 3 * tapeKept} {
		end := int64(len(data))
		tape.seek(end - back)
		got := tape.offset()
		rest, err := io.ReadAll(tape)
		if err != nil || !bytes.Equal(rest, data[got:]) || got < end-back || got != end-back && back <= tapeKept {
			t.Errorf("back by %d: at %d of %d, %d bytes, %v", back, got, end, len(rest), err)
		}
	}
}

// A file of nothing but beginnings is given up, and read to its end.
func TestTriesAreBounded(t *testing.T) {
	member := squeeze.Gzip(t, []byte("what is compressed"))
	member[len(member)-8] ^= 1 // the checksum
	for name, junk := range map[string][]byte{"headers": member[:gzipHeader], "members": member} {
		data := append(bytes.Clone(member), bytes.Repeat(junk, 2*maxTries)...)
		s, err := NewSalvager(Of(data), &Source{}, bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, gapless{s})
		var g *Gap
		if !errors.As(err, &g) || !g.last || g.Offset+g.Skipped != int64(len(data)) || s.tries != maxTries {
			t.Errorf("%s: got %v after %d tries, %+v; want the last gap, to byte %d, after %d", name, err, s.tries, g, len(data), maxTries)
		}
	}
}

// Streams with zeros between them are all read, and cost little each.
func TestManyPaddedStreams(t *testing.T) {
	const n = 300
	for name, one := range squeeze.All(t, []byte("what is compressed\n")) {
		data := bytes.Repeat(append(bytes.Clone(one), 0), n)
		s, err := NewSalvager(Of(data), &Source{}, bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.Copy(io.Discard, s); err != nil || got != n*19 {
			t.Errorf("%s: got %d bytes, %v; want %d", name, got, err, n*19)
		}
		if z := s.tries; z > n {
			t.Errorf("%s: %d tries for %d streams", name, z, n)
		}
	}
}

// A magic is found wherever it is, also across the ends of what is read at once.
func TestScan(t *testing.T) {
	member := squeeze.Gzip(t, []byte("what is compressed"))
	for _, at := range []int{0, 1, BufferSize - 1, BufferSize - 5, BufferSize, 2*BufferSize - 9} {
		s, err := NewSalvager(Of(member), &Source{}, bytes.NewReader(append(bytes.Clone(member), make([]byte, at)...)))
		if err != nil {
			t.Fatal(err)
		}
		s.tape = &tape{r: bytes.NewReader(append(make([]byte, at), member...))}
		s.buf.Reset(s.tape)
		if got, _, found := s.scan(); !found || got != int64(at) {
			t.Errorf("got %d, %v; want %d", got, found, at)
		}
	}
}

func TestNextBlock(t *testing.T) {
	for bit := range 8 {
		magic := uint64(bzip2Magic) << (16 - bit)
		p := append(bytes.Repeat([]byte{0xFF}, 9), make([]byte, 8)...)
		for i := range 8 {
			p[9+i] = byte(magic >> (56 - 8*i))
		}
		if at, got := nextBlock(p); at != 9 || got != bit {
			t.Errorf("got byte %d, bit %d; want 9, %d", at, got, bit)
		}
		plain := shifted("BZh9", newBuffered(p[9:]), bit)
		var given []byte
		for range 10 {
			c, err := plain.ReadByte()
			if err != nil {
				t.Fatalf("bit %d: %v after % x", bit, err, given)
			}
			given = append(given, c)
		}
		if string(given) != "BZh91AY&SY" {
			t.Errorf("bit %d: got % x", bit, given)
		}
	}
}

func newBuffered(p []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(p)) }

// Streams without data are no damage, wherever they are among zeros; one that is cut short
// after zeros is.
func TestEmptyPaddedStreams(t *testing.T) {
	const text = "what is compressed\n"
	empty := squeeze.All(t, nil)
	for name, one := range squeeze.All(t, []byte(text)) {
		none := append(make([]byte, 8), empty[name]...)
		if got, err := salvaged(slices.Concat(one, none)); got != text || err != nil {
			t.Errorf("%s, one without data last: got %q and %v", name, got, err)
		}
		if got, err := salvaged(slices.Concat(one, none, none, make([]byte, 8), one, none)); got != text+text || err != nil {
			t.Errorf("%s, some without data between: got %q and %v", name, got, err)
		}
		for cut := 1; cut < len(one); cut++ {
			if got, err := salvaged(slices.Concat(one, none, make([]byte, 8), one[:cut])); err == nil {
				t.Errorf("%s, the last one cut short to %d bytes: got %q without an error", name, cut, got)
			}
		}
	}
}

// salvaged returns what a file holds, over gaps.
func salvaged(file []byte) (string, error) {
	r, _, err := DecompressSalvaging(bytes.NewReader(file))
	if err != nil {
		return "", err
	}
	got, err := io.ReadAll(r)
	return string(got), err
}
