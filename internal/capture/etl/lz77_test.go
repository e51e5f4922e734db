package etl

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

// rtlCompressed is what Windows' RtlCompressBuffer made of rtlText by its XPRESS format
// (published in the unit tests of snail-server). It has lengths of all sizes.
var rtlCompressed = []byte("\xaf\xea\x0a\x00abcdefgghhhi\x00\x00j\x01\x00k\x06\x00\x72\x00\x27\x00\xf5l\x07\x00" +
	"\x0em\x07\x00\xff\x36o\x07\x00\x86p\x07\x00\xff\xff\x3c\x01q\x07\x00\xff\x00\x00\x00\x00\x01\x00")

func rtlText() []byte {
	var b strings.Builder
	b.WriteString("abcdefgghhhiiiijjjjj")
	for _, run := range []struct {
		letter string
		n      int
	}{{"k", 10}, {"j", 20}, {"l", 40}, {"m", 80}, {"o", 160}, {"p", 320}, {"q", 0xffff + 5}} {
		b.WriteString(strings.Repeat(run.letter, run.n))
	}
	return []byte(b.String())
}

// unpackIn decompresses in parts of so many bytes, with so much input at a time.
func unpackIn(packed []byte, size, part, input int) ([]byte, error) {
	d := decoder{buf: make([]byte, input)}
	d.reset(bytes.NewReader(packed), 0, int64(len(packed)))
	out := make([]byte, size)
	w := 0
	for w < size {
		n, err := d.read(out[:min(size, w+part)], w)
		if w = n; err != nil {
			return out[:w], err
		}
	}
	return out, nil
}

func TestRtlCompressBuffer(t *testing.T) {
	want := rtlText()
	for _, part := range []int{1, 2, 3, 7, 100, 8192, len(want)} {
		for _, input := range []int{16, 17, 64, 1 << 14} {
			got, err := unpackIn(rtlCompressed, len(want), part, input)
			if err != nil || !bytes.Equal(got, want) {
				t.Fatalf("in parts of %d bytes, with %d of input: %d bytes, %v; want %d", part, input, len(got), err, len(want))
			}
		}
	}
	if got := pack(want); len(got) > 2*len(rtlCompressed) {
		t.Errorf("the tests' own compression makes %d bytes of it, Windows' makes %d", len(got), len(rtlCompressed))
	}
}

// compressible is data that has few letters, or repeats what lies a little or far back for
// a little or long, after rows of noise.
func compressible(rng *rand.Rand, size, letters int) []byte {
	data := make([]byte, 0, size+1000)
	repeats := rng.IntN(2) == 0
	for len(data) < size {
		if most := min(len(data), 1<<rng.IntN(14)); repeats && most > 0 {
			back, length := 1+rng.IntN(most), rng.IntN(4<<rng.IntN(8))
			for range length {
				data = append(data, data[len(data)-back])
			}
		}
		for range 1 + rng.IntN(40) {
			data = append(data, byte(rng.IntN(letters)))
		}
	}
	return data[:size]
}

func TestUnpackWhatWasPacked(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range rounds(400) {
		data := compressible(rng, 1+rng.IntN(60_000), 1+rng.IntN(40))
		part, input := 1+rng.IntN(9000), 16+rng.IntN(4000)
		got, err := unpackIn(pack(data), len(data), part, input)
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("round %d: parts of %d with %d of input: %d bytes, %v; want %d", round, part, input, len(got), err, len(data))
		}
	}
}

func TestUnpackDamage(t *testing.T) {
	short := bytes.Clone(rtlCompressed)
	copy(short[len(short)-4:], "\x04\x00\x00\x00") // a length of 32 bits below what 4 would do
	for name, test := range map[string]struct {
		packed []byte
		whole  int // bytes that come before the damage
	}{
		"nothing":                  {nil, 0},
		"flags alone":              {[]byte{0, 0, 0, 0}, 0},
		"flags cut":                {[]byte{0, 0, 0}, 0},
		"match before the start":   {[]byte{0, 0, 0, 0x40, 'a', 8, 0}, 1},
		"the same, and data go on": {append([]byte{0, 0, 0, 0x40, 'a', 8, 0}, make([]byte, 100)...), 1},
		"match cut":                {[]byte{0, 0, 0, 0x40, 'a', 0}, 1},
		"length cut":               {[]byte{0, 0, 0, 0x40, 'a', 7, 0}, 1},
		"length of 16 bits small":  {[]byte{0, 0, 0, 0x40, 'a', 7, 0, 15, 255, 21, 0}, 1},
		"length of 32 bits small":  {short, 20 + 10 + 20 + 40 + 80 + 160 + 320 + 1},
		"random":                   {[]byte{0x3f, 0xfb, 0x29, 0x26, 0xc8, 0x55, 0xce, 0x49, 0xa0, 0x27, 0x9a, 0x4f, 0xe2, 0x1f, 0xc2, 0xd1}, 2},
		"cut":                      {rtlCompressed[:40], 20 + 10 + 20 + 40 + 80 + 1},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := unpackIn(test.packed, 1<<17, 1<<17, 64)
			if !errors.Is(err, ErrCompressed) || len(got) != test.whole {
				t.Errorf("got %d bytes and error %v, want %d and %v", len(got), err, test.whole, ErrCompressed)
			}
		})
	}
}

// Damaged data give the same bytes and the same error in large parts, which are
// decompressed in strides, as in parts that are too small for that.
func TestUnpackDamageInStrides(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	damaged := 0
	for round := range 2000 {
		data := compressible(rng, 200+rng.IntN(20_000), 1+rng.IntN(200))
		packed := pack(data)
		for range rng.IntN(4) {
			packed[rng.IntN(len(packed))] = byte(rng.Uint32())
		}
		packed = packed[:len(packed)-rng.IntN(2)*rng.IntN(len(packed))]
		want, wantErr := unpackIn(packed, len(data), 1+rng.IntN(fastOut-1), 1<<14)
		got, err := unpackIn(packed, len(data), fastOut+rng.IntN(len(data)), 16+rng.IntN(1000))
		if !bytes.Equal(got, want) || (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() {
			t.Fatalf("round %d: got %d bytes and %v, want %d and %v", round, len(got), err, len(want), wantErr)
		}
		if err != nil {
			damaged++
		}
	}
	if damaged < 300 {
		t.Errorf("%d of 2000 are damaged: this tests little", damaged)
	}
}

// A match is decompressed the same wherever input ends that is read at a time: with up to
// 31 literals before it in one word of flags, and a length of 32 bits.
func TestLongMatchWhereInputEnds(t *testing.T) {
	const length = 1 << 17
	for _, bits := range []string{"\x07\x00\xff\xff\xfd\x01", "\x07\x00\xff\xff\x00\x00\xfd\x01\x00\x00"} { // 0x1fd + 3 bytes
		for row := range 32 {
			flags := uint32(1) << (31 - row)
			before := bytes.Repeat([]byte{0, 0, 0, 0}, 2)
			packed := append(before[:4:4], make([]byte, 32)...)
			packed = le.AppendUint32(packed, flags)
			packed = append(packed, bytes.Repeat([]byte("x"), row)...)
			packed = append(packed, bits...)
			packed = append(packed, make([]byte, 100)...)
			size := 32 + row + 0x1fd + leastMatch
			want, err := unpackIn(packed, size, size, length)
			if err != nil {
				t.Fatalf("%d literals: %v", row, err)
			}
			for input := fastIn; input < len(packed); input++ {
				got, err := unpackIn(packed, size, size, input)
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("%d literals, with %d of input: %d bytes, %v", row, input, len(got), err)
				}
			}
		}
	}
}
