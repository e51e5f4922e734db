package packet

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// Layout says whose sockaddr is in front of the records of
// LINKTYPE_USER0-15.
type Layout uint8

// The layouts. The systems differ in the address family, which BSD and macOS
// keep in one byte after a length byte.
const (
	LayoutAuto    Layout = iota // by content, where all of it is plausible
	LayoutWindows               // AF_INET6 is 23
	LayoutLinux                 // AF_INET6 is 10
	LayoutBSD                   // AF_INET6 is 24, 28 or 30
	LayoutNone                  // these records are something else
)

var layoutNames = [...]string{"auto", "windows", "linux", "bsd", "none"}

// String returns the name that ParseLayout reads.
func (l Layout) String() string {
	if int(l) < len(layoutNames) {
		return layoutNames[l]
	}
	return fmt.Sprintf("Layout(%d)", uint8(l))
}

// ParseLayout reads the name of a layout: auto, windows, linux, bsd or none.
func ParseLayout(name string) (Layout, error) {
	if i := slices.Index(layoutNames[:], name); i >= 0 {
		return Layout(i), nil
	}
	return LayoutAuto, fmt.Errorf("%q is no layout: auto, windows, linux, bsd or none", name)
}

// Sizes of sockaddr_in and sockaddr_in6 on all systems.
const (
	sockaddr4Len = 16
	sockaddr6Len = 28
)

// decodeSockaddr reads a sockaddr as recvfrom returned it and what comes
// after: upper-layer data after a sockaddr_in6, a whole IPv4 packet after a
// sockaddr_in.
//
// Wrongly taking somebody's own protocol for one would change packets that are
// none of ours. So without a stated layout all fields must be plausible; with
// one the family is enough.
func decodeSockaddr(v *View, data []byte, wireLen int, layout Layout) {
	if len(data) < sockaddr4Len {
		return
	}
	size, layouts := sockaddrKind(be16(data))
	auto := layout == LayoutAuto
	switch {
	case !auto && layouts>>layout&1 == 0 || len(data) < size:
	case size == sockaddr6Len && (!auto || plausibleSockaddr6(data)):
		v.Form, v.Version, v.Proto = Sockaddr6, 6, NoNextHeaderKnown
		copy(v.Src[:], data[8:24])
		v.Zone = binary.LittleEndian.Uint32(data[24:])
		v.place(0, sockaddr6Len, wireLen, len(data))
	case size == sockaddr4Len && (!auto || plausibleSockaddr4(data, wireLen)):
		if decodeIPv4(v, data, sockaddr4Len, wireLen) {
			v.Form, v.Net = Sockaddr4, 0
		}
	}
}

// sockaddrKind tells a sockaddr by its first two bytes, a little-endian family or
// BSD's length and family: its size, 0 if it is none of IP's, and a bit for each
// layout that has it.
func sockaddrKind(first uint16) (size int, layouts uint8) {
	switch first {
	case 23 << 8:
		return sockaddr6Len, 1 << LayoutWindows
	case 10 << 8:
		return sockaddr6Len, 1 << LayoutLinux
	case sockaddr6Len<<8 | 24, sockaddr6Len<<8 | 28, sockaddr6Len<<8 | 30:
		return sockaddr6Len, 1 << LayoutBSD
	case 2 << 8:
		return sockaddr4Len, 1<<LayoutWindows | 1<<LayoutLinux
	case sockaddr4Len<<8 | 2:
		return sockaddr4Len, 1 << LayoutBSD
	}
	return 0, 0
}

// plausibleSockaddr6 reports whether a sockaddr_in6 is one that a raw socket
// returns: no port (some systems put the protocol there), a flow label with at
// most the traffic class above it, and a source address that exists.
func plausibleSockaddr6(data []byte) bool {
	source := Addr(data[8:24])
	return data[2] == 0 && data[4]&0xF0 == 0 && source.InUse() && !source.IsMulticast()
}

// plausibleSockaddr4 reports whether a sockaddr_in has the source address of
// the IPv4 packet after it, and that packet's length the record's.
func plausibleSockaddr4(data []byte, wireLen int) bool {
	p := data[sockaddr4Len:]
	if len(p) < ipv4Len || data[2] != 0 {
		return false
	}
	total := int(be16(p[2:]))
	return [4]byte(data[4:8]) == [4]byte(p[12:16]) &&
		(total == wireLen-sockaddr4Len || total == 0 && p[9] == ProtoTCP)
}
