package packet

import (
	"bytes"
	"encoding/binary"
	"testing"

	"pgregory.net/rapid"
)

// naiveSum adds 16-bit words one by one, as RFC 1071, section 4.1, does.
func naiveSum(b []byte) uint16 {
	var sum uint64
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint64(b[i])<<8 | uint64(b[i+1])
	}
	if len(b)%2 == 1 {
		sum += uint64(b[len(b)-1]) << 8
	}
	for sum > 0xFFFF {
		sum = sum>>16 + sum&0xFFFF
	}
	return uint16(sum)
}

func TestSumEqualsNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SliceOfN(rapid.OneOf(rapid.Byte(), rapid.Just(byte(0)), rapid.Just(byte(0xFF))), 0, 300)
		b := piece.Draw(t, "bytes")
		if got, want := Sum(b), uint32(naiveSum(b)); got != want {
			t.Errorf("sum of %x: got %04x, want %04x", b, got, want)
		}
	})
}

func TestSumOfEveryLength(t *testing.T) {
	for n := range 300 {
		full, counting := bytes.Repeat([]byte{0xFF}, n), make([]byte, n)
		for i := range counting {
			counting[i] = byte(i*7 + 1)
		}
		for _, b := range [][]byte{full, counting} {
			if got, want := Sum(b), uint32(naiveSum(b)); got != want {
				t.Errorf("sum of %d bytes: got %04x, want %04x", n, got, want)
			}
		}
	}
	big := bytes.Repeat([]byte{0xFF, 0xFE}, 1<<19)
	if got, want := Sum(big), uint32(naiveSum(big)); got != want {
		t.Errorf("sum of 1 MiB: got %04x, want %04x", got, want)
	}
}

func TestSumsOfPiecesAdd(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.SliceOfN(rapid.Byte(), 0, 99).Draw(t, "first")
		b := rapid.SliceOf(rapid.Byte()).Draw(t, "last")
		if len(a)%2 == 1 {
			a = a[1:]
		}
		if got, want := Fold(Sum(a)+Sum(b)), naiveSum(join(a, b)); got != want {
			t.Errorf("sum of %x and %x: got %04x, want %04x", a, b, got, want)
		}
	})
}

func TestFoldOfManySums(t *testing.T) {
	for sum, want := range map[uint32]uint16{0: 0, 0xFFFF: 0xFFFF, 0x10000: 1, 0x1FFFF: 1, 0xFFFFFFFF: 0xFFFF, 0xFFFF0000: 0xFFFF} {
		if got := Fold(sum); got != want {
			t.Errorf("fold of %x: got %04x, want %04x", sum, got, want)
		}
	}
}

func TestPseudoHeaderEqualsItsBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var src, dst Addr
		copy(src[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "source"))
		copy(dst[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "destination"))
		length, next := rapid.Uint32().Draw(t, "length"), rapid.Byte().Draw(t, "next header")
		b := binary.BigEndian.AppendUint32(join(src[:], dst[:]), length)
		b = append(b, 0, 0, 0, next)
		if got, want := Fold(PseudoHeader(src, dst, length, next)), naiveSum(b); got != want {
			t.Errorf("sum of %x: got %04x, want %04x", b, got, want)
		}
		if got, want := AddrSum(src), uint32(naiveSum(src[:])); got != want {
			t.Errorf("sum of %x: got %04x, want %04x", src, got, want)
		}
	})
}

func TestPseudoHeaderOfMappedAddresses(t *testing.T) {
	b := join(src4[12:], dst4[12:], []byte{0, 6, 0, 36})
	if got, want := PseudoHeader(src4, dst4, 36, 6), uint32(naiveSum(b)); got != want {
		t.Errorf("sum of the IPv4 pseudo-header: got %04x, want %04x", got, want)
	}
}
