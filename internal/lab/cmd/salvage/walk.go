package salvage

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

// seen is a packet as a file has it.
type seen struct {
	seconds  uint64
	fraction uint64 // ticks beyond them, or all ticks where their resolution is not a power of ten
	stamped  bool
	original uint32
	data     string
}

// errWalk says that a file's lengths don't lead to its end.
var errWalk = errors.New("the lengths don't lead to the end of the file")

// walk reads a pcap or pcapng file by its lengths alone, and shares no code with the
// reader that it judges. What lengths can't say it takes from the specifications:
// ticks of a pcap file beyond a second are carried, and a simple packet block whose
// original length does not fit it holds what it has room for.
func walk(p []byte) ([]seen, error) {
	if len(p) < pcapHeader {
		return nil, errWalk
	}
	switch magic := binary.LittleEndian.Uint32(p); magic {
	case 0xA1B2C3D4, 0xA1B23C4D, 0xD4C3B2A1, 0x4D3CB2A1:
		return walkRecords(p, magic)
	}
	return walkBlocks(p)
}

func walkRecords(p []byte, magic uint32) (all []seen, err error) {
	order := binary.ByteOrder(binary.LittleEndian)
	if magic&0xFF != 0xD4 && magic&0xFF != 0x4D {
		order, magic = binary.BigEndian, bits.ReverseBytes32(magic)
	}
	rate := uint64(1e6)
	if magic == 0xA1B23C4D {
		rate = 1e9
	}
	for p = p[pcapHeader:]; len(p) > 0; {
		if len(p) < 16 {
			return all, errWalk
		}
		ticks := uint64(order.Uint32(p))*rate + uint64(order.Uint32(p[4:]))
		end := 16 + uint64(order.Uint32(p[8:]))
		if end > uint64(len(p)) {
			return all, errWalk
		}
		all = append(all, seen{ticks / rate, ticks % rate * (1e9 / rate), true, order.Uint32(p[12:]), string(p[16:end])})
		p = p[end:]
	}
	return all, nil
}

// walkedInterface is what walk has to know of an interface.
type walkedInterface struct {
	snap uint32
	rate uint64 // ticks per second
}

func walkBlocks(p []byte) (all []seen, err error) {
	order := binary.ByteOrder(binary.LittleEndian)
	var interfaces []walkedInterface
	for len(p) > 0 {
		if len(p) < 12 {
			return all, errWalk
		}
		if order.Uint32(p) == 0x0A0D0D0A {
			if order = binary.LittleEndian; order.Uint32(p[8:]) != 0x1A2B3C4D {
				order = binary.BigEndian
			}
			interfaces = nil
		}
		n := uint64(order.Uint32(p[4:]))
		if n < 12 || n&3 != 0 || n > uint64(len(p)) || uint64(order.Uint32(p[n-4:])) != n {
			return all, errWalk
		}
		body := p[8 : n-4]
		switch typ := order.Uint32(p); typ {
		case 1:
			interfaces = append(interfaces, walkInterface(body, order))
		case 2, 6:
			id := order.Uint32(body)
			if typ == 2 {
				id = uint32(order.Uint16(body))
			}
			captured := uint64(order.Uint32(body[12:]))
			if uint64(id) >= uint64(len(interfaces)) || captured > uint64(len(body)-20) {
				return all, errWalk
			}
			ticks, rate := uint64(order.Uint32(body[4:]))<<32|uint64(order.Uint32(body[8:])), interfaces[id].rate
			all = append(all, seen{ticks / rate, ticks % rate * (1e9 / rate), true, order.Uint32(body[16:]), string(body[20:][:captured])})
		case 3:
			if len(interfaces) == 0 {
				return all, errWalk
			}
			all = append(all, seen{original: order.Uint32(body), data: string(body[4:][:simpleLength(body, interfaces[0].snap, order)])})
		}
		p = p[n:]
	}
	return all, nil
}

// simpleLength is how many bytes a simple packet block holds: as many as its length
// allows, of the original length cut to the snap length, of the original length, or
// all of its room.
func simpleLength(body []byte, snap uint32, order binary.ByteOrder) uint32 {
	original, room := order.Uint32(body), uint32(len(body)-4)
	if snap == 0 {
		snap = original
	}
	for _, n := range []uint32{min(original, snap), original} {
		if n <= room && n+3 >= room {
			return n
		}
	}
	return room
}

func walkInterface(body []byte, order binary.ByteOrder) walkedInterface {
	i := walkedInterface{order.Uint32(body[4:]), 1e6}
	for options := body[8:]; len(options) >= 4; {
		code, n := order.Uint16(options), int(order.Uint16(options[2:])+3)&^3
		if code == 0 || 4+n > len(options) {
			break
		}
		if code == 9 && options[4] == 9 {
			i.rate = 1e9
		}
		options = options[4+n:]
	}
	return i
}
