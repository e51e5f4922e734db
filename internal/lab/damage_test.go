package lab

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/repair"
)

// smallCapture is a short degraded capture of header-less packets: a pcap file,
// or a pcapng file of two sections with blocks of many types.
func smallCapture(t *testing.T, format FileFormat) []byte {
	t.Helper()
	truth := Delivered(recording(t, "many-flows").Packets)[:60]
	degraded := Degrade(truth, degradation(t, "batches"), 3)
	if format == Pcap {
		var b bytes.Buffer
		if err := WriteForm(&b, degraded, SockaddrWindows, Pcap); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	f := &ngFile{}
	for _, form := range []Form{Stub, SockaddrLinux} {
		f.section(binary.LittleEndian)
		f.iface(form.link(), 0, f.option(ngResol, []byte{9}))
		for i, p := range degraded {
			data, err := form.append(nil, p.Data)
			if err != nil {
				t.Fatal(err)
			}
			f.epb(0, uint64(p.Stamp), data, f.option(ngFlags, f.u32(0)))
			if i%20 == 10 {
				f.block(capture.TypeStats, append(f.u32(0), f.u64(1)...))
				f.block(capture.TypeCustom, custom(f))
				f.spb(data)
			}
		}
	}
	return f.buf
}

// wholePackets reads a damaged file and counts the packets before the damage.
func wholePackets(data []byte) (n int, damaged bool) {
	blocks, err := ngBlocks(bytes.NewReader(data))
	return len(packetBlocks(blocks)), err != nil
}

// mendDamaged repairs bytes that may be damaged, and holds the outcome to what
// the reader alone finds there without salvage: at least the packets before the
// damage, or an error where there are none. The output must be whole.
func mendDamaged(t *testing.T, dir string, data []byte) {
	t.Helper()
	in, out := filepath.Join(dir, "in"), filepath.Join(dir, "out.pcapng")
	writeTestFile(t, in, data)
	want, damaged := wholePackets(data)
	r, err := repair.File(context.Background(), in, out, repair.Options{Force: true})
	if err != nil {
		if want > 0 || !damaged || !errors.Is(err, repair.ErrNoCapture) {
			t.Errorf("with %d whole packets, damaged %v: got error %v", want, damaged, err)
		}
		return
	}
	if damaged && len(r.Damage) == 0 {
		t.Error("damage: got none, want some")
	}
	blocks, err := ngBlocks(bytes.NewReader(readFile(t, out)))
	if err != nil {
		t.Errorf("the output can't be read: %v", err)
	}
	if n := len(packetBlocks(blocks)); n < want || r.Capture.Packets != int64(n) {
		t.Errorf("packets: got %d, reported %d, want at least %d", n, r.Capture.Packets, want)
	}
}

// A capture that was cut anywhere gives all that is before the cut.
func TestCutCaptures(t *testing.T) {
	cuts := 150
	if testing.Short() {
		cuts = 30
	}
	for _, format := range []FileFormat{Pcapng, Pcap} {
		data, dir := smallCapture(t, format), t.TempDir()
		for i := range cuts {
			at := 1 + i*(len(data)-1)/cuts
			if i < 40 { // the headers, and the first packet byte for byte
				at = 1 + i*5
			}
			mendDamaged(t, dir, data[:at])
			if t.Failed() {
				t.Fatalf("format %d, cut at byte %d of %d", format, at, len(data))
			}
		}
		mendDamaged(t, dir, data)
	}
}

// A cut between two blocks is no damage: nobody can tell.
func TestCutBetweenBlocks(t *testing.T) {
	data := smallCapture(t, Pcapng)
	blocks, err := ngBlocks(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{3, 20, len(blocks) - 1} {
		in := filepath.Join(t.TempDir(), "in.pcapng")
		writeTestFile(t, in, data[:blocks[i].Offset])
		_, r := mend(t, in, repair.Options{})
		if want := int64(len(packetBlocks(blocks[:i]))); r.Capture.Packets != want || len(r.Damage) > 0 {
			t.Errorf("cut before block %d: got %d packets, damage %v, want %d, none", i, r.Capture.Packets, r.Damage, want)
		}
	}
}

// Whatever the bytes say: no panic, no error but that nothing can be read, no
// packet lost before the damage, and an output that is whole.
func TestHostileCaptures(t *testing.T) {
	rounds := 400
	if testing.Short() {
		rounds = 60
	}
	for _, format := range []FileFormat{Pcapng, Pcap} {
		data, dir := smallCapture(t, format), t.TempDir()
		rng := rand.New(rand.NewPCG(1, uint64(format)))
		for round := range rounds {
			hostile := bytes.Clone(data)
			for range 1 + rng.IntN(6) {
				hostile[rng.IntN(len(hostile))] = byte(rng.Uint32())
			}
			if round%4 == 0 { // headers are few, and worth more
				hostile[rng.IntN(200)] ^= 1 << rng.IntN(8)
			}
			mendDamaged(t, dir, hostile)
			if t.Failed() {
				t.Fatalf("format %d, round %d", format, round)
			}
		}
	}
}
