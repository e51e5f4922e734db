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
				facts = Examine(p)
			}
		})
	}
}

var (
	facts  Facts
	answer Answer
)

// observed returns an engine with n candidates, most of which never send, and
// the facts of 1,000 conversations that it has observed.
func observed(n int) (*Engine, []Facts) {
	r := rand.New(rand.NewPCG(63, 64))
	s := cacheOf(nil, host)
	for range n {
		s.DestinationCache = append(s.DestinationCache, Destination{Destination: randomAddr(r, "2a00:1450::")})
	}
	e := New(Options{Snapshot: s})
	var list []Facts
	for i := range 1000 {
		peer := s.DestinationCache[1+i%n].Destination
		for _, p := range conversation(r, host, peer, uint16(20000+i), 443, 2) {
			list = append(list, Examine(p.hidden()))
		}
	}
	for i := range list {
		e.Observe(&list[i])
	}
	return e, list
}

func BenchmarkObserve(b *testing.B) {
	e, list := observed(10)
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		e.Observe(&list[i%len(list)])
		i++
	}
}

func BenchmarkInfer(b *testing.B) {
	for _, n := range []int{10, 100_000} {
		b.Run(fmt.Sprintf("candidates=%d", n), func(b *testing.B) {
			e, list := observed(n)
			e.Conclude()
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				answer = e.Infer(&list[i%len(list)])
				i++
			}
			if answer.NextHeader == Unknown {
				b.Fatal("not answered")
			}
		})
	}
}

func BenchmarkConclude(b *testing.B) {
	for _, n := range []int{10, 100_000} {
		b.Run(fmt.Sprintf("candidates=%d", n), func(b *testing.B) {
			e, _ := observed(n)
			for b.Loop() {
				e.decide()
			}
			b.ReportMetric(float64(e.flows.clusters.len()), "clusters")
		})
	}
}
