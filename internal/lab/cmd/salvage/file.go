package salvage

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/mendcap/mendcap/internal/capture"
	"github.com/mendcap/mendcap/internal/lab"
)

// byteOrder is what encoding/binary's two orders can do.
type byteOrder interface {
	binary.ByteOrder
	binary.AppendByteOrder
}

// record is where one packet lies in a file: its header from, its data, its end.
type record struct {
	from, data, dataEnd, to int
}

// packet is what one packet is: captured data and time in microseconds.
type packet struct {
	micros uint64
	data   []byte
}

// file is a good capture with one interface, laid out by this program.
type file struct {
	name    string
	ng      bool
	order   byteOrder
	buf     []byte
	packets []packet
	records []record // one for each packet
}

// load reads recordings and lays out each in all forms.
func load(names []string, most int) ([]*file, error) {
	var all []*file
	for _, name := range names {
		in, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		var packets []packet
		link := uint16(0)
		err = lab.EachPacket(in, func(b *capture.Block) error {
			link = b.Interface.LinkType
			if len(packets) < most {
				packets = append(packets, packet{uint64(b.Interface.Nanos(b.Ticks) / 1000), bytes.Clone(b.Data)})
			}
			return nil
		})
		in.Close()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		base, _, _ := strings.Cut(filepath.Base(name), ".")
		all = append(all, layPcap(base+" pcap", binary.LittleEndian, link, packets),
			layPcap(base+" pcap, big-endian", binary.BigEndian, link, packets),
			layPcapng(base+" pcapng", binary.LittleEndian, link, packets))
	}
	return all, nil
}

// layPcap lays out a pcap file of microseconds.
func layPcap(name string, order byteOrder, link uint16, packets []packet) *file {
	f := &file{name: name, order: order, packets: packets}
	f.u32(0xA1B2C3D4)
	f.buf = order.AppendUint16(order.AppendUint16(f.buf, 2), 4)
	f.u32(0, 0, 262144, uint32(link))
	for _, p := range packets {
		r := record{from: len(f.buf)}
		f.u32(uint32(p.micros/1e6), uint32(p.micros%1e6), uint32(len(p.data)), uint32(len(p.data)))
		r.data = len(f.buf)
		f.buf = append(f.buf, p.data...)
		r.dataEnd, r.to = len(f.buf), len(f.buf)
		f.records = append(f.records, r)
	}
	return f
}

// layPcapng lays out a pcapng file of microseconds.
func layPcapng(name string, order byteOrder, link uint16, packets []packet) *file {
	f := &file{name: name, ng: true, order: order, packets: packets}
	f.u32(0x0A0D0D0A, 28, 0x1A2B3C4D)
	f.buf = order.AppendUint16(order.AppendUint16(f.buf, 1), 0)
	f.u32(0xFFFFFFFF, 0xFFFFFFFF, 28, 1, 20)
	f.buf = order.AppendUint16(order.AppendUint16(f.buf, link), 0)
	f.u32(262144, 20)
	for _, p := range packets {
		r := record{from: len(f.buf)}
		padded := (len(p.data) + 3) &^ 3
		total := uint32(32 + padded)
		f.u32(6, total, 0, uint32(p.micros>>32), uint32(p.micros), uint32(len(p.data)), uint32(len(p.data)))
		r.data = len(f.buf)
		f.buf = append(f.buf, p.data...)
		r.dataEnd = len(f.buf)
		f.buf = append(f.buf, make([]byte, padded-len(p.data))...)
		f.u32(total)
		r.to = len(f.buf)
		f.records = append(f.records, r)
	}
	return f
}

func (f *file) u32(values ...uint32) {
	for _, v := range values {
		f.buf = f.order.AppendUint32(f.buf, v)
	}
}

// The lengths of what is before the first packet, bytes.
const (
	pcapHeader    = 24
	sectionHeader = 28
	interfaceLen  = 20
)

// head is the length of what is before the first packet.
func (f *file) head() int {
	if f.ng {
		return sectionHeader + interfaceLen
	}
	return pcapHeader
}

// lengthAt gives where a record says how many bytes were captured (pcap), or
// how long its block is (pcapng).
func (f *file) lengthAt(r record) int {
	if f.ng {
		return r.from + 4
	}
	return r.from + 8
}
