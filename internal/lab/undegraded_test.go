package lab

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/mendcap/mendcap/reorder"
	"github.com/mendcap/mendcap/repair"
)

// What would deceive a repair, where that takes whole captures.

// wantUnchanged repairs a capture and wants the bytes that came.
func wantUnchanged(t *testing.T, path string) {
	t.Helper()
	out, r := mend(t, path, repair.Options{})
	want := readFile(t, path)
	if strings.HasSuffix(path, ".gz") {
		z, err := gzip.NewReader(bytes.NewReader(want))
		if err != nil {
			t.Fatal(err)
		}
		if want, err = io.ReadAll(z); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(readFile(t, out), want) || r.Order.Moved != 0 {
		t.Errorf("got another file with %d packets moved, want the same bytes", r.Order.Moved)
	}
}

// A clean pcapng whose stamps go backward now and then leaves as it came.
func TestBackwardStampsAlone(t *testing.T) {
	packets := delivered(t, "lossy")
	for i := 10; i < len(packets); i += 97 {
		packets[i].Stamp -= 1e6
	}
	path := filepath.Join(t.TempDir(), "in.pcapng")
	writeForm(t, path, packets, WithHeaders)
	wantUnchanged(t, path)
}

func writeForm(t *testing.T, path string, packets []Packet, form Form) {
	t.Helper()
	var b bytes.Buffer
	if err := WriteForm(&b, packets, form, Pcapng); err != nil {
		t.Fatal(err)
	}
	writeTestFile(t, path, b.Bytes())
}

// Repairing a repaired capture changes nothing, with the same options or others.
func TestRepairedAgain(t *testing.T) {
	truth := delivered(t, "lossy")
	path := filepath.Join(t.TempDir(), "in.pcapng")
	writeForm(t, path, Degrade(truth, degradation(t, "everything"), 3), WithHeaders)
	out, r := mend(t, path, repair.Options{})
	if r.Order.Moved == 0 {
		t.Fatal("nothing was out of order")
	}
	for _, o := range []repair.Options{{}, {Without: []reorder.Law{reorder.LawInSeq, reorder.LawOutSeq, reorder.LawTSecr}}} {
		again, r := mend(t, out, o)
		if !bytes.Equal(readFile(t, again), readFile(t, out)) || r.Order.Moved != 0 {
			t.Errorf("without %v: got another file with %d packets moved, want the same bytes", o.Without, r.Order.Moved)
		}
	}
}

// Only one direction was recorded: nothing moves, and no drop is made up.
func TestOneDirectionOnly(t *testing.T) {
	for _, out := range []bool{true, false} {
		var half []Packet
		for _, p := range delivered(t, "many-flows") {
			if p.Out == out {
				half = append(half, p)
			}
		}
		path := filepath.Join(t.TempDir(), "in.pcapng")
		writeForm(t, path, half, WithHeaders)
		wantUnchanged(t, path)
		_, r := mend(t, path, repair.Options{})
		for name, law := range r.Order.ByLaw {
			if law.Violations+law.Explained+law.Unrepaired != 0 {
				t.Errorf("outbound %v, law %s: got %+v, want nothing", out, name, law)
			}
		}
	}
}

// Drops alone are no disorder: see TestDropsMoveNothing for rates and seeds; here
// with late stamps, a coarse clock and stalls beside them.
func TestDropsAlone(t *testing.T) {
	for i, name := range recordings(t) {
		d := degradation(t, []string{"drops-2", "drops-0.1", "stalls"}[i%3])
		d.Tick = []time.Duration{0, time.Millisecond, 15625 * time.Microsecond}[i%3]
		t.Run(fmt.Sprintf("%s/%s", name, d.Name), func(t *testing.T) {
			truth := delivered(t, name)
			path := filepath.Join(t.TempDir(), "in.pcapng")
			writeForm(t, path, Degrade(truth, d, 1), WithHeaders)
			wantUnchanged(t, path)
		})
	}
}

// Captures that were not taken at the host's stack: by a driver below it, which
// sees batches before the ACKs for their first packets, by a tap in
// mid-path, with packets missing.
func TestCapturesFromElsewhere(t *testing.T) {
	paths, err := filepath.Glob(filepath.Join("..", "..", "testdata", "recordings", "elsewhere", "*.pcapng.gz"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("recordings: got %d, %v, want some", len(paths), err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".pcapng.gz"), func(t *testing.T) { wantUnchanged(t, path) })
	}
}

// Every packet is there twice, 40 us apart, with a lower TTL: nothing moves.
func TestEveryPacketTwice(t *testing.T) {
	var twice []Packet
	for _, p := range delivered(t, "v4-many-flows") {
		q := p
		q.Data = bytes.Clone(p.Data)
		lowerTTL(q.Data)
		q.Stamp += 40e3
		twice = append(twice, p, q)
	}
	path := filepath.Join(t.TempDir(), "in.pcapng")
	writeForm(t, path, inStampOrder(twice), WithHeaders)
	wantUnchanged(t, path)
}

// lowerTTL takes one hop off an IPv4 header.
func lowerTTL(data []byte) {
	data[8]--
	sum := uint32(binary.BigEndian.Uint16(data[10:])) + 0x100 // RFC 1141
	binary.BigEndian.PutUint16(data[10:], uint16(sum+sum>>16))
}

func inStampOrder(packets []Packet) []Packet {
	slices.SortStableFunc(packets, func(a, b Packet) int { return cmp.Compare(a.Stamp, b.Stamp) })
	return packets
}

// The public samples were taken by tcpdump and the like: not one packet moves.
func TestPublicSamplesStay(t *testing.T) {
	samples := os.Getenv("MENDCAP_SAMPLES")
	if samples == "" {
		t.Skip("TestPublicSamplesStay: MENDCAP_SAMPLES names no folder")
	}
	paths, err := filepath.Glob(filepath.Join(samples, "captures", "public", "*"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("samples: got %d, %v, want some", len(paths), err)
	}
	repaired := 0
	for _, path := range paths {
		r, err := repair.File(t.Context(), path, filepath.Join(t.TempDir(), "out.pcapng"), repair.Options{})
		if err != nil {
			continue // some are no captures, or broken from the start
		}
		repaired++
		if r.Order.Moved != 0 {
			t.Errorf("%s: got %d packets moved, want none", filepath.Base(path), r.Order.Moved)
		}
	}
	if repaired < 10 {
		t.Errorf("samples that could be repaired: got %d, want at least 10", repaired)
	}
}
