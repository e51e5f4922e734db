package etw

import "net/netip"

// Events of Microsoft-Pef-WFP-MessageProvider, which Message Analyzer used. Addresses are
// in network order, all else is little-endian, and nothing is aligned.
const (
	wfpPiece       = 2000 // of the user data of another event
	wfpPacket4     = 60011
	wfpFlowPacket4 = 60012 // with the flow's id
	wfpPacket6     = 60021
	wfpFlowPacket6 = 60022
	wfpConnection4 = 60031
	wfpConnection6 = 60041
	wfpDiscard     = 60050
)

// WFPEvent is the event of the WFP provider whose user data the frames of a media type of
// Network Monitor hold: 0xE083 to 0xE088.
func WFPEvent(media uint16) (id uint16, ok bool) {
	switch media {
	case 0xE083:
		return wfpPacket4, true
	case 0xE084:
		return wfpPacket6, true
	case 0xE085:
		return wfpFlowPacket4, true
	case 0xE086:
		return wfpFlowPacket6, true
	case 0xE087:
		return wfpConnection4, true
	case 0xE088:
		return wfpConnection6, true
	}
	return 0, false
}

// wfpMessage is a packet of the Windows Filtering Platform: what IP carries, and what is
// known of IP.
type wfpMessage struct {
	endpoints
	transport []byte // the transport header and what follows, as far as it is there
	length    int    // of all of it
}

// parseWFP reads the user data of an event with a packet. ok is false for other events.
func parseWFP(id uint16, data []byte) (m wfpMessage, ok bool, err error) {
	version, flow := 4, false
	switch id {
	case wfpPacket4:
	case wfpFlowPacket4:
		flow = true
	case wfpPacket6:
		version = 6
	case wfpFlowPacket6:
		version, flow = 6, true
	default:
		return m, false, nil
	}
	c := cursor{rest: data}
	m.source, m.destination, m.protocol = c.address(version), c.address(version), c.u8()
	if flow {
		c.u64()
	}
	m.length = int(c.u16())
	if err := c.err(); err != nil {
		return m, true, err
	}
	if m.length == 0 { // up to the end
		m.length = len(c.rest)
	}
	m.transport = c.rest[:min(m.length, len(c.rest))]
	return m, true, nil
}

// AppendWFP appends the IP packet whose transport data an event of the WFP provider holds
// as user data: its header is made up around them from the addresses and the protocol that
// the event states, and made says what of it was not stated. original is how long the
// packet was, bytes. Checksums of the transport data are left as they are: the network
// card was to fill them in. Events without a packet, as those of connections, give
// nothing; ones that end too early give an error.
func AppendWFP(to []byte, id uint16, data []byte) (packet []byte, original int, made []byte, err error) {
	m, ok, err := parseWFP(id, data)
	if err != nil || !ok {
		return to, 0, nil, err
	}
	packet, original, made = m.appendPacket(to)
	return packet, original, made, nil
}

func (m *wfpMessage) appendPacket(to []byte) (packet []byte, original int, made []byte) {
	start := len(to)
	to, made = m.appendIP(to, m.protocol, m.length)
	original = len(to) - start + m.length
	return append(to, m.transport...), original, made
}

func (r *reader) readWFP(e *Event) (bool, error) {
	id, data, err := r.wholeWFP(e)
	if err != nil {
		return false, err
	}
	m, ok, err := parseWFP(id, data)
	if err != nil || !ok {
		return false, err
	}
	r.p.at = point{layer: layerWFP, link: LinkRaw}
	r.p.Direction = directionOf(e.Keyword)
	r.data, r.p.Original, r.p.Made = m.appendPacket(r.data[:0])
	r.p.Data = r.data
	r.p.again = r.recent.again(&m, r.p.Direction, e.Time)
	return true, nil
}

// wholeWFP gives the event that e is, or that it makes whole: user data that don't fit
// into one event come in pieces. It gives the event 0 while pieces are missing.
func (r *reader) wholeWFP(e *Event) (id uint16, data []byte, err error) {
	if e.ID != wfpPiece {
		return e.ID, e.Data, nil
	}
	c := cursor{rest: e.Data}
	id = c.u16()
	group := c.u32()
	piece := c.take(int(c.u32()))
	if err := c.err(); err != nil {
		return 0, nil, err
	}
	whole, ok := r.parts.join(group, piece, e.Keyword&keywordStart != 0, e.Keyword&keywordEnd != 0)
	if !ok {
		return 0, nil, nil
	}
	return id, whole, nil
}

// Connection is what the WFP told when a connection was authorised, or a first datagram.
// No trace with such events was seen: that the source of an inbound one is the remote end
// is what the names of the fields say.
type Connection struct {
	Source, Destination netip.AddrPort
	Protocol            uint8
	Direction           Direction
	PID                 uint64
	Path                string // of the program, as the kernel names it: \device\harddiskvolume1\...
	Time                int64  // FILETIME
}

// Local is the end of this host.
func (c *Connection) Local() netip.AddrPort {
	if c.Direction == In {
		return c.Destination
	}
	return c.Source
}

// Remote is the other end.
func (c *Connection) Remote() netip.AddrPort {
	if c.Direction == In {
		return c.Source
	}
	return c.Destination
}

// ReadConnection reads the user data of an event of the WFP provider about a connection.
// ok is false for other events.
func ReadConnection(id uint16, data []byte, time int64) (conn Connection, ok bool, err error) {
	version := 4
	switch id {
	case wfpConnection4:
	case wfpConnection6:
		version = 6
	default:
		return conn, false, nil
	}
	c := cursor{rest: data}
	source, destination := c.address(version), c.address(version)
	conn.Source = netip.AddrPortFrom(source, c.u16())
	conn.Destination = netip.AddrPortFrom(destination, c.u16())
	c.u64() // LUID of the interface
	conn.Direction = Out
	if c.u8() != 0 { // FWP_DIRECTION of fwptypes.h: 0 outbound, 1 inbound
		conn.Direction = In
	}
	conn.Protocol = c.u8()
	c.u64() // flow
	conn.PID = c.u64()
	conn.Path = decodeText(untilNUL(c.take(int(c.u16()))))
	conn.Time = time
	return conn, true, c.err()
}

// untilNUL is UTF-16 text before its first NUL.
func untilNUL(text []byte) []byte {
	c := cursor{rest: text}
	if before := c.utf16z(); !c.short {
		return before
	}
	return text
}
