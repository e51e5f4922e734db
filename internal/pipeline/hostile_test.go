package pipeline

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A capture of many sections, each with an interface of its own, takes no memory
// for each: what is listed is bounded, and the report says so.
func TestManySections(t *testing.T) {
	if testing.Short() {
		t.Skip("the race detector needs less")
	}
	block := func(typ uint32, words ...uint32) []byte {
		n := uint32(12 + 4*len(words))
		b := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, typ), n)
		for _, w := range words {
			b = binary.LittleEndian.AppendUint32(b, w)
		}
		return binary.LittleEndian.AppendUint32(b, n)
	}
	one := block(0x0A0D0D0A, 0x1A2B3C4D, 1, 0xFFFFFFFF, 0xFFFFFFFF)
	one = append(one, block(1, 101, 0)...)
	one = append(one, block(6, 0, 0x60000, 5, 4, 4, 0x45)...)
	const sections = maxInterfaces + 5
	in := filepath.Join(t.TempDir(), "in.pcapng")
	if err := os.WriteFile(in, []byte(strings.Repeat(string(one), sections)), 0o666); err != nil {
		t.Fatal(err)
	}
	r, err := File(context.Background(), in, filepath.Join(t.TempDir(), "out.pcapng"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Capture.Packets != sections || len(r.Capture.Interfaces) != maxInterfaces || len(r.Damage) != 0 {
		t.Errorf("got %d packets, %d interfaces, damage %v", r.Capture.Packets, len(r.Capture.Interfaces), r.Damage)
	}
	if !slices.ContainsFunc(r.Notes, func(note string) bool {
		return strings.Contains(note, "5 interfaces were not listed: the first 65536 are")
	}) {
		t.Errorf("got notes %q, want one of 5 interfaces", r.Notes)
	}
}
