package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/gopacket"
	"github.com/google/gopacket/layers"
)

// The heap is collected where it has grown by a share of it and the globals, but not
// below what it has reached before.
func TestGoalFor(t *testing.T) {
	const mega, globals = 1 << 20, 5 << 20
	for _, c := range []struct{ live, least, want int }{
		{0, leastHeap, leastHeap},
		{10 * mega, leastHeap, leastHeap},
		{leastHeap, leastHeap, leastHeap + (leastHeap+globals)*heapGrowth/100},
		{2 * mega, 46 * mega, 46 * mega},
		{100 * mega, 120 * mega, 100*mega + 105*mega*heapGrowth/100},
		{100 * mega, 144 * mega, 144 * mega},
	} {
		if got := goalFor(c.live, globals, c.least); got != c.want {
			t.Errorf("with %d MiB live, and at least %d bytes, the heap is collected at %d bytes, want %d", c.live/mega, c.least, got, c.want)
		}
	}
}

// What gopacket knows it still decodes, and what it doesn't know is an error of the
// packet as before.
func TestForgetUnknownTypes(t *testing.T) {
	forgetUnknownTypes()
	left := 0
	for _, table := range [][]layers.EnumMetadata{layers.EthernetTypeMetadata[:], layers.PPPTypeMetadata[:]} {
		for i := range table {
			if table[i].DecodeWith != nil {
				left++
			}
		}
	}
	if left < 10 || left > 100 {
		t.Errorf("entries left: got %d, want tens", left)
	}
	arp := slices.Concat(make([]byte, 12), []byte{8, 6, 0, 1, 8, 0, 6, 4, 0, 1}, make([]byte, 20))
	unknown := slices.Concat(make([]byte, 12), []byte{0x12, 0x34}, make([]byte, 30))
	for _, c := range []struct {
		frame []byte
		want  gopacket.LayerType
	}{{arp, layers.LayerTypeARP}, {unknown, gopacket.LayerTypeDecodeFailure}} {
		found := gopacket.NewPacket(c.frame, layers.LayerTypeEthernet, gopacket.Lazy).Layers()
		if got := found[len(found)-1].LayerType(); got != c.want {
			t.Errorf("frame %x: got %v last, want %v", c.frame, got, c.want)
		}
	}
}

// 2,000 packets are repaired with two collections at most, of the seven that the
// runtime's own least heap asks for; GOGC still decides where it is set.
func TestSmallCapturesAreCollectedSeldom(t *testing.T) {
	collections := func(gogc string) int {
		cmd := exec.Command(built, "repair", "-q", "-w", t.TempDir()+"/out.pcapng", "../../testdata/rawsocket.pcapng")
		cmd.Env = append(os.Environ(), "GODEBUG=gctrace=1", "GOGC="+gogc)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return strings.Count("\n"+string(out), "\ngc ")
	}
	if n := collections(""); n > 2 {
		t.Errorf("got %d collections, want 2 at most", n)
	}
	if n := collections("35"); n < 5 {
		t.Errorf("GOGC=35: got %d collections, want 5 at least", n)
	}
}
