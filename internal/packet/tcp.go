package packet

const (
	tcpLen      = 20 // without options
	maxTCPShift = 14 // RFC 7323, section 2.3
)

// TCP is what a TCP header says (RFC 9293, section 3.1).
type TCP struct {
	SrcPort, DstPort uint16
	Seq, Ack         uint32
	HeaderLen        int    // bytes, options included
	Bits             uint16 // the 12 bits after the data offset: 4 reserved, CWR to FIN
	Window, Checksum uint16
	PayloadLen       int // on the wire, bytes

	// Options; of an option that is there more than once, the last.
	MSS           uint16 // 0 without one
	WindowShift   int8   // at most 14 (RFC 7323, section 2.3); -1 without one
	SACKPermitted bool
	HasTS         bool // TSval and TSecr are there
	TSval, TSecr  uint32
	SACKs         uint8        // blocks in SACK
	SACK          [4][2]uint32 // left and right edge
}

// ParseTCP fills t from the captured bytes of a segment of wireLen bytes. It
// reports false if fewer than 20 bytes were captured, or if the data offset is
// below 5 or beyond the segment. Options are read as far as they were
// captured; a length that is impossible ends them.
func ParseTCP(t *TCP, seg []byte, wireLen int) bool {
	if len(seg) < tcpLen {
		return false
	}
	h := seg[:tcpLen]
	headerLen := int(h[12]>>4) * 4
	if headerLen < tcpLen || headerLen > wireLen {
		return false
	}
	*t = TCP{
		SrcPort: be16(h), DstPort: be16(h[2:]),
		Seq: be32(h[4:]), Ack: be32(h[8:]),
		HeaderLen: headerLen, Bits: be16(h[12:]) & 0x0FFF,
		Window: be16(h[14:]), Checksum: be16(h[16:]),
		PayloadLen: wireLen - headerLen, WindowShift: -1,
	}
	t.parseOptions(seg[tcpLen:min(headerLen, len(seg))])
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
func (t *TCP) parseOptions(b []byte) {
	const aligned = optNop<<24 | optNop<<16 | optTimestamps<<8 | 10
	if len(b) == 12 && be32(b) == aligned { // nearly every segment of a flow with timestamps
		t.HasTS, t.TSval, t.TSecr = true, be32(b[4:]), be32(b[8:])
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
		t.option(kind, b[2:size])
		b = b[size:]
	}
}

// option notes one option; one of a known kind with another length than its
// own is passed over.
func (t *TCP) option(kind uint8, value []byte) {
	switch {
	case kind == optMSS && len(value) == 2:
		t.MSS = be16(value)
	case kind == optWindowScale && len(value) == 1:
		t.WindowShift = int8(min(value[0], maxTCPShift))
	case kind == optSACKPermitted && len(value) == 0:
		t.SACKPermitted = true
	case kind == optTimestamps && len(value) == 8:
		t.HasTS, t.TSval, t.TSecr = true, be32(value), be32(value[4:])
	case kind == optSACK && len(value) > 0 && len(value)%8 == 0:
		t.SACKs, t.SACK = 0, [4][2]uint32{}
		for ; len(value) > 0 && int(t.SACKs) < len(t.SACK); value = value[8:] {
			t.SACK[t.SACKs] = [2]uint32{be32(value), be32(value[4:])}
			t.SACKs++
		}
	}
}
