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

// A capture that is odd and not damaged is repaired without a word of damage, and
// what is odd is a note.
func TestOddIsNoted(t *testing.T) {
	le := binary.LittleEndian
	data := le.AppendUint32(nil, 0xA1B2C3D4)
	data = le.AppendUint32(data, 2|4<<16)
	for _, v := range []uint32{0, 0, 65535, 1} {
		data = le.AppendUint32(data, v)
	}
	for i := range uint32(30) {
		for _, v := range []uint32{1700000000 + i, i, 60, 0} {
			data = le.AppendUint32(data, v)
		}
		data = append(data, make([]byte, 60)...)
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "in.pcap")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := File(context.Background(), in, filepath.Join(dir, "out.pcapng"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := "30 packets have an original length of 0 (frame 1 first): odd, not damaged, and read as it is"
	if r.Capture.Packets != 30 || len(r.Damage) != 0 || !slices.Contains(r.Notes, want) {
		t.Errorf("got %d packets, damage %v, notes %q; want 30, none and %q", r.Capture.Packets, r.Damage, r.Notes, want)
	}
	// Nor is it refused where damage is.
	if _, err := File(context.Background(), in, filepath.Join(dir, "strict.pcapng"), Options{RefuseDamaged: true}); err != nil {
		t.Errorf("refused: %v", err)
	}
}

// The samples of legal captures.
func TestLegalSamples(t *testing.T) {
	samples := os.Getenv("MENDCAP_SAMPLES")
	if samples == "" {
		t.Skip("MENDCAP_SAMPLES is not set")
	}
	found, err := filepath.Glob(filepath.Join(samples, "faults", "L-*"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no samples: %v", err)
	}
	for _, in := range found {
		out := filepath.Join(t.TempDir(), "out.pcapng")
		r, err := File(context.Background(), in, out, Options{})
		if err != nil || len(r.Damage) != 0 || len(r.Notes) == 0 && !strings.Contains(in, "usb") {
			t.Errorf("%s: %v, damage %v, notes %q", filepath.Base(in), err, r.Damage, r.Notes)
		}
	}
}
