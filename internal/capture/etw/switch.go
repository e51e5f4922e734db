package etw

import "strconv"

// switchPort is where a packet came from that a VM switch forwards. Its texts are UTF-16
// of the event.
type switchPort struct {
	id                     uint32
	portName, nicName, nic []byte
	destinations           uint32
	vlan                   uint16
	hash                   uint32 // of receive side scaling
}

// Indices into NET_BUFFER_LIST_INFO (nblinfo.h), of which each is a pointer wide.
const (
	info8021Q = 4
	infoHash  = 8
)

// read goes over the fields before FragmentSize. The manifest's types for them are wrong:
// what is told here was counted in 1,635 events.
func (p *switchPort) read(c *cursor) {
	*p = switchPort{id: c.u32(), portName: c.utf16z(), nicName: c.utf16z(), nic: c.utf16z()}
	p.destinations = c.u32()
	for n := uint32(0); n < p.destinations && !c.short; n++ {
		c.u32() // port, its name, the card's name and type
		c.utf16z()
		c.utf16z()
		c.utf16z()
	}
}

// readOOB goes over the data that accompany the packet out of band. They may be missing: a
// packet is one without them.
func (p *switchPort) readOOB(c *cursor, narrow bool) {
	oob := cursor{rest: c.take(int(c.u32()))}
	width := 8
	if narrow {
		width = 4
	}
	for index := 0; index <= infoHash && len(oob.rest) >= width; index++ {
		value := cursor{rest: oob.take(width)}
		switch low := value.u32(); index {
		case info8021Q:
			p.vlan = uint16(low >> 4 & 0xFFF) // after the priority and a bit that is 0
		case infoHash:
			p.hash = low
		}
	}
}

// appendComment appends what is known of the port in etl2pcapng's form.
func (p *switchPort) appendComment(to []byte, vlan uint16) []byte {
	to = append(to, " VlanId="...)
	to = strconv.AppendUint(to, uint64(vlan), 10)
	to = append(to, " SrcPortId="...)
	to = strconv.AppendInt(to, int64(int32(p.id)), 10)
	to = appendText(append(to, " SrcNicType="...), p.nic)
	to = appendText(append(to, " SrcNicName="...), p.nicName)
	to = appendText(append(to, " SrcPortName="...), p.portName)
	if p.destinations > 0 {
		to = append(to, " DstNicCount="...)
		to = strconv.AppendUint(to, uint64(p.destinations), 10)
	}
	to = append(to, " HashValue="...)
	const digits = 8
	for shift := 4 * (digits - 1); shift >= 0; shift -= 4 {
		to = append(to, "0123456789abcdef"[p.hash>>shift&15])
	}
	return to
}
