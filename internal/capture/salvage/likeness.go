package salvage

import "encoding/binary"

// likeness is how far a packet's bytes agree with its link type.
type likeness int8

const (
	unlike  likeness = -1 // they contradict it
	neutral likeness = 0  // they say nothing
	like    likeness = 1
	exactly likeness = 2 // and its own headers give its length
)

// Link types that likeness knows (tcpdump.org's list).
const (
	linkNull     = 0
	linkEthernet = 1
	linkRaw      = 101
	linkLoop     = 108
	linkSLL      = 113
	linkIPv4     = 228
	linkIPv6     = 229
	linkSLL2     = 276

	linkUSB       = 189
	linkUSBMapped = 220
	linkDBus      = 231
	linkUSBPcap   = 249
)

// ethernetMin is the length to which short frames are padded, without the
// checksum.
const ethernetMin = 60

// resemble says how far data is a packet of a link type, and how long its own
// headers say that it is on the wire (0 = unknown).
func resemble(link uint16, data []byte) (likeness, int) {
	switch link {
	case linkEthernet:
		return likeEthernet(data)
	case linkRaw, linkIPv4, linkIPv6:
		return likeIP(data, 0)
	case linkNull, linkLoop:
		return likeFamily(data)
	case linkSLL:
		return afterType(data, 14, 16)
	case linkSLL2:
		return afterType(data, 0, 20)
	}
	return neutral, 0
}

func likeEthernet(data []byte) (likeness, int) {
	at := 12
	for range 3 { // VLAN tags
		if t := etherType(data, at); t != 0x8100 && t != 0x88A8 {
			break
		}
		at += 4
	}
	if t := etherType(data, at); len(data) >= at+2 && t <= 1500 { // IEEE 802.3: a length
		return like, at + 2 + int(t)
	}
	return afterType(data, at, at+2)
}

// etherType is that at an offset, 0 beyond the end.
func etherType(data []byte, at int) uint16 {
	if len(data) < at+2 {
		return 0
	}
	return binary.BigEndian.Uint16(data[at:])
}

// afterType reads what is at an offset by the EtherType at another.
func afterType(data []byte, at, head int) (likeness, int) {
	if len(data) < head {
		return neutral, 0
	}
	switch etherType(data, at) {
	case 0x0800, 0x86DD:
		return likeIP(data, head)
	case 0x0806: // ARP
		return like, head + 28
	}
	return neutral, 0
}

// likeFamily reads the header of the BSD loopback: an address family in either
// order.
func likeFamily(data []byte) (likeness, int) {
	if len(data) < 4 {
		return neutral, 0
	}
	family := binary.LittleEndian.Uint32(data)
	if family > 0xFFFF {
		family = binary.BigEndian.Uint32(data)
	}
	switch family {
	case 2, 10, 23, 24, 28, 30:
		return likeIP(data, 4)
	}
	if family > 0xFF {
		return unlike, 0
	}
	return neutral, 0
}

// likeIP reads the lengths of the IP header at an offset (RFC 791, section 3.1; RFC
// 8200, section 3). A length of 0 is that of an offloaded segment.
func likeIP(data []byte, at int) (likeness, int) {
	if len(data) < at+20 {
		return neutral, 0
	}
	length := func(field int) int { return int(binary.BigEndian.Uint16(data[at+field:])) }
	head, n := 40, 0
	switch data[at] >> 4 {
	case 4:
		head, n = int(data[at]&15)*4, length(2)
		if head < 20 || n != 0 && n < head {
			return unlike, 0
		}
	case 6:
		if n = length(4); n != 0 {
			n += head
		}
	default:
		return unlike, 0
	}
	if n == 0 {
		return like, 0
	}
	return exactly, at + n
}

// agrees says how far a packet's captured and original length agree with what
// it is: exact only if its headers give the length that it has.
func agrees(link uint16, data []byte, original int) likeness {
	l, n := resemble(link, data)
	switch {
	case l == unlike || n > original:
		return unlike
	case l == exactly && (n == original || link == linkEthernet && n <= original && original <= max(n+8, ethernetMin+4)):
		return exactly
	case l == exactly:
		return like
	}
	return l
}

// guessed are the link types that a guess tries, the likelier ones first.
var guessed = [...]uint16{linkEthernet, linkRaw, linkSLL, linkSLL2, linkNull}

// linkUnknown is the link type of packets that resemble nothing: LINKTYPE_USER0.
const linkUnknown = 147

// sampled is how many packets are looked at to guess a link type.
const sampled = 16

// guess is which link type packets resemble.
type guess struct {
	packets int
	points  [len(guessed)]int // what speaks for each
}

// add takes in a packet.
func (g *guess) add(data []byte, original uint32) {
	g.packets++
	for i, link := range guessed {
		g.points[i] += int(agrees(link, data, int(original)))
	}
}

// link is the type that most speaks for.
func (g *guess) link() uint16 {
	best, most := uint16(linkUnknown), 0
	for i, points := range g.points {
		if points > most {
			best, most = guessed[i], points
		}
	}
	return best
}
