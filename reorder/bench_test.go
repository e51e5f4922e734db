package reorder

import (
	"runtime"
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// benchmarkRounds is how many segments a peer sends in the script of a
// benchmark; each is acknowledged.
const benchmarkRounds = 20_000

// benchmarkFlows is how many connections take turns in the last script.
const benchmarkFlows = 64

// benchmarkScripts are a download in order, one in which every tenth segment
// comes after the ACK that answers it, and that one in many connections at once.
func benchmarkScripts() []benchmarkScript {
	scripts := []benchmarkScript{{name: "clean"}, {name: "disordered", broken: true}, {name: "many", broken: true}}
	for i := range scripts {
		s := newScript()
		s.tsval = true
		segs := s.handshake().download(benchmarkRounds).segs
		for at := 3; scripts[i].broken && at+1 < len(segs); at += 20 {
			swapLate(segs, at, ms/50)
		}
		scripts[i].segs = segs
	}
	scripts[2].segs = interleaved(scripts[2].segs[:len(scripts[2].segs)/benchmarkFlows])
	return scripts
}

// interleaved repeats each segment in many connections.
func interleaved(segs []tcp.Segment) (all []tcp.Segment) {
	for _, seg := range segs {
		for flow := range uint64(benchmarkFlows) {
			seg.Flow = flow
			all = append(all, seg)
		}
	}
	return all
}

type benchmarkScript struct {
	name   string
	broken bool
	segs   []tcp.Segment
}

// BenchmarkSurvey is the first of the two passes: to learn the capture's jitter.
func BenchmarkSurvey(b *testing.B) {
	for _, c := range benchmarkScripts() {
		b.Run(c.name, func(b *testing.B) {
			b.SetBytes(bytesOf(c.segs))
			b.ReportAllocs()
			for b.Loop() {
				if p := profileOf(b, c.segs); p.Broken() != c.broken {
					b.Fatalf("broken: got %v", p.Broken())
				}
			}
			reportPackets(b, len(c.segs))
		})
	}
}

// BenchmarkOrderer is the second: to place the packets.
func BenchmarkOrderer(b *testing.B) {
	for _, c := range benchmarkScripts() {
		b.Run(c.name, func(b *testing.B) {
			p := profileOf(b, c.segs)
			b.SetBytes(bytesOf(c.segs))
			b.ReportAllocs()
			for b.Loop() {
				moved := 0
				r, err := NewOrderer(p, Options{}, func(p Placement) {
					if p.Moved {
						moved++
					}
				})
				if err != nil {
					b.Fatal(err)
				}
				for i := range c.segs {
					r.Push(&Packet{Stamp: c.segs[i].Stamp, Segment: (*Segment)(&c.segs[i])})
				}
				r.Barrier()
				if (moved > 0) != c.broken {
					b.Fatalf("moved: got %d packets", moved)
				}
			}
			reportPackets(b, len(c.segs))
		})
	}
}

// BenchmarkFlowTable opens a million connections, of which nothing more is seen,
// and reports what the flow table keeps of them.
func BenchmarkFlowTable(b *testing.B) {
	const flows = 1_000_000
	syn := tcp.Segment{Bits: tcp.SYN, WindowShift: 7, Outbound: tcp.Out, Window: 65535}
	b.ReportAllocs()
	var kept uint64
	for b.Loop() {
		s, err := NewSurvey(Options{})
		if err != nil {
			b.Fatal(err)
		}
		before := inUse()
		for flow := range uint64(flows) {
			syn.Flow, syn.Seq, syn.Sum = flow, tcp.Seq(flow*7919), uint16(flow)
			s.Push(&Packet{Stamp: 1e18 + int64(flow)*1000, Segment: (*Segment)(&syn)})
		}
		kept = max(kept, inUse()-before)
		runtime.KeepAlive(s)
	}
	b.ReportMetric(float64(kept)/flows, "B/flow")
	reportPackets(b, flows)
}

// inUse is how many bytes live on it.
func inUse() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// profileOf surveys the segments.
func profileOf(b testing.TB, segs []tcp.Segment) Profile {
	b.Helper()
	s, err := NewSurvey(Options{})
	if err != nil {
		b.Fatal(err)
	}
	for i := range segs {
		s.Push(&Packet{Stamp: segs[i].Stamp, Segment: (*Segment)(&segs[i])})
	}
	return s.Profile()
}

// bytesOf is how long the packets of the segments are, with headers of IPv6 and
// of TCP with timestamps.
func bytesOf(segs []tcp.Segment) (n int64) {
	for i := range segs {
		n += 40 + 32 + int64(segs[i].Len)
	}
	return n
}

func reportPackets(b *testing.B, packets int) {
	b.Helper()
	b.ReportMetric(float64(packets)*float64(b.N)/b.Elapsed().Seconds(), "packets/s")
}
