package capture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/handmade"
)

func TestWriterCopiesByteForByte(t *testing.T) {
	for name, data := range map[string][]byte{"everything": handmade.Everything(), "resolutions": handmade.Resolutions()} {
		if out := write(t, copyAll(mustRead(t, data))); !bytes.Equal(out, data) {
			t.Errorf("%s: a copy of %d bytes differs from the file of %d", name, len(out), len(data))
		}
	}
}

func TestWriterConvertsPcap(t *testing.T) {
	for _, order := range []binary.ByteOrder{littleEndian, bigEndian} {
		for _, magic := range []uint32{magicMicro, magicNano, magicModified} {
			blocks := mustRead(t, handmade.Pcap(order, magic, 101, [2]uint32{1, 2}, [2]uint32{0xFFFFFFFF, 1999999}))
			out := mustRead(t, write(t, copyAll(blocks)))
			samePackets(t, out, blocks)
			if i := out[1].Interface; i.SnapLen != 65535 || out[0].Order != littleEndian {
				t.Errorf("%#x %v: got snap length %d in %v, want 65535 in little endian", magic, order, i.SnapLen, out[0].Order)
			}
			if n := len(out[1].Raw); (n == InterfaceFixed+TrailerLen) != (magic != magicNano) {
				t.Errorf("%#x: an interface block of %d bytes: options are for resolutions other than 10^-6", magic, n)
			}
		}
	}
}

func TestWriteSection(t *testing.T) {
	section := func(order binary.ByteOrder, options ...[]byte) *Block {
		blocks := mustRead(t, (&handmade.File{}).Section(order, options...).Buf)
		return &blocks[0]
	}
	le, be := &handmade.File{Order: littleEndian}, &handmade.File{Order: bigEndian}
	stated := *section(littleEndian)
	stated.Raw = bytes.Clone(stated.Raw)
	binary.LittleEndian.PutUint64(stated.Raw[16:], 1000)
	pcap := mustRead(t, handmade.Pcap(bigEndian, magicMicro, 1))[0]
	long := strings.Repeat("x", maxOption-3)
	for _, test := range []struct {
		name                string
		block               *Block
		application, remark string
		want                string
		comments            []string
		same                bool
	}{
		{"none", section(bigEndian), "mendcap 1.0", "", "mendcap 1.0", nil, false},
		{"beside", section(bigEndian, be.Option(optApplication, []byte("Dumpcap 4"))), "mendcap 1.0", "why",
			"Dumpcap 4; mendcap 1.0", []string{"why"}, false},
		{"named", section(littleEndian, le.Option(optApplication, []byte("Dumpcap 4; mendcap 0.9"))), "mendcap 1.0", "",
			"Dumpcap 4; mendcap 0.9", nil, true},
		{"alike", section(littleEndian, le.Option(optApplication, []byte("mendcaps 0.9"))), "mendcap 1.0", "",
			"mendcaps 0.9; mendcap 1.0", nil, false},
		{"named, remark", section(littleEndian, le.Option(optApplication, []byte("mendcap")), le.Option(optComment, []byte("a"))),
			"mendcap 1.0", "b", "mendcap", []string{"a", "b"}, false},
		{"nothing", section(littleEndian), "", "", "", nil, true},
		{"stated", &stated, "", "", "", nil, false},
		{"full", section(littleEndian, le.Option(optApplication, []byte(long))), "mendcap", "", long, nil, true},
		{"pcap", &pcap, "mendcap 1.0", "c", "mendcap 1.0", []string{"c"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			out := write(t, func(w *Writer) error { return w.WriteSection(test.block, test.application, test.remark) })
			got := mustRead(t, out)[0]
			if got.Application() != test.want || !slices.Equal(got.Comments(), test.comments) {
				t.Errorf("got %q, comments %q, want %q, %q", got.Application(), got.Comments(), test.want, test.comments)
			}
			if same := bytes.Equal(out, test.block.Raw); same != test.same {
				t.Errorf("block left as it came: got %v, want %v", same, test.same)
			}
			if n := got.Order.Uint64(got.Raw[16:]); n != UnstatedLength {
				t.Errorf("section length: got %d, want -1", n)
			}
			if again := write(t, func(w *Writer) error { return w.WriteSection(&got, test.application, "") }); !bytes.Equal(again, out) {
				t.Errorf("a second time changes the block")
			}
		})
	}
}

// An interface in the middle of a section: what follows it moves up by one,
// in every block that names an interface, and nothing else changes.
func TestAddInterface(t *testing.T) {
	for _, order := range []binary.ByteOrder{littleEndian, bigEndian} {
		f := (&handmade.File{}).Section(order)
		f.Iface(147, 96, f.Option(optName, []byte("eth0")), f.Option(OptResol, []byte{9}),
			f.Option(OptOffset, f.U64(60)), f.Option(optCustomNC, f.U32(1)), f.End())
		f.EPB(0, 1, "a").Iface(1, 0, f.Option(optName, []byte("late")))
		f.EPB(1, 2, "b", f.Option(optComment, []byte("kept"))).PB(1, 0, 3, "c").PB(0, 0, 4, "d").Stats(1).Stats(0).EPB(7, 5, "e")
		f.Block(0x99, f.U32(1)).SPB(4, "ffff")
		blocks := mustRead(t, f.Buf)
		var added *Interface
		var dropped int64
		out := write(t, func(w *Writer) (err error) {
			for i := range blocks {
				if i == 2 {
					if added, err = w.AddInterface(blocks[1].Interface, 101, 28); err != nil {
						return err
					}
					if err := w.WritePacket(&blocks[2], &PacketEdit{Interface: added}); err != nil {
						return err
					}
				} else if err := w.Write(&blocks[i]); err != nil {
					return err
				}
			}
			dropped = w.Dropped()
			return nil
		})
		want := (&handmade.File{}).Section(order)
		want.Buf = append(want.Buf, blocks[1].Raw...)
		want.Iface(101, 124, f.Option(optName, []byte("eth0")), f.Option(OptResol, []byte{9}), f.Option(OptOffset, f.U64(60)), f.End())
		want.EPB(1, 1, "a").Iface(1, 0, f.Option(optName, []byte("late")))
		want.EPB(2, 2, "b", f.Option(optComment, []byte("kept"))).PB(2, 0, 3, "c").PB(0, 0, 4, "d").Stats(2).Stats(0).EPB(8, 5, "e")
		want.Block(0x99, f.U32(1)).SPB(4, "ffff")
		if !bytes.Equal(out, want.Buf) {
			t.Errorf("%v: got\n% x\nwant\n% x", order, out, want.Buf)
		}
		if added.ID != 1 || added.LinkType != 101 || added.SnapLen != 124 || added.Resol != 9 || added.Offset != 60 || added.Name != "eth0" {
			t.Errorf("got interface %+v", *added)
		}
		if dropped != 1 {
			t.Errorf("dropped %d options, want 1", dropped)
		}
	}
}

func TestAddInterfaceToPcap(t *testing.T) {
	blocks := mustRead(t, handmade.Pcap(bigEndian, magicNano, 147, [2]uint32{1, 2}))
	blocks[1].Interface.SnapLen = 0
	out := mustRead(t, write(t, func(w *Writer) error {
		if err := copyAll(blocks[:2])(w); err != nil {
			return err
		}
		added, err := w.AddInterface(blocks[1].Interface, 101, 40)
		if err != nil {
			return err
		}
		return w.WritePacket(&blocks[2], &PacketEdit{Interface: added, Data: []byte("header+data"), OrigLen: 99})
	}))
	i, p := out[2].Interface, out[3]
	if i.LinkType != 101 || i.SnapLen != 0 || i.Resol != 9 {
		t.Errorf("got interface %+v, want link type 101, no limit, 10^-9 s", *i)
	}
	if p.Interface != i || string(p.Data) != "header+data" || p.OrigLen != 99 || p.Ticks != 1e9+2 {
		t.Errorf("got packet %+v", p)
	}
}

func TestWriterRefuses(t *testing.T) {
	blocks := mustRead(t, handmade.Everything())
	sections := slices.DeleteFunc(slices.Clone(blocks), func(b Block) bool { return b.Kind != Section })
	packet, iface := &packets(blocks)[0], packets(blocks)[0].Interface
	bigPacket := &packets(blocks)[5]
	stated := sections[1]
	stated.Raw = bytes.Clone(stated.Raw)
	binary.LittleEndian.PutUint64(stated.Raw[16:], 1000)
	edit := &PacketEdit{HasTicks: true}
	inSection := func(w *Writer) error { return copyAll(blocks[:3])(w) }
	for _, test := range []struct {
		name string
		do   func(w *Writer) error
		want error
	}{
		{"packet first", func(w *Writer) error { return w.Write(packet) }, ErrNoSection},
		{"edited packet first", func(w *Writer) error { return w.WritePacket(packet, edit) }, ErrNoSection},
		{"interface first", func(w *Writer) error { _, err := w.AddInterface(iface, 1, 0); return err }, ErrNoSection},
		{"no section", func(w *Writer) error { return w.WriteSection(packet, "", "") }, ErrNoSection},
		{"interface like none", func(w *Writer) error {
			return errors.Join(w.Write(&sections[1]), second(w.AddInterface(iface, 1, 0)))
		}, ErrForeign},
		{"packet of another section", func(w *Writer) error { return errors.Join(inSection(w), w.Write(bigPacket)) }, ErrForeign},
		{"edited packet of another section", func(w *Writer) error {
			return errors.Join(inSection(w), w.WritePacket(bigPacket, edit))
		}, ErrForeign},
		{"interface of another section", func(w *Writer) error {
			return errors.Join(inSection(w), w.WritePacket(packet, &PacketEdit{Interface: bigPacket.Interface}))
		}, ErrForeign},
		{"section with its length", func(w *Writer) error {
			return errors.Join(w.Write(&stated), w.WritePacket(packet, edit))
		}, ErrSectionLength},
		{"interface into a section with its length", func(w *Writer) error {
			return errors.Join(w.Write(&stated), second(w.AddInterface(iface, 1, 0)))
		}, ErrSectionLength},
		{"long comment", func(w *Writer) error {
			return errors.Join(inSection(w), w.WritePacket(packet, &PacketEdit{Comments: [][]byte{bytes.Repeat([]byte("x"), 65536)}}))
		}, ErrOptionLength},
		{"long section comment", func(w *Writer) error {
			return w.WriteSection(&sections[0], "", strings.Repeat("x", 65536))
		}, ErrOptionLength},
	} {
		if err := test.do(NewWriter(io.Discard)); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, err, test.want)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// failing is a writer that takes nothing.
type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestWriterReportsFailure(t *testing.T) {
	w := NewWriter(failing{})
	if err := copyAll(mustRead(t, handmade.Everything()))(w); err != nil {
		t.Fatalf("before the buffer is full: %v", err)
	}
	if err := w.Flush(); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("flush: got %v, want %v", err, io.ErrClosedPipe)
	}
}
