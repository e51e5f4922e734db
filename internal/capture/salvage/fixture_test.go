package salvage

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"maps"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab/handmade"
	"github.com/mendcap/mendcap/internal/lab/squeeze"
	"github.com/mendcap/mendcap/internal/lab/strict"
)

var (
	littleEndian binary.ByteOrder = binary.LittleEndian
	bigEndian    binary.ByteOrder = binary.BigEndian
)

// The magic numbers of pcap files.
const (
	magicMicro    = 0xA1B2C3D4
	magicNano     = 0xA1B23C4D
	magicModified = 0xA1B2CD34
)

// mode is a way to read a capture: strictly, salvaging, or refusing damage.
type mode int

const (
	off mode = iota
	on
	refuse
)

// open opens a capture in one of these ways.
func (m mode) open(r io.Reader, opts capture.ReaderOptions) (interface {
	Next() (*capture.Batch, error)
}, error) {
	if m == off {
		return strict.NewReader(r, opts)
	}
	return NewReader(r, Options{ReaderOptions: opts, Refuse: m == refuse})
}

// readAll collects copies of all blocks, and the error that ended them, nil
// for a clean end.
func readAll(r io.Reader, opts capture.ReaderOptions, m mode) ([]capture.Block, error) {
	rd, err := m.open(r, opts)
	if err != nil {
		return nil, err
	}
	var blocks []capture.Block
	for {
		b, err := rd.Next()
		if err == io.EOF {
			return blocks, nil
		}
		if err != nil {
			return blocks, err
		}
		for _, block := range b.Blocks {
			block.Raw = bytes.Clone(block.Raw)
			block.Data = bytes.Clone(block.Data)
			block.Options = bytes.Clone(block.Options)
			blocks = append(blocks, block)
		}
		b.Release()
	}
}

// mustRead is readAll of an undamaged file.
func mustRead(t testing.TB, data []byte) []capture.Block {
	t.Helper()
	blocks, err := readAll(bytes.NewReader(data), capture.ReaderOptions{}, off)
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	return blocks
}

// write writes through a capture.Writer and gives what came out.
func write(t testing.TB, do func(w *capture.Writer) error) []byte {
	t.Helper()
	var out bytes.Buffer
	w := capture.NewWriter(&out)
	if err := do(w); err != nil {
		t.Fatalf("write: %v", err)
	}
	if err := w.Flush(); err != nil {
		t.Fatalf("flush: %v", err)
	}
	return out.Bytes()
}

// copyAll writes blocks without an edit.
func copyAll(blocks []capture.Block) func(w *capture.Writer) error {
	return func(w *capture.Writer) error {
		for i := range blocks {
			if err := w.Write(&blocks[i]); err != nil {
				return err
			}
		}
		return nil
	}
}

// packets are the packets among blocks.
func packets(blocks []capture.Block) []capture.Block {
	var found []capture.Block
	for _, b := range blocks {
		if b.Kind == capture.Packet {
			found = append(found, b)
		}
	}
	return found
}

// samePackets says whether two captures have the same packets, byte for byte
// and tick for tick.
func samePackets(t *testing.T, gotBlocks, wantBlocks []capture.Block) {
	t.Helper()
	got, want := packets(gotBlocks), packets(wantBlocks)
	if len(got) != len(want) {
		t.Fatalf("got %d packets, want %d", len(got), len(want))
	}
	for n := range want {
		g, w := &got[n], &want[n]
		if g.Ticks != w.Ticks || g.HasStamp != w.HasStamp || g.OrigLen != w.OrigLen || !bytes.Equal(g.Data, w.Data) ||
			g.Interface.Resol != w.Interface.Resol || g.Interface.LinkType != w.Interface.LinkType {
			t.Fatalf("frame %d: got %+v on %+v, want %+v on %+v", n+1, *g, *g.Interface, *w, *w.Interface)
		}
	}
}

func needFormatError(t testing.TB, err error) {
	t.Helper()
	var broken *capture.FormatError
	if !errors.As(err, &broken) {
		t.Fatalf("got error %v, want a capture.FormatError", err)
	}
}

// damage is what a reader of either kind found.
func damage(r any) (d Damages) {
	if r, ok := r.(*Reader); ok {
		d = r.Damage()
	}
	return d
}

// fuzzLimit keeps hostile lengths from taking time that finds nothing.
var fuzzLimit = capture.ReaderOptions{BatchSize: capture.MinBatchSize, MaxBlock: 64 << 10}

func compressedPcap() []byte {
	return handmade.Pcap(littleEndian, magicMicro, 1, [2]uint32{1, 2}, [2]uint32{3, 4})
}

// defaultBatchSize is how many bytes a Reader reads at a time.
const defaultBatchSize = 256 << 10

// addSeeds gives every fixture to a fuzz target.
func addSeeds(f *testing.F) {
	f.Add(handmade.Everything())
	f.Add(handmade.Resolutions())
	f.Add(squeeze.Gzip(f, handmade.Everything()))
	for _, magic := range []uint32{magicMicro, magicNano, magicModified} {
		f.Add(handmade.Pcap(littleEndian, magic, 1, [2]uint32{1, 2}, [2]uint32{3, 4}))
		f.Add(handmade.Pcap(bigEndian, magic, 1, [2]uint32{1, 2}, [2]uint32{3, 4}))
	}
	_, pcapng := handmade.BrokenPcapng()
	_, pcap := handmade.BrokenPcap()
	for _, files := range []map[string][]byte{pcapng, pcap, handmade.BrokenOthers(f)} {
		for _, name := range slices.Sorted(maps.Keys(files)) {
			f.Add(files[name])
		}
	}
}
