package diagnose

import (
	"testing"

	"github.com/mendcap/mendcap/internal/tcp"
)

// BenchmarkInOrder is the cost of a packet that nobody flags: bulk data and its
// ACKs over 256 connections.
func BenchmarkInOrder(b *testing.B) {
	d := New(func(*Finding) { b.Error("a finding") })
	var seq [256]tcp.Seq
	var s tcp.Segment
	p := Packet{Segment: &s}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		flow := i / 3 % len(seq)
		s = tcp.Segment{Flow: uint64(flow), Bits: tcp.ACK, Seq: seq[flow], Len: 1400, Ack: 1}
		if i%3 == 2 {
			s = tcp.Segment{Flow: uint64(flow), Dir: 1, Bits: tcp.ACK, Seq: 1, Ack: seq[flow]}
		} else {
			seq[flow] += 1400
		}
		p.Frame, p.FrameAfter, p.Time = int64(i), int64(i), int64(i)*1000
		d.Add(&p)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packets/s")
}
