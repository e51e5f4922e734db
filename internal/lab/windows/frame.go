package windows

import (
	"slices"

	"github.com/mendcap/mendcap/internal/lab"
)

// Frame is a packet as it is recorded, and is to be found again.
type Frame struct {
	Time  int64  // FILETIME
	Data  []byte // beginning with the link layer's header
	Out   bool   // sent by the capturing host
	Index int    // of lab.Packet
}

// The addresses of the host's network card and of the router behind it.
var (
	hostMAC   = []byte{0x02, 0, 0, 0, 0, 0x01}
	routerMAC = []byte{0x02, 0, 0, 0, 0, 0x02}
)

// isV6 reports whether an IP packet is one of IPv6.
func isV6(ip []byte) bool { return len(ip) > 0 && ip[0]>>4 == 6 }

// etherType names the protocol of an IP packet, as Ethernet has it.
func etherType(ip []byte) uint16 {
	if isV6(ip) {
		return 0x86DD
	}
	return 0x0800
}

// Ethernet is the frame that holds an IP packet.
func Ethernet(ip []byte, out bool) []byte {
	to, from := hostMAC, routerMAC
	if out {
		to, from = from, to
	}
	b := slices.Concat(to, from)
	return append(be.AppendUint16(b, etherType(ip)), ip...)
}

// Frames are packets in Ethernet frames with the stamps that a clock gives them in a log
// that was begun at start. Two stamps are never alike: of events of two processors that
// are, nobody can tell which came first.
func Frames(packets []lab.Packet, c Clock, start int64) []Frame {
	frames := make([]Frame, 0, len(packets))
	last := c.Ticks(start, start)
	for _, p := range packets {
		ticks := max(c.Ticks(start, FileTime(p.Stamp)), last+1)
		for c.Time(start, ticks) == c.Time(start, last) {
			ticks++
		}
		last = ticks
		frames = append(frames, Frame{Time: c.Time(start, ticks), Data: Ethernet(p.Data, p.Out), Out: p.Out, Index: p.Index})
	}
	return frames
}

// IP is the IP packet in the frame.
func (f *Frame) IP() []byte { return f.Data[ethernetHeader:] }

const ethernetHeader = 14
