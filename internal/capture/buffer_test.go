package capture

import (
	"bytes"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/handmade"
)

// lent is a destination that lends a buffer of one size.
type lent struct {
	bytes.Buffer
	size int
	p    []byte
}

func (l *lent) Borrow() []byte { return append(make([]byte, 0, l.size), l.p...) }

func (l *lent) Return(p []byte) error {
	if l.p = nil; len(p) < l.size {
		l.p = slices.Clone(p)
		return nil
	}
	_, err := l.Write(p)
	return err
}

// Edited packets leave as the same bytes wherever in them a buffer ends, and each buffer
// but the last is full.
func TestBuffersEndAnywhere(t *testing.T) {
	f := (&handmade.File{}).Section(littleEndian).Iface(1, 0)
	f.EPB(0, 1<<40, "data!", f.Option(optComment, []byte("one")), f.Option(OptFlags, f.U32(6)), f.End())
	blocks := mustRead(t, f.EPB(0, 1, "more").Buf)
	through := func(size int) []byte {
		to := &lent{size: size}
		w := NewWriter(to)
		for i := range blocks {
			e := PacketEdit{Data: []byte("head"), Rest: []byte("rest of it"), OrigLen: 20, Comments: [][]byte{[]byte("three"), []byte("comments"), {}}}
			if err := w.WritePacket(&blocks[i], &e); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		if to.Len()%size != 0 {
			t.Errorf("buffers of %d bytes: got %d bytes written, want whole buffers", size, to.Len())
		}
		return append(to.Bytes(), to.p...)
	}
	want := through(1 << 10)
	if n := len(mustRead(t, want)); n != len(blocks) {
		t.Fatalf("got %d blocks, want %d", n, len(blocks))
	}
	for size := 1; size <= len(want); size++ {
		if got := through(size); !bytes.Equal(got, want) {
			t.Errorf("buffers of %d bytes: got % x, want % x", size, got, want)
		}
	}
}
