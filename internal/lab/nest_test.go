package lab

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/tshark"
)

// nest puts each packet into up to five tunnels inside one another, those of the session
// among them, and divides what it likes. Where it is to spoil some it changes a bit after
// the outermost header of one in ten, but of those that were divided, since tshark looks
// into a fragment that is longer than it can be, and those in L2TP, after which it would
// search the session elsewhere.
func nest(rng *rand.Rand, packets []Packet, s L2TPv3, spoil bool) (all []Packet) {
	tunnels := Tunnels()
	first := packets[0]
	add := func(p Packet, data []byte) {
		p.Data, p.Stamp = data, p.Stamp+int64(len(all))
		all = append(all, p)
	}
	for _, data := range s.Control() {
		add(first, data)
	}
	id := uint32(0)
	for _, p := range packets {
		list, sound := [][]byte{p.Data}, !spoil || rng.IntN(10) > 0
		for range rng.IntN(6) {
			kind, divide := rng.IntN(len(tunnels)+3), rng.IntN(4) == 0
			var next [][]byte
			sound = sound || divide || kind >= len(tunnels) || strings.HasPrefix(tunnels[kind].Name, "l2tp")
			for _, ip := range list {
				if kind < len(tunnels) {
					ip = tunnels[kind].Wrap(ip)
				} else {
					ip = s.Wrap(ip)
				}
				id++
				switch {
				case ip == nil:
				case divide:
					next = append(next, Fragment(ip, 8*(10+rng.IntN(120)), id<<8)...)
				default:
					next = append(next, ip)
				}
			}
			list = next
		}
		for _, data := range list {
			const outermost = 40
			if !sound && len(data) > outermost {
				data[outermost+rng.IntN(min(len(data)-outermost, 100))] ^= 1 << rng.IntN(8)
			}
			add(p, data)
		}
	}
	return all
}

// Whatever is in whatever has the flags that tshark gives it.
func TestFlagsOfNests(t *testing.T) {
	tshark.Need(t)
	names := recordings(t)
	sessions := slices.DeleteFunc(Sessions(), func(s L2TPv3) bool { return !s.UDP })
	seeds := uint64(4)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		for _, spoil := range []bool{false, true} {
			t.Run(fmt.Sprint(seed, spoil), func(t *testing.T) {
				packets := recording(t, names[int(seed)%len(names)]).Packets
				packets = nest(rand.New(rand.NewPCG(seed, 1)), packets[:min(len(packets), 600)], sessions[int(seed)%len(sessions)], spoil)
				path := filepath.Join(t.TempDir(), "in.pcapng")
				writeForm(t, path, packets, WithHeaders)
				checkFlags(t, path, int64(len(packets)), 100)
			})
		}
	}
}
