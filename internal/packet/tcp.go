package packet

import "github.com/mendcap/mendcap/internal/tcp"

const (
	tcpLen      = 20 // without options
	maxTCPShift = 14 // RFC 7323, section 2.3
)

// ParseTCP fills s with what the captured bytes of a segment of wireLen bytes say (RFC
// 9293, section 3.1), and leaves alone what they don't: when it was recorded, its flow and
// its IP header. It reports false if fewer than 20 bytes were captured, or if the data
// offset is below 5 or beyond the segment. Options are read as far as they were captured;
// a length that is impossible ends them. Of one that is there more than once the last counts.
func ParseTCP(s *tcp.Segment, seg []byte, wireLen int) bool {
	if len(seg) < tcpLen {
		return false
	}
	h := seg[:tcpLen]
	headerLen := int(h[12]>>4) * 4
	if headerLen < tcpLen || headerLen > wireLen {
		return false
	}
	s.Seq, s.Ack = tcp.Seq(be32(h[4:])), tcp.Seq(be32(h[8:]))
	s.Bits, s.Window, s.Sum = tcp.Bits(be16(h[12:])&0x0FFF), be16(h[14:]), be16(h[16:])
	s.Len = uint32(wireLen - headerLen)
	s.MSS, s.WindowShift, s.SACKPermitted, s.HasTS, s.SACKs = 0, -1, false, false, 0
	parseOptions(s, seg[tcpLen:min(headerLen, len(seg))])
	return true
}

// Kinds of TCP options in IANA's list.
const (
	optEnd           = 0
	optNop           = 1
	optMSS           = 2
	optWindowScale   = 3
	optSACKPermitted = 4
	optSACK          = 5
	optTimestamps    = 8
)

// parseOptions reads options to their end, or to one whose length is
// impossible or which was not captured whole.
func parseOptions(s *tcp.Segment, b []byte) {
	const aligned = optNop<<24 | optNop<<16 | optTimestamps<<8 | 10
	if len(b) == 12 && be32(b) == aligned { // nearly every segment of a flow with timestamps
		s.HasTS, s.TSval, s.TSecr = true, be32(b[4:]), be32(b[8:])
		return
	}
	for len(b) > 0 {
		kind := b[0]
		if kind == optNop {
			b = b[1:]
			continue
		}
		if kind == optEnd || len(b) < 2 {
			return
		}
		size := int(b[1])
		if size < 2 || size > len(b) {
			return
		}
		parseOption(s, kind, b[2:size])
		b = b[size:]
	}
}

// parseOption notes one option; one of a known kind with another length than its
// own is passed over.
func parseOption(s *tcp.Segment, kind uint8, value []byte) {
	switch {
	case kind == optMSS && len(value) == 2:
		s.MSS = be16(value)
	case kind == optWindowScale && len(value) == 1:
		s.WindowShift = int8(min(value[0], maxTCPShift))
	case kind == optSACKPermitted && len(value) == 0:
		s.SACKPermitted = true
	case kind == optTimestamps && len(value) == 8:
		s.HasTS, s.TSval, s.TSecr = true, be32(value), be32(value[4:])
	case kind == optSACK && len(value) > 0 && len(value)%8 == 0:
		s.SACKs, s.SACK = 0, [tcp.MaxSACK]tcp.Range{}
		for ; len(value) > 0 && s.SACKs < tcp.MaxSACK; value = value[8:] {
			s.SACK[s.SACKs] = tcp.Range{Left: tcp.Seq(be32(value)), Right: tcp.Seq(be32(value[4:]))}
			s.SACKs++
		}
	}
}
