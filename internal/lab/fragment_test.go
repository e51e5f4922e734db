package lab

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/tshark"
)

// disorder is what becomes of the fragments of a packet.
type disorder struct {
	name string
	of   func(rng *rand.Rand, fragments [][]byte) [][]byte
}

func disorders() []disorder {
	return []disorder{
		{"in order", func(_ *rand.Rand, f [][]byte) [][]byte { return f }},
		{"reversed", func(_ *rand.Rand, f [][]byte) [][]byte { slices.Reverse(f); return f }},
		{"shuffled", func(rng *rand.Rand, f [][]byte) [][]byte {
			rng.Shuffle(len(f), func(i, k int) { f[i], f[k] = f[k], f[i] })
			return f
		}},
		{"lost", func(rng *rand.Rand, f [][]byte) [][]byte {
			if rng.IntN(10) == 0 {
				return slices.Delete(f, 0, 1)
			}
			return f
		}},
		{"twice", func(_ *rand.Rand, f [][]byte) [][]byte {
			var twice [][]byte
			for _, one := range f {
				twice = append(twice, one, one)
			}
			return twice
		}},
		{"all twice", func(_ *rand.Rand, f [][]byte) [][]byte { return slices.Concat(f, f) }},
	}
}

// fragmented is a recording, each packet in the layers of a tunnel that are named, and
// divided before or after.
func fragmented(t *testing.T, name string, tunnel Tunnel, size int, inside, outside bool, d disorder) (all []Packet) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	id := uint32(0)
	divide := func(ip []byte, there bool) [][]byte {
		if id++; there {
			return d.of(rng, Fragment(ip, size, id))
		}
		return [][]byte{ip}
	}
	for _, p := range recording(t, name).Packets {
		for _, in := range divide(p.Data, inside) {
			ip := tunnel.Wrap(in)
			if ip == nil {
				continue
			}
			for _, data := range divide(ip, outside) {
				one := p
				one.Data, one.Stamp = data, p.Stamp+int64(len(all))
				all = append(all, one)
			}
		}
	}
	return all
}

// Packets that come in fragments have the flags that tshark gives them, where it gives
// them: inside and outside tunnels, whatever becomes of the fragments.
func TestFlagsOfFragments(t *testing.T) {
	tshark.Need(t)
	names := recordings(t)
	tunnels := append([]Tunnel{{Name: "none"}}, someTunnels()...)
	n := 0
	for _, tunnel := range tunnels {
		for _, d := range disorders() {
			for _, where := range [][2]bool{{true, false}, {false, true}, {true, true}} {
				n++
				if testing.Short() && n%40 > 0 {
					continue
				}
				name, size := names[n%len(names)], []int{1200, 64, 504}[n%3]
				label := tunnel.Name + " " + d.name + [...]string{"", " inside"}[btoi(where[0])] + [...]string{"", " outside"}[btoi(where[1])]
				t.Run(label, func(t *testing.T) {
					packets := fragmented(t, name, tunnel, size, where[0], where[1], d)
					packets = packets[:min(len(packets), 2000)]
					path := filepath.Join(t.TempDir(), "in.pcapng")
					writeForm(t, path, packets, WithHeaders)
					checkFlags(t, path, int64(len(packets)), 10)
				})
			}
		}
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
