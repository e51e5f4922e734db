package etw

import "strconv"

// Events of Microsoft-Windows-PktMon that hold packets.
const (
	pktmonPacket    = 160
	pktmonDrop      = 170
	pktmonSameDrop  = 240 // a drop that was told before
	pktmonData4     = 200 // data without headers, of IPv4
	pktmonDataDrop4 = 210
	pktmonData6     = 220 // of IPv6
	pktmonDataDrop6 = 230
)

// dirTag is PktMon's word for where a packet goes.
type dirTag uint16

const (
	dirNone dirTag = iota
	dirIn
	dirOut
	dirRx
	dirTx
	dirIngress // of a VM switch, as is dirEgress: neither tells where the host is
	dirEgress
)

func (d dirTag) direction() Direction {
	switch d {
	case dirIn, dirRx:
		return In
	case dirOut, dirTx:
		return Out
	}
	return Unknown
}

// payloadType is PKTMON_PACKET_TYPE: what a packet begins with, as the component said when
// it was registered. Until build 18xxx 3 was MBB, which is raw IP as well.
type payloadType uint16

const (
	payloadEthernet payloadType = 1
	payloadWiFi     payloadType = 2
	payloadIP       payloadType = 3
)

func (r *reader) readPktMon(e *Event) (bool, error) {
	switch e.ID {
	case pktmonPacket, pktmonDrop, pktmonSameDrop:
		return true, r.readPktMonFrame(e)
	case pktmonData4, pktmonDataDrop4:
		return true, r.readPktMonData(e, 4)
	case pktmonData6, pktmonDataDrop6:
		return true, r.readPktMonData(e, 6)
	}
	return false, nil
}

// readPktMonFrame reads a packet as a component had it.
func (r *reader) readPktMonFrame(e *Event) error {
	c := cursor{rest: e.Data}
	r.p.Grouped = true
	r.p.Group, r.p.Part, r.p.Appearance = c.u64(), c.u16(), c.u16()
	kind := r.place(&c, e.ID != pktmonPacket)
	r.p.again = e.ID == pktmonSameDrop
	logged := r.sizes(&c)
	if err := c.err(); err != nil {
		return err
	}
	r.p.Data = c.rest[:min(logged, len(c.rest))]
	r.p.at.link = linkOf(kind, r.p.Data, r.p.Original)
	if _, clear := snapAt(r.p.Data); clear && r.p.at.link == LinkIEEE80211 {
		r.p.Data = r.unprotect(r.p.Data)
	}
	return nil
}

// place reads which component saw the packet, and where it went.
func (r *reader) place(c *cursor, dropped bool) payloadType {
	r.p.Direction = dirTag(c.u16()).direction()
	kind := payloadType(c.u16())
	r.p.at = point{layer: layerPktMon, component: c.u16(), edge: c.u16()}
	c.u16() // filter
	r.p.Reason, r.p.Location = c.u32(), c.u32()
	if r.p.Dropped = dropped; dropped {
		r.p.at.layer, r.p.at.edge = layerDropped, 0
	} else {
		r.p.Reason, r.p.Location = 0, 0
	}
	return kind
}

// sizes reads how long the packet was and how much of it was logged, bytes.
func (r *reader) sizes(c *cursor) (logged int) {
	r.p.Original, logged = int(c.u16()), int(c.u16())
	r.p.Original = max(r.p.Original, min(logged, len(c.rest)))
	return logged
}

// linkOf is the link type of a packet. What the component says is wrong at the upper edges
// of filters: below the Wi-Fi filter frames are 802.11, above it Ethernet, and a filter
// names one for both. So what the bytes show is believed first.
func linkOf(kind payloadType, data []byte, original int) uint16 {
	stated := uint16(LinkUser)
	switch kind {
	case payloadEthernet:
		stated = LinkEthernet
	case payloadWiFi:
		stated = LinkIEEE80211
	case payloadIP:
		stated = LinkRaw
	}
	if shows(stated, data, original) {
		return stated
	}
	for _, link := range [...]uint16{LinkEthernet, LinkIEEE80211, LinkRaw} {
		if shows(link, data, original) {
			return link
		}
	}
	return stated
}

// shows says whether bytes can't well be anything else than a packet of a link type.
func shows(link uint16, data []byte, original int) bool {
	switch link {
	case LinkEthernet:
		return showsEthernet(data)
	case LinkIEEE80211:
		_, ok := snapAt(data)
		return ok
	case LinkRaw:
		start, version, ok := ipAt(LinkRaw, data)
		return ok && ipLength(version, data[start:]) == original
	}
	return false
}

// showsEthernet looks for a well-known EtherType, and for an IP packet that its version
// fits.
func showsEthernet(data []byte) bool {
	ethertype, start, ok := payloadAt(LinkEthernet, data)
	if !ok {
		return false
	}
	switch ethertype {
	case etherIPv4:
		return start < len(data) && data[start]>>4 == 4
	case etherIPv6:
		return start < len(data) && data[start]>>4 == 6
	case etherARP, 0x8035, 0x8863, 0x8864, 0x888E, 0x88CC, 0x88D9: // RARP, PPPoE, EAPOL, LLDP, LLTD
		return true
	}
	return false
}

// appendDrop says why and where a packet was dropped.
func appendDrop(to []byte, p *Packet) []byte {
	to = append(to, " Drop: "...)
	to = append(to, DropReason(p.Reason)...)
	to = append(to, " (DropReason="...)
	to = strconv.AppendUint(to, uint64(p.Reason), 10)
	to = append(to, " DropLocation=0x"...)
	to = strconv.AppendUint(to, uint64(p.Location), 16)
	return append(to, ')')
}
