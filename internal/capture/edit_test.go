package capture

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/handmade"
)

// edited writes a section, an interface and one packet with an edit, and
// gives the packet that comes out, and how many options were dropped.
func edited(t *testing.T, f *handmade.File, e *PacketEdit) (got Block, raw []byte, dropped int64) {
	t.Helper()
	blocks := mustRead(t, f.Buf)
	out := write(t, func(w *Writer) error {
		if err := copyAll(blocks[:len(blocks)-1])(w); err != nil {
			return err
		}
		err := w.WritePacket(&blocks[len(blocks)-1], e)
		dropped = w.Dropped()
		return err
	})
	all := mustRead(t, out)
	got = all[len(all)-1]
	return got, got.Raw, dropped
}

// codes lists the option codes of a packet.
func codes(b *Block) (found []uint16) {
	for o := range options(b.Options, b.Order) {
		found = append(found, o.code)
	}
	return found
}

func TestEditKeepsOptions(t *testing.T) {
	for _, order := range []binary.ByteOrder{littleEndian, bigEndian} {
		fresh := func() *handmade.File {
			f := (&handmade.File{}).Section(order).Iface(1, 0)
			return f.EPB(0, 1<<40, "data!", f.Option(optHash, []byte("\x02abcd")), f.Option(optComment, []byte("one")),
				f.Option(optCustomNC, f.U32(1)), f.Option(2988, f.U32(1)), f.Option(optCustomTextNC, f.U32(1)),
				f.Option(OptFlags, f.U32(6)), f.Option(OptDropCount, f.U64(8)), f.End(), f.U32(0xDEAD))
		}
		for _, test := range []struct {
			name    string
			edit    *PacketEdit
			codes   []uint16
			remarks []string
			data    string
			length  uint32
			ticks   uint64
			dropped int64
		}{
			{"stamp", &PacketEdit{HasTicks: true, Ticks: 7}, []uint16{3, 1, 2988, 2, 4}, []string{"one"}, "data!", 105, 7, 2},
			{"stamp 0", &PacketEdit{HasTicks: true}, []uint16{3, 1, 2988, 2, 4}, []string{"one"}, "data!", 105, 0, 2},
			{"data", &PacketEdit{Data: []byte("longer data"), OrigLen: 111}, []uint16{1, 2988, 2, 4}, []string{"one"}, "longer data", 111, 1 << 40, 2},
			{"no data", &PacketEdit{Data: []byte{}}, []uint16{1, 2988, 2, 4}, []string{"one"}, "", 0, 1 << 40, 2},
			{"comments", &PacketEdit{Comments: [][]byte{{}, []byte("three")}}, []uint16{3, 1, 2988, 2, 4, 1, 1},
				[]string{"one", "", "three"}, "data!", 105, 1 << 40, 2},
			{"nothing", &PacketEdit{}, []uint16{3, 1, 19373, 2988, 19372, 2, 4}, []string{"one"}, "data!", 105, 1 << 40, 0},
			{"none", nil, []uint16{3, 1, 19373, 2988, 19372, 2, 4}, []string{"one"}, "data!", 105, 1 << 40, 0},
		} {
			t.Run(test.name+order.String(), func(t *testing.T) {
				got, _, dropped := edited(t, fresh(), test.edit)
				if c := codes(&got); !slices.Equal(c, test.codes) || !slices.Equal(got.Comments(), test.remarks) {
					t.Errorf("got options %v, comments %q, want %v, %q", c, got.Comments(), test.codes, test.remarks)
				}
				if string(got.Data) != test.data || got.OrigLen != test.length || got.Ticks != test.ticks || dropped != test.dropped {
					t.Errorf("got %q of %d at %d, %d dropped, want %q of %d at %d, %d", got.Data, got.OrigLen, got.Ticks,
						dropped, test.data, test.length, test.ticks, test.dropped)
				}
				if flags, ok := got.Flags(); !ok || flags != 6 {
					t.Errorf("got flags %d, %v, want 6", flags, ok)
				}
				if drops, ok := got.DropCount(); !ok || drops != 8 {
					t.Errorf("got drop count %d, %v, want 8", drops, ok)
				}
				if got.Order != order {
					t.Errorf("got %v, want %v", got.Order, order)
				}
			})
		}
	}
}

func TestEditDropsTheOnlyOption(t *testing.T) {
	f := (&handmade.File{}).Section(bigEndian).Iface(1, 0)
	f.EPB(0, 1, "data", f.Option(optCustomNC, f.U32(1)), f.End())
	got, raw, dropped := edited(t, f, &PacketEdit{HasTicks: true, Ticks: 2})
	if len(got.Options) != 0 || len(raw) != EnhancedFixed+4+TrailerLen || dropped != 1 {
		t.Errorf("got a block of %d bytes with options % x, %d dropped, want 36, none, 1", len(raw), got.Options, dropped)
	}
}

func TestEditObsoletePacket(t *testing.T) {
	for _, order := range []binary.ByteOrder{littleEndian, bigEndian} {
		for _, test := range []struct {
			drops uint16
			known bool
		}{{0, true}, {3, true}, {unknownDrops, false}} {
			f := (&handmade.File{}).Section(order).Iface(1, 0).Iface(1, 0)
			f.PB(1, test.drops, 5, "old", f.Option(optHash, []byte("hash")), f.Option(OptFlags, f.U32(2)), f.End())
			got, _, _ := edited(t, f, &PacketEdit{Data: []byte("new"), OrigLen: 3, Comments: [][]byte{[]byte("why")}})
			if got.Type != TypeEPB || got.Interface.ID != 1 || got.Ticks != 5 || string(got.Data) != "new" {
				t.Errorf("got %+v", got)
			}
			drops, known := got.DropCount()
			flags, _ := got.Flags()
			if known != test.known || known && drops != uint64(test.drops) || flags != 2 {
				t.Errorf("drops %d: got %d, %v, flags %d", test.drops, drops, known, flags)
			}
			if _, ok := findOption(got.Options, order, optHash); ok || !slices.Equal(got.Comments(), []string{"why"}) {
				t.Errorf("got hash %v, comments %q, want none and the one", ok, got.Comments())
			}
		}
	}
}

func TestEditSimplePacket(t *testing.T) {
	f := (&handmade.File{}).Section(bigEndian).Iface(1, 3).SPB(90, "abc")
	got, _, _ := edited(t, f, &PacketEdit{Comments: [][]byte{[]byte("c")}})
	if got.Type != TypeEPB || string(got.Data) != "abc" || got.OrigLen != 90 || got.Ticks != 0 || got.Interface == nil {
		t.Errorf("got %+v", got)
	}
}

// A packet that changes its interface keeps its instant.
func TestEditChangesResolution(t *testing.T) {
	f := (&handmade.File{}).Section(littleEndian)
	f.Iface(1, 0).Iface(1, 0, f.Option(OptResol, []byte{9}), f.Option(OptOffset, f.U64(2)))
	f.EPB(0, 5_000_001, "x")
	blocks := mustRead(t, f.Buf)
	got, _, _ := edited(t, f, &PacketEdit{Interface: blocks[2].Interface})
	if got.Interface.ID != 1 || got.Ticks != 3_000_001_000 {
		t.Errorf("got %d on interface %d, want 3000001000 on 1", got.Ticks, got.Interface.ID)
	}
}

func TestDescribeForeignBlocks(t *testing.T) {
	for _, b := range mustRead(t, handmade.Pcap(littleEndian, magicMicro, 1, [2]uint32{1, 2})) {
		_, flags := b.Flags()
		_, drops := b.DropCount()
		if b.Comments() != nil || b.Application() != "" || flags || drops {
			t.Errorf("block %+v of a pcap file claims to have options", b)
		}
	}
	f := (&handmade.File{}).Section(littleEndian)
	f.Iface(1, 0, f.Option(optComment, []byte("of it")))
	f.EPB(0, 1, "", f.Option(OptFlags, []byte("12345")), f.Option(OptDropCount, f.U32(1)))
	blocks := mustRead(t, f.Buf)
	if got := blocks[1].Comments(); !slices.Equal(got, []string{"of it"}) {
		t.Errorf("interface: got comments %q, want the one", got)
	}
	_, flags := blocks[2].Flags()
	_, drops := blocks[2].DropCount()
	if flags || drops {
		t.Errorf("options of a wrong length: got flags %v, drop count %v, want neither", flags, drops)
	}
}

// The hot paths take no memory of their own.
func TestNothingIsAllocatedPerPacket(t *testing.T) {
	f := (&handmade.File{}).Section(littleEndian).Iface(1, 0)
	const n = 1000
	for range n {
		f.EPB(0, 1, strings.Repeat("x", 61), f.Option(optComment, []byte("one")), f.End())
	}
	blocks := mustRead(t, f.Buf)
	added := (*Interface)(nil)
	edits := []PacketEdit{{HasTicks: true}, {Data: []byte("new"), OrigLen: 7}, {Comments: [][]byte{[]byte("a"), []byte("bc")}}, {}}
	var out bytes.Buffer
	out.Grow(len(f.Buf) * 2)
	got := testing.AllocsPerRun(5, func() {
		out.Reset()
		w := NewWriter(&out)
		for i := range blocks {
			e := edits[i%len(edits)]
			if e.HasTicks {
				e.Interface = added
			}
			if err := w.WritePacket(&blocks[i], &e); err != nil {
				t.Fatal(err)
			}
			if blocks[i].Kind == Iface {
				var err error
				if added, err = w.AddInterface(blocks[i].Interface, 101, 0); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
	if got > 20 {
		t.Errorf("writing %d packets took %v allocations", n, got)
	}
	got = testing.AllocsPerRun(5, func() {
		r, err := NewReader(bytes.NewReader(f.Buf), ReaderOptions{BatchSize: 16 << 10})
		if err != nil {
			t.Fatal(err)
		}
		for b, err := r.Next(); err == nil; b, err = r.Next() {
			b.Release()
		}
	})
	if got > 40 {
		t.Errorf("reading %d packets took %v allocations", n, got)
	}
}

func TestWritePacketLeavesOtherBlocks(t *testing.T) {
	blocks := mustRead(t, handmade.Everything())
	out := write(t, func(w *Writer) error {
		for i := range blocks {
			e := &PacketEdit{HasTicks: true, Data: []byte("not for you")}
			if blocks[i].Kind == Packet {
				e = nil
			}
			if err := w.WritePacket(&blocks[i], e); err != nil {
				return err
			}
		}
		return nil
	})
	if !bytes.Equal(out, handmade.Everything()) {
		t.Errorf("an edit changed a block that is no packet")
	}
}
