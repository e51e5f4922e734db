package pipeline_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
	"github.com/mendcap/mendcap/internal/pipeline"
)

// benchmarkCopies is how often the recording is repeated in the input of a
// benchmark, each time with other flows: about 75 MB.
const benchmarkCopies = 12

// BenchmarkFile repairs a capture from file to file.
func BenchmarkFile(b *testing.B) {
	rawsocket := lab.Degradations()[0]
	for _, c := range []struct {
		name string
		d    lab.Degradation
		form lab.Form
	}{
		{"clean", lab.Degradation{}, lab.WithHeaders},
		{"degraded", rawsocket, lab.WithHeaders},
		{"header-less", rawsocket, lab.Stub},
	} {
		b.Run(c.name, func(b *testing.B) {
			in, packets := benchmarkInput(b, c.d, c.form)
			info, err := os.Stat(in)
			if err != nil {
				b.Fatal(err)
			}
			out := filepath.Join(b.TempDir(), "out.pcapng")
			b.SetBytes(info.Size())
			b.ReportAllocs()
			for b.Loop() {
				r, err := pipeline.File(context.Background(), in, out, pipeline.Options{Force: true})
				if err != nil {
					b.Fatal(err)
				}
				if r.Output.Changed != (c.name != "clean") {
					b.Fatalf("output changed: got %v", r.Output.Changed)
				}
				// Else the next output would be compared with this one and left
				// alone.
				if err := os.Remove(out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(packets)*float64(b.N)/b.Elapsed().Seconds(), "packets/s")
		})
	}
}

// benchmarkInput writes copies of recordings, degraded, with the tables of the
// first copy beside them.
func benchmarkInput(b *testing.B, d lab.Degradation, form lab.Form) (path string, packets int) {
	b.Helper()
	var recordings [][]lab.Packet
	for _, name := range []string{"lossy", "many-flows"} {
		rec, err := lab.Load(filepath.Join("..", "..", "testdata", "recordings", name+".pcapng.gz"))
		if err != nil {
			b.Fatal(err)
		}
		recordings = append(recordings, lab.Delivered(rec.Packets))
	}
	truth := lab.Merge(recordings...)
	all := copies(truth, d)
	var file bytes.Buffer
	if err := lab.WriteForm(&file, all, form, lab.Pcapng); err != nil {
		b.Fatal(err)
	}
	path = filepath.Join(b.TempDir(), "in.pcapng")
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	if err := lab.WriteTables(filepath.Join(filepath.Dir(path), "in.tables"), lab.SnapshotOf(truth), lab.Own); err != nil {
		b.Fatal(err)
	}
	return path, len(all)
}

// copies lets the degraded capture happen again and again, with other flows.
func copies(truth []lab.Packet, d lab.Degradation) []lab.Packet {
	const pause = 100_000_000 // nanoseconds between two copies
	length := truth[len(truth)-1].Stamp - truth[0].Stamp + pause
	copier := lab.NewCopier(truth)
	var all []lab.Packet
	for number := range benchmarkCopies {
		for _, p := range lab.Degrade(truth, d, uint64(number)) {
			p.Data = bytes.Clone(p.Data)
			copier.Copy(p.Index, number, p.Data)
			p.Stamp += int64(number) * length
			all = append(all, p)
		}
	}
	return all
}
