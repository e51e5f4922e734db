package compress

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/squeeze"
)

// The guard accepts what the decompressor does, however the bytes arrive.
func TestXZGuardByByte(t *testing.T) {
	data := squeeze.Decoded(t, squeeze.TwoStreams)
	first := data[:bytes.Index(data, []byte("YZ\x00\x00"))+2]
	g := newXZGuard(nil, nil, false)
	for i := range first {
		if err := g.follow(first[i : i+1]); err != nil {
			t.Fatalf("byte %d: %v", i, err)
		}
	}
	var padding *Trailing
	if err := g.follow([]byte{0}); !errors.As(err, &padding) || padding.left != 1 {
		t.Errorf("a zero after the stream: got %v, want one byte that is none of it", err)
	}
	for i := range data { // a changed byte may be an error and no more
		broken := bytes.Clone(data)
		broken[i] ^= 0xFF
		newXZGuard(nil, nil, false).follow(broken)
	}
}

func FuzzXZGuard(f *testing.F) {
	f.Add(squeeze.Decoded(f, squeeze.TwoStreams))
	f.Add(squeeze.Decoded(f, squeeze.ByTools[3].Base64))
	f.Fuzz(func(t *testing.T, data []byte) {
		whole, parts := newXZGuard(nil, nil, false), newXZGuard(nil, nil, false)
		want := whole.follow(data)
		var got error
		for len(data) > 0 && got == nil {
			n := min(len(data), 1+len(data)/3)
			got, data = parts.follow(data[:n]), data[n:]
		}
		if (got == nil) != (want == nil) {
			t.Fatalf("in parts %v, at once %v", got, want)
		}
		if len(whole.head) > 1024 {
			t.Fatalf("keeps %d bytes", len(whole.head))
		}
	})
}

// Streams give the same data whatever dictionary they get: also where matches go back
// as far as they can, and where the end of the block is not looked for.
func TestXZOfAllSizes(t *testing.T) {
	random := make([]byte, 3*fitAhead)
	r := rand.NewChaCha8([32]byte{})
	_, _ = r.Read(random) // never fails
	for name, data := range map[string][]byte{
		"nothing": nil, "one byte": {1}, "4 KiB": random[:4096], "a byte more": random[:4097],
		"the same again at its end": append(random[:5000:5000], random[:300]...),
		"the end is beyond":         random, "zeros": make([]byte, 3<<20),
	} {
		file := squeeze.HungryXZ(t, data)
		for range 2 {
			file = append(file, file...)
		}
		got, err := readAllOf(file)
		if want := bytes.Repeat(data, 4); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: got %d bytes and %v, want %d", name, len(got), err, len(want))
		}
	}
}

// A block's header with a wrong bit is an error, whatever dictionary the block gets.
func TestXZHeaderDamaged(t *testing.T) {
	file := squeeze.HungryXZ(t, []byte("a small block"))
	header := file[xzHeaderLen:][:(int(file[xzHeaderLen])+1)*4]
	for at := range header {
		for bit := range 8 {
			header[at] ^= 1 << bit
			if got, err := readAllOf(file); err == nil {
				t.Errorf("bit %d of byte %d of the header: got %q without an error", bit, at, got)
			}
			header[at] ^= 1 << bit
		}
	}
}

// A file that ends anywhere but after a stream and zeros is truncated.
func TestXZTruncated(t *testing.T) {
	file := squeeze.Decoded(t, squeeze.TwoStreams)
	for n := len(magicXZ); n <= len(file); n++ {
		stream := bytes.TrimRight(file[:n], "\x00")
		whole := bytes.HasSuffix(stream, []byte("YZ"))
		if got, err := readAllOf(file[:n]); (err == nil) != whole {
			t.Errorf("%d of %d bytes: got %d bytes and %v", n, len(file), len(got), err)
		}
		if _, err := salvaged(file[:n]); (err == nil) != whole {
			t.Errorf("%d of %d bytes, salvaged: got %v", n, len(file), err)
		}
	}
}

func readAllOf(file []byte) ([]byte, error) {
	r, _, err := Decompress(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
