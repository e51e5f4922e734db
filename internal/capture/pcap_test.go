package capture

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/mendcap/mendcap/internal/lab/handmade"
)

func TestPcapVariants(t *testing.T) {
	for _, test := range []struct {
		name   string
		magic  uint32
		header int
		resol  uint8
		ticks  uint64 // of the second record
	}{
		{"micro", magicMicro, 16, 6, 0xFFFFFFFF*1e6 + 1999999},
		{"nano", magicNano, 16, 9, 0xFFFFFFFF*1e9 + 1999999},
		{"modified", magicModified, 24, 6, 0xFFFFFFFF*1e6 + 1999999},
	} {
		for _, order := range []binary.ByteOrder{littleEndian, bigEndian} {
			t.Run(test.name+order.String(), func(t *testing.T) {
				data := handmade.Pcap(order, test.magic, 113, [2]uint32{1, 2}, [2]uint32{0xFFFFFFFF, 1999999})
				blocks := mustRead(t, data)
				if len(blocks) != 4 || blocks[0].Kind != Section || blocks[1].Kind != Iface {
					t.Fatalf("got %d blocks, want section, interface and 2 packets", len(blocks))
				}
				if !bytes.Equal(blocks[0].Raw, data[:24]) || blocks[1].Raw != nil {
					t.Errorf("header: got % x and % x, want the file's 24 bytes and none", blocks[0].Raw, blocks[1].Raw)
				}
				i, p := blocks[1].Interface, blocks[3]
				if i.LinkType != 113 || i.SnapLen != 65535 || i.Resol != test.resol {
					t.Errorf("interface: got %+v", *i)
				}
				if p.Interface != i || p.Frame != 2 || !p.HasStamp || p.Ticks != test.ticks || p.OrigLen != 1500 ||
					string(p.Data) != "\x02\x02" || len(p.Raw) != test.header+2 || p.Offset != int64(24+test.header+1) {
					t.Errorf("second record: got %+v, want ticks %d", p, test.ticks)
				}
			})
		}
	}
}

// Files older than version 2.4 may have the two lengths the other way round.
func TestPcapOldVersions(t *testing.T) {
	for _, test := range []struct {
		minor         byte
		first, second uint32
		data          int
		original      uint32
	}{
		{2, 1500, 3, 3, 1500},
		{3, 1500, 3, 3, 1500},
		{3, 3, 1500, 3, 1500},
		{4, 3, 1500, 3, 1500},
		{4, 3, 2, 3, 2},
	} {
		data := handmade.Pcap(bigEndian, magicMicro, 1)
		data[7] = test.minor
		for _, v := range []uint32{1, 2, test.first, test.second} {
			data = binary.BigEndian.AppendUint32(data, v)
		}
		got := packets(mustRead(t, append(data, "abc"...)))
		if len(got) != 1 || len(got[0].Data) != test.data || got[0].OrigLen != test.original {
			t.Errorf("2.%d, %d and %d: got %+v, want %d bytes of %d", test.minor, test.first, test.second, got, test.data,
				test.original)
		}
	}
}

func TestPcapFrameCheckSequence(t *testing.T) {
	data := handmade.Pcap(littleEndian, magicNano, 2<<fcsShift|fcsPresent|1, [2]uint32{1, 2})
	out := mustRead(t, write(t, copyAll(mustRead(t, data))))
	i := out[1].Interface
	if i.LinkType != 1 || i.Resol != 9 {
		t.Errorf("got link type %d, resolution %s, want 1 and 10^-9 s", i.LinkType, i.Resolution())
	}
	if v, ok := findOption(i.options, i.order, optFCS); !ok || !bytes.Equal(v, []byte{32}) {
		t.Errorf("if_fcslen: got % x, want 32 bits", v)
	}
}
