package infer

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

func BenchmarkExamine(b *testing.B) {
	r := rand.New(rand.NewPCG(61, 62))
	for _, size := range []int{0, 100, 1400, 9000} {
		p := tcpTo(host, server, 50000, 443, 1, 1, flagPSH, bytesOf(r, size)).hidden()
		b.Run(fmt.Sprintf("payload=%d", size), func(b *testing.B) {
			b.SetBytes(int64(len(p.Data)))
			b.ReportAllocs()
			for b.Loop() {
				examined = Examine(p)
			}
			reportPackets(b)
		})
	}
}

var (
	examined Facts
	answer   Answer
)

// observed returns an engine with n candidates, most of which never send, and
// the facts of 1,000 conversations that it has observed, and the length of their
// packets on average.
func observed(n int) (*Engine, []Facts, int64) {
	r := rand.New(rand.NewPCG(63, 64))
	s := cacheOf(nil, host)
	for range n {
		s.DestinationCache = append(s.DestinationCache, Destination{Destination: randomAddr(r, "2a00:1450::")})
	}
	e := New(Options{Snapshot: s})
	var list []Facts
	var bytes int64
	for i := range 1000 {
		peer := s.DestinationCache[1+i%n].Destination
		for _, p := range conversation(r, host, peer, uint16(20000+i), 443, 2) {
			hidden := p.hidden()
			list = append(list, Examine(hidden))
			bytes += int64(len(hidden.Data))
		}
	}
	for i := range list {
		e.Observe(&list[i])
	}
	return e, list, bytes / int64(len(list))
}

// reportPackets is for benchmarks with one packet a turn.
func reportPackets(b *testing.B) {
	b.Helper()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "packets/s")
}

func BenchmarkObserve(b *testing.B) {
	e, list, bytes := observed(10)
	b.SetBytes(bytes)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		e.Observe(&list[i%len(list)])
		i++
	}
	reportPackets(b)
}

func BenchmarkInfer(b *testing.B) {
	for _, n := range []int{10, 100_000} {
		b.Run(fmt.Sprintf("candidates=%d", n), func(b *testing.B) {
			e, list, bytes := observed(n)
			answers := e.Conclude()
			b.SetBytes(bytes)
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				answer = answers.Infer(&list[i%len(list)])
				i++
			}
			reportPackets(b)
			if answer.NextHeader == Unknown {
				b.Fatal("not answered")
			}
		})
	}
}

func BenchmarkConclude(b *testing.B) {
	for _, n := range []int{10, 100_000} {
		b.Run(fmt.Sprintf("candidates=%d", n), func(b *testing.B) {
			e, _, _ := observed(n)
			b.ReportAllocs()
			for b.Loop() {
				e.decide()
			}
			b.ReportMetric(float64(e.flows.clusters.len()), "clusters")
		})
	}
}
