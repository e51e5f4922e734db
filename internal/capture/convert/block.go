package convert

import (
	"encoding/binary"
	"math"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

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
func (m *maker) begin() {
	m.list = m.list[:0]
	if system := m.of.system(); system != "" {
		m.text(optSystem, system)
	}
	fixed := order.AppendUint32(nil, capture.ByteOrderMagic)
	fixed = append(fixed, 1, 0, 0, 0)
	m.block(capture.TypeSection, order.AppendUint64(fixed, capture.UnstatedLength), nil)
	for n, i := range m.of.interfaces() {
		var addresses []netip.Addr
		if n == 0 {
			addresses = m.of.Addresses()
		}
		m.describe(&i, addresses)
	}
}

// describe makes an interface description. The host's own addresses are given to the first
// one: not every format says whose they are.
func (m *maker) describe(i *iface, addresses []netip.Addr) {
	m.list = m.list[:0]
	if i.name != "" {
		m.text(optName, i.name)
	}
	if i.description != "" {
		m.text(optDescription, i.description)
	}
	for _, a := range addresses {
		m.address(a)
	}
	m.list = capture.AppendOption(m.list, order, capture.OptResol, []byte{resolution})
	fixed := order.AppendUint16(nil, i.linkType)
	m.block(capture.TypeInterface, append(fixed, 0, 0, 0, 0, 0, 0), nil)
}

// address adds one of an interface's own. No network mask is known: all bits are one.
func (m *maker) address(a netip.Addr) {
	if a.Is4() {
		m.list = capture.AppendOption(m.list, order, optIPv4, append(a.AsSlice(), 255, 255, 255, 255))
	} else {
		m.list = capture.AppendOption(m.list, order, optIPv6, append(a.AsSlice(), 128))
	}
}

// packet makes an enhanced packet block.
func (m *maker) packet(p *packet) {
	m.packetOptions(p)
	var fixed [20]byte
	stamp := ticks(p.time)
	order.PutUint32(fixed[0:], uint32(p.iface))
	order.PutUint32(fixed[4:], uint32(stamp>>32))
	order.PutUint32(fixed[8:], uint32(stamp))
	order.PutUint32(fixed[12:], uint32(len(p.data)))
	order.PutUint32(fixed[16:], uint32(max(p.original, len(p.data))))
	m.block(capture.TypeEPB, fixed[:], p.data)
}

// packetOptions makes the list of a packet's options.
func (m *maker) packetOptions(p *packet) {
	m.list = m.list[:0]
	var as *usual
	if int64(p.direction) < int64(len(m.usual)) && len(p.comments) == 1 && !p.hasID {
		if as = &m.usual[p.direction]; as.comment == p.comments[0] && as.list != nil {
			m.list = append(m.list, as.list...)
			return
		}
	}
	for _, c := range p.comments {
		m.text(optComment, c)
	}
	var value [8]byte
	if p.direction != 0 {
		order.PutUint32(value[:], p.direction)
		m.list = capture.AppendOption(m.list, order, capture.OptFlags, value[:4])
	}
	if p.hasID {
		order.PutUint64(value[:], p.id)
		m.list = capture.AppendOption(m.list, order, optPacketID, value[:8])
	}
	if as != nil {
		as.comment, as.list = p.comments[0], append(as.list[:0], m.list...)
	}
}

// end makes the interface statistics block that says what the recorder has lost.
func (m *maker) end() {
	lost := m.of.lost()
	if lost == 0 || len(m.of.interfaces()) == 0 {
		return
	}
	m.list = capture.AppendOption(m.list[:0], order, optIfDrop, order.AppendUint64(nil, lost))
	stamp := ticks(m.p.time)
	fixed := order.AppendUint32(make([]byte, 4), uint32(stamp>>32))
	m.block(capture.TypeStats, order.AppendUint32(fixed, uint32(stamp)), nil)
}

// text adds an option, cut to what one can hold and without what controls a terminal:
// not every tool escapes comments and names that it prints.
func (m *maker) text(code uint16, value string) {
	if strings.ContainsFunc(value, controls) {
		value = strings.Map(func(r rune) rune {
			if controls(r) {
				return utf8.RuneError
			}
			return r
		}, value)
	}
	m.list = capture.AppendOption(m.list, order, code, value[:min(len(value), longest)])
}

// controls reports whether a character is one that a terminal takes for a command.
func controls(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' }

// block adds a block of its fixed part, data and the options of the list.
func (m *maker) block(typ uint32, fixed, data []byte) {
	if len(m.list) > 0 {
		m.list = append(m.list, 0, 0, 0, 0) // opt_endofopt
	}
	size := 8 + len(fixed) + capture.Padded(len(data)) + len(m.list) + capture.TrailerLen
	to := &m.made
	if len(m.over) > 0 || size > cap(m.made)-len(m.made) {
		to = &m.over
	}
	b := order.AppendUint32(order.AppendUint32(*to, typ), uint32(size))
	b = append(append(b, fixed...), data...)
	b = append(b, "\x00\x00\x00"[:capture.Padded(len(data))-len(data)]...)
	*to = order.AppendUint32(append(b, m.list...), uint32(size))
}
