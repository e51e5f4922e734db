package judge

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/internal/lab"
)

// BenchmarkWindow is both passes of order alone, on the recordings that give it
// the most to do.
func BenchmarkWindow(b *testing.B) {
	for _, name := range []string{"heavy", "plain-heavy", "long-fat", "many-flows", "loopback"} {
		recording, err := lab.Load(filepath.Join("..", "..", "..", "testdata", "recordings", name+".pcapng.gz"))
		if err != nil {
			b.Fatal(err)
		}
		c := NewCase(context.Background(), recording)
		for _, degradation := range []string{"none", "completion-port", "everything"} {
			trial := Trial{Case: c, Degradation: degradationOf(b, degradation), Seed: 1}
			degraded := lab.Degrade(c.truth, trial.Degradation, trial.Seed)
			b.Run(name+"/"+degradation, func(b *testing.B) {
				b.SetBytes(bytesOf(degraded))
				b.ReportAllocs()
				for b.Loop() {
					if placed, err := trial.place(degraded); err != nil || len(placed) != len(degraded) {
						b.Fatalf("packets: got %d, %v, want %d", len(placed), err, len(degraded))
					}
				}
				b.ReportMetric(float64(len(degraded))*float64(b.N)/b.Elapsed().Seconds(), "packets/s")
			})
		}
	}
}

func bytesOf(packets []lab.Packet) (n int64) {
	for i := range packets {
		n += int64(len(packets[i].Data))
	}
	return n
}

func degradationOf(b *testing.B, name string) lab.Degradation {
	b.Helper()
	for _, d := range lab.Degradations() {
		if d.Name == name {
			return d
		}
	}
	b.Fatalf("no degradation is called %s", name)
	return lab.Degradation{}
}
