package convert

import (
	"encoding/binary"
	"math"
	"net/netip"

	"github.com/mendcap/mendcap/internal/capture"
)

// Options of the blocks that are made: draft-ietf-opsawg-pcapng, sections 3.5 and 4.
const (
	optComment     = 1
	optSystem      = 3 // shb_os
	optName        = 2 // if_name
	optDescription = 3 // if_description
	optIPv4        = 4 // if_IPv4addr
	optIPv6        = 5 // if_IPv6addr
	optPacketID    = 5 // epb_packetid
	optIfDrop      = 5 // isb_ifdrop

	resolution = 7 // of if_tsresol: 100 ns
	longest    = math.MaxUint16 &^ 3
)

var order = binary.LittleEndian

// unixEpoch is the beginning of 1970 as a FILETIME.
const unixEpoch = 116_444_736_000_000_000

// ticks is a stamp of if_tsresol 7; one from before 1970 is held at its beginning.
func ticks(fileTime int64) uint64 { return uint64(max(0, fileTime-unixEpoch)) }

// begin makes the section header and the interface descriptions.
func (r *Reader) begin() {
	r.list = r.list[:0]
	if system := r.of.system(); system != "" {
		r.text(optSystem, system)
	}
	fixed := order.AppendUint32(nil, capture.ByteOrderMagic)
	fixed = append(fixed, 1, 0, 0, 0)
	r.block(capture.TypeSection, order.AppendUint64(fixed, capture.UnstatedLength), nil)
	for n, i := range r.of.interfaces() {
		var addresses []netip.Addr
		if n == 0 {
			addresses = r.of.Addresses()
		}
		r.describe(&i, addresses)
	}
}

// describe makes an interface description. The host's own addresses are given to the first
// one: not every format says whose they are.
func (r *Reader) describe(i *iface, addresses []netip.Addr) {
	r.list = r.list[:0]
	if i.name != "" {
		r.text(optName, i.name)
	}
	if i.description != "" {
		r.text(optDescription, i.description)
	}
	for _, a := range addresses {
		r.address(a)
	}
	r.list = capture.AppendOption(r.list, order, capture.OptResol, []byte{resolution})
	fixed := order.AppendUint16(nil, i.linkType)
	r.block(capture.TypeInterface, append(fixed, 0, 0, 0, 0, 0, 0), nil)
}

// address adds one of an interface's own. No network mask is known: all bits are one.
func (r *Reader) address(a netip.Addr) {
	if a.Is4() {
		r.list = capture.AppendOption(r.list, order, optIPv4, append(a.AsSlice(), 255, 255, 255, 255))
	} else {
		r.list = capture.AppendOption(r.list, order, optIPv6, append(a.AsSlice(), 128))
	}
}

// packet makes an enhanced packet block.
func (r *Reader) packet(p *packet) {
	r.list = r.list[:0]
	for _, c := range p.comments {
		r.text(optComment, c)
	}
	if p.direction != 0 {
		r.list = capture.AppendOption(r.list, order, capture.OptFlags, order.AppendUint32(nil, p.direction))
	}
	if p.hasID {
		r.list = capture.AppendOption(r.list, order, optPacketID, order.AppendUint64(nil, p.id))
	}
	stamp := ticks(p.time)
	var fixed [20]byte
	order.PutUint32(fixed[0:], uint32(p.iface))
	order.PutUint32(fixed[4:], uint32(stamp>>32))
	order.PutUint32(fixed[8:], uint32(stamp))
	order.PutUint32(fixed[12:], uint32(len(p.data)))
	order.PutUint32(fixed[16:], uint32(max(p.original, len(p.data))))
	r.block(capture.TypeEPB, fixed[:], p.data)
}

// end makes the interface statistics block that says what the recorder has lost.
func (r *Reader) end() {
	lost := r.of.lost()
	if lost == 0 || len(r.of.interfaces()) == 0 {
		return
	}
	r.list = capture.AppendOption(r.list[:0], order, optIfDrop, order.AppendUint64(nil, lost))
	stamp := ticks(r.last)
	fixed := order.AppendUint32(make([]byte, 4), uint32(stamp>>32))
	r.block(capture.TypeStats, order.AppendUint32(fixed, uint32(stamp)), nil)
}

// text adds an option, cut to what one can hold.
func (r *Reader) text(code uint16, value string) {
	r.list = capture.AppendOption(r.list, order, code, value[:min(len(value), longest)])
}

// block adds a block of its fixed part, data and the options of the list.
func (r *Reader) block(typ uint32, fixed, data []byte) {
	if len(r.list) > 0 {
		r.list = append(r.list, 0, 0, 0, 0) // opt_endofopt
	}
	size := uint32(8 + len(fixed) + capture.Padded(len(data)) + len(r.list) + capture.TrailerLen)
	r.buf = order.AppendUint32(order.AppendUint32(r.buf, typ), size)
	r.buf = append(append(r.buf, fixed...), data...)
	r.buf = append(r.buf, make([]byte, capture.Padded(len(data))-len(data))...)
	r.buf = order.AppendUint32(append(r.buf, r.list...), size)
}
