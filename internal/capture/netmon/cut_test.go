package netmon

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
)

// TestCutAnywhere: of a file that was cut, all frames are read that it holds whole, and
// nothing else.
func TestCutAnywhere(t *testing.T) {
	for minor := range 4 {
		m := ordered(minor, 12)
		good, offsets := m.file()
		f, _, _ := readAll(t, good, Options{})
		for size := headerLen; size < len(good); size++ {
			whole := 0
			for whole < len(offsets) && f.endOf(offsets[whole], int64(len(m.frames[whole].data))) <= int64(size) {
				whole++
			}
			_, all, _ := readAll(t, good[:size], Options{})
			if len(all) != whole {
				t.Errorf("2.%d cut to %d bytes: got %d frames, want %d", minor, size, len(all), whole)
			}
		}
	}
}

// TestRecordIsNotReadEarly: a record that is read a byte too early has lengths that are
// 256 times too large. Here they lead to the beginning of another record.
func TestRecordIsNotReadEarly(t *testing.T) {
	m := ordered(0, 5)
	early := 256 * len(m.frames[4].data) // what the last of them would hold
	rest := early - 1 - len(m.frames[4].data)
	for rest > 0 {
		n := min(rest-recordLen, 1000)
		if left := rest - recordLen - n; left > 0 && left < 2*recordLen {
			n -= 2 * recordLen
		}
		m.frames = append(m.frames, madeFrame{delta: int64(len(m.frames)) * 1500, data: ethernet(n, 1)})
		rest -= recordLen + n
	}
	for range 5 {
		m.frames = append(m.frames, madeFrame{delta: int64(len(m.frames)) * 1500, data: ethernet(60, 1)})
	}
	p, offsets := m.file()
	if !slices.Contains(offsets, offsets[4]-1+recordLen+int64(early)) {
		t.Fatal("no record begins there")
	}
	p = p[:le.Uint32(p[24:])]
	copy(p[offsets[3]:], bytes.Repeat([]byte{0xEE}, recordLen))
	_, all, _ := readAll(t, p, Options{})
	needDelivered(t, m, all, 3)
}

func TestCommentsHoldNoFrames(t *testing.T) {
	for minor := 2; minor < 4; minor++ {
		inner, _ := ordered(minor, 5).file()
		m := ordered(minor, 10)
		m.comments = []madeComment{{2, "a capture", string(inner)}}
		p, _ := m.file()
		copy(p[le.Uint32(p[24:])+8:], "bad!")
		_, all, s := readAll(t, p, Options{})
		needFrames(t, m, all)
		needDamage(t, s, ErrTable)
		if got := fmt.Sprint(len(all[2].Comments)); got != "1" {
			t.Errorf("2.%d: got %s comments", minor, got)
		}
	}
}

func TestLongRecords(t *testing.T) {
	for minor := range 4 {
		for _, n := range []int{maxPacket + 1, maxSought, maxSought + 1} {
			m := ordered(minor, 10)
			m.frames[5].data = append(ethernet(60, 1), make([]byte, n-60)...)
			p, _ := m.file()
			_, all, s := readAll(t, p, Options{})
			needFrames(t, m, all)
			undamaged(t, s)
			var lost []int
			if n > maxSought {
				lost = []int{5}
			}
			_, all, _ = readAll(t, p[:le.Uint32(p[24:])], Options{})
			needDelivered(t, m, all, lost...)
		}
	}
	m := ordered(3, 3)
	m.frames[1].data = make([]byte, maxRecord+1)
	p, _ := m.file()
	_, all, s := readAll(t, p, Options{})
	needFrames(t, m, all, 1)
	if s.Damages().Lost != maxRecord+1+recordLen+15 {
		t.Errorf("got damage %+v", s.Damages())
	}
}
