package windows

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// unpack decompresses Plain LZ77 by the words of [MS-XCA] 2.4.4, byte by byte.
func unpack(t *testing.T, in []byte, length int) []byte {
	t.Helper()
	var out []byte
	half, at := -1, 0
	next := func(n int) (v int) {
		for i := range n {
			v |= int(in[at+i]) << (8 * i)
		}
		at += n
		return v
	}
	for {
		flags := next(4)
		for bit := 31; bit >= 0; bit-- {
			switch {
			case len(out) == length && at == len(in):
				return out
			case flags>>bit&1 == 0:
				out = append(out, byte(next(1)))
				continue
			}
			token := next(2)
			n, back := token&7, token>>3+1
			if n == 7 {
				if half < 0 {
					half = at
					n = next(1) & 15
				} else {
					n, half = int(in[half]>>4), -1
				}
				if n == 15 {
					if n = next(1); n == 255 {
						if n = next(2); n == 0 {
							n = next(4)
						}
						n -= 15 + 7
					}
					n += 15
				}
				n += 7
			}
			for range n + 3 {
				out = append(out, out[len(out)-back])
			}
		}
	}
}

// What is compressed unpacks to what it was, with matches whose lengths take all forms.
func TestCompression(t *testing.T) {
	words := strings.Repeat("the quick brown fox jumps over the lazy dog; ", 3)
	var p packer
	for name, data := range map[string][]byte{
		"nothing":   nil,
		"one byte":  {1},
		"no match":  []byte("abcdefgh"),
		"3 bits":    []byte("abcdeXabcdeYabcd"),
		"half":      []byte("0123456789abcX0123456789abcY0123456789abZ0123456789ab"),
		"a byte":    []byte(words + "X" + words),
		"two bytes": bytes.Repeat([]byte{7}, 5000),
		"four":      bytes.Repeat([]byte("abcdefg"), 10_000),
		"far back":  slices.Concat([]byte(words), make([]byte, window-len(words)-1), []byte(words)),
		"too far":   slices.Concat([]byte("unique"), bytes.Repeat([]byte{9}, window+1), []byte("unique")),
		"of 32":     []byte("0123456789ABCDEFGHIJKLMNOPQRSTUV"),
	} {
		packed := p.pack(nil, data)
		if got := unpack(t, packed, len(data)); !bytes.Equal(got, data) {
			t.Errorf("%s: got %d bytes of %d packed, want %d", name, len(got), len(packed), len(data))
		}
	}
	// The example of the document, section 3: 300 times "abc".
	want := []byte{0xff, 0xff, 0xff, 0x1f, 0x61, 0x62, 0x63, 0x17, 0x00, 0x0f, 0xff, 0x26, 0x01}
	if got := p.pack(nil, bytes.Repeat([]byte("abc"), 100)); !bytes.Equal(got, want) {
		t.Errorf("100 times abc: got % x, want % x", got, want)
	}
}
