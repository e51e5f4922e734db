package lab

import (
	"encoding/binary"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mendcap/mendcap/internal/lab/analysis"
	"github.com/mendcap/mendcap/internal/lab/tshark"
	"github.com/mendcap/mendcap/internal/tcp"
	"github.com/mendcap/mendcap/repair"
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
		{"overlapping", func(_ *rand.Rand, f [][]byte) [][]byte {
			var all [][]byte
			for i, one := range f {
				if i%2 == 0 && i+1 < len(f) {
					all = append(all, longer(one, f[i+1]))
				}
				if i%3 > 0 || i+1 == len(f) {
					all = append(all, one)
				}
			}
			return all
		}},
		{"all twice", func(_ *rand.Rand, f [][]byte) [][]byte { return slices.Concat(f, f) }},
	}
}

// longer is a fragment with the data of the next one as well.
func longer(fragment, next []byte) []byte {
	h, _ := parseIP(fragment)
	n, _ := parseIP(next)
	whole := append(slices.Clone(fragment), next[n.upper:]...)
	if h.version == 6 {
		binary.BigEndian.PutUint16(whole[4:], uint16(len(whole)-40))
		whole[43] = next[43]
		return whole
	}
	binary.BigEndian.PutUint16(whole[2:], uint16(len(whole)))
	whole[6] = next[6]&0x20 | whole[6]&0x1F
	return whole
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
	tunnels := append([]Tunnel{{Name: "none"}}, Tunnels()...)
	for i, tunnel := range tunnels {
		if i%4 > 0 && testing.Short() {
			continue
		}
		d, inside, outside := disorders()[i%len(disorders())], i%5 > 1, i%5 < 3
		name, size := names[i%len(names)], []int{1200, 64, 504}[i%3]
		t.Run(fmt.Sprintf("%s %s %v %v", tunnel.Name, d.name, inside, outside), func(t *testing.T) {
			packets := fragmented(t, name, tunnel, size, inside, outside, d)
			packets = packets[:min(len(packets), 1200)]
			path := filepath.Join(t.TempDir(), "in.pcapng")
			writeForm(t, path, packets, WithHeaders)
			checkFlags(t, path, int64(len(packets)), 10)
		})
	}
}

// Where packets come in fragments, too, the flags that a repair leaves are those that
// tshark gives its output, and what was not put together is counted.
func TestRepairOfFragments(t *testing.T) {
	tshark.Need(t)
	for i, tunnel := range []Tunnel{{Name: "none"}, Tunnels()[2], Tunnels()[10]} {
		t.Run(tunnel.Name, func(t *testing.T) {
			var all []Packet
			missing := int64(0)
			for n, p := range Degrade(recording(t, []string{"lossy", "v4-lossy", "reorder-heavy"}[i]).Packets, degradation(t, "everything"), uint64(i)) {
				fragments := [][]byte{tunnel.Wrap(p.Data)}
				if n%9 == 0 {
					fragments = Fragment(fragments[0], 1000, uint32(n))
				}
				if n%54 == 0 && len(fragments) > 1 {
					fragments = fragments[1:]
					missing += int64(len(fragments))
				}
				for _, data := range fragments {
					p.Data = data
					all = append(all, p)
				}
			}
			path := filepath.Join(t.TempDir(), "in.pcapng")
			writeForm(t, path, all, WithHeaders)
			out, r := mend(t, path, repair.Options{})
			if r.Order.Moved == 0 || missing == 0 {
				t.Errorf("%d packets moved, %d fragments are incomplete: want some of each", r.Order.Moved, missing)
			}
			if want := map[string]int64{"fragment": missing}; !maps.Equal(r.Analysis.NotRead, want) {
				t.Errorf("not read: got %v, want %v", r.Analysis.NotRead, want)
			}
			for file, got := range map[string]map[string]int64{path: r.Analysis.Before, out: r.Analysis.After} {
				if diff := cmp.Diff(flagCounts(t, file), got); diff != "" {
					t.Errorf("%s (-tshark +report):\n%s", filepath.Base(file), diff)
				}
			}
		})
	}
}

// flagCounts counts the flags that tshark gives a capture, by their names.
func flagCounts(t *testing.T, path string) map[string]int64 {
	t.Helper()
	judged, _, err := analysis.Read(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	counts := make(map[string]int64)
	for i, name := range tcp.AnalysisNames() {
		counts[name] = 0
		for _, p := range judged {
			counts[name] += int64(p.Flags >> i & 1)
		}
	}
	return counts
}
