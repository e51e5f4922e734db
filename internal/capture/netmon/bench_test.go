package netmon

import (
	"bytes"
	"io"
	"testing"
)

func BenchmarkFrames(b *testing.B) {
	p, _ := ordered(3, 100_000).file()
	f, err := Open(bytes.NewReader(p), int64(len(p)), Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(p)))
	b.ReportAllocs()
	for b.Loop() {
		s := f.Frames()
		for err = nil; err == nil; {
			_, err = s.Next()
		}
		if err != io.EOF {
			b.Fatal(err)
		}
	}
}
