package report

import (
	"fmt"
	"io"
	"testing"
)

// BenchmarkWriteJSON writes a report of as many findings as one lists by default.
func BenchmarkWriteJSON(b *testing.B) {
	r := sample()
	one := r.Findings.List
	r.Findings.List = nil
	for i := range 10_000 {
		f := one[i%len(one)]
		f.Frame, f.Evidence = int64(i), fmt.Sprintf("frame %d acknowledges it, and the checksum fits", i)
		r.Findings.List = append(r.Findings.List, f)
	}
	b.ReportAllocs()
	for b.Loop() {
		if err := r.WriteJSON(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}
