package capture

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/handmade"
	"github.com/mendcap/mendcap/internal/lab/squeeze"
)

// fuzzLimit keeps hostile lengths from taking time that finds nothing.
var fuzzLimit = ReaderOptions{BatchSize: MinBatchSize, MaxBlock: 64 << 10}

// addSeeds gives every fixture to a fuzz target.
func addSeeds(f *testing.F) {
	f.Add(handmade.Everything())
	f.Add(handmade.Resolutions())
	f.Add(squeeze.Gzip(f, handmade.Everything()))
	for _, magic := range []uint32{magicMicro, magicNano, magicModified} {
		f.Add(handmade.Pcap(littleEndian, magic, 1, [2]uint32{1, 2}, [2]uint32{3, 4}))
		f.Add(handmade.Pcap(bigEndian, magic, 1, [2]uint32{1, 2}, [2]uint32{3, 4}))
	}
	for _, d := range slices.Concat(damagedPcapng(), damagedPcap(), damagedOthers(f)) {
		f.Add(d.data)
	}
}

func FuzzReader(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data), fuzzLimit)
		if err != nil {
			needFormatError(t, err)
			return
		}
		at := int64(0)
		for {
			b, err := r.Next()
			if err != nil {
				if err != io.EOF {
					needFormatError(t, err)
				}
				break
			}
			if cap(b.buf) > 2*fuzzLimit.MaxBlock {
				t.Fatalf("a batch takes %d bytes", cap(b.buf))
			}
			for i := range b.Blocks {
				checkBlock(t, &b.Blocks[i], &at)
				if block := &b.Blocks[i]; r.Compression() == "" && !bytes.Equal(block.Raw, data[block.Offset:at]) {
					t.Fatalf("block at %d is not what the file has there", block.Offset)
				}
			}
			b.Release()
		}
		if r.Consumed() != at {
			t.Fatalf("consumed %d bytes, delivered %d", r.Consumed(), at)
		}
	})
}

// checkBlock checks one block, which must be at a place in the file, and
// sets that to its end.
func checkBlock(t *testing.T, b *Block, at *int64) {
	if len(b.Raw) > 0 {
		if b.Offset != *at {
			t.Fatalf("block %#x stands at %d, want %d", b.Type, b.Offset, *at)
		}
		*at += int64(len(b.Raw))
	}
	if (b.Kind == Packet) != (b.Frame > 0) || len(b.Data) > len(b.Raw) {
		t.Fatalf("block %#x: kind %d, frame %d, %d bytes of %d", b.Type, b.Kind, b.Frame, len(b.Data), len(b.Raw))
	}
	b.Comments()
	b.Flags()
	b.DropCount()
	b.Application()
	if b.Interface != nil {
		b.Interface.Nanos(b.Ticks)
	}
}

func needFormatError(t testing.TB, err error) {
	t.Helper()
	var broken *FormatError
	if !errors.As(err, &broken) {
		t.Fatalf("got error %v, want a FormatError", err)
	}
}

// FuzzRoundTrip copies what can be read of a file: pcapng byte for byte, pcap
// packet for packet. Then it edits all of it, and reads that again.
func FuzzRoundTrip(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		blocks, err := readAll(bytes.NewReader(data), fuzzLimit)
		if len(blocks) == 0 {
			return
		}
		out := write(t, copyAll(blocks))
		if blocks[0].Pcap {
			samePackets(t, mustRead(t, out), blocks)
		} else {
			var want []byte
			for _, b := range blocks {
				want = append(want, b.Raw...)
			}
			if !bytes.Equal(out, want) {
				t.Fatalf("a copy of %d bytes differs from the %d bytes read (%v)", len(out), len(want), err)
			}
		}
		again := packets(mustRead(t, write(t, func(w *Writer) error { return editAll(w, blocks) })))
		for n, b := range packets(blocks) {
			if !bytes.Equal(again[n].Data, b.Data) || again[n].Ticks != uint64(n) || (again[n].Interface == nil) != (b.Interface == nil) {
				t.Fatalf("frame %d: got %+v, want the data and interface of %+v", n+1, again[n], b)
			}
		}
	})
}

// editAll writes blocks with an interface added to each section, and stamps
// every packet anew.
func editAll(w *Writer, blocks []Block) error {
	n := uint64(0)
	for i := range blocks {
		b := &blocks[i]
		var err error
		switch b.Kind {
		case Section:
			err = w.WriteSection(b, "fuzz", "comment")
		case Packet:
			err = w.WritePacket(b, &PacketEdit{HasTicks: true, Ticks: n})
			n++
		case Iface:
			if err = w.Write(b); err == nil && b.Interface.ID == 0 {
				_, err = w.AddInterface(b.Interface, 101, 40)
			}
		default:
			err = w.Write(b)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
