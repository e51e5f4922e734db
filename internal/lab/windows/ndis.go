package windows

// NDIS is a layer at which Microsoft-Windows-NDIS-PacketCapture records packets.
type NDIS struct {
	Miniport, Lower uint32 // indexes of interfaces; they are the same at the miniport itself
	GFT             bool   // builds since 1809 append two fields
	PID, TID        uint32
}

var ndisProvider = guid("2ed6006e-4729-4609-b423-3ee7bcd678ef")

const (
	ndisEvent, ndisMetadataEvent, ndisSwitchEvent = 1001, 1002, 1003

	keyEthernet  = 0x1
	keyWWAN      = 0x200
	keyWireless  = 0x1_0000
	keySwitch    = 0x100_0000
	keyTruncated = 0x200_0000
	keyStart     = 0x4000_0000
	keyEnd       = 0x8000_0000
	keySend      = 0x1_0000_0000
	keyReceive   = 0x2_0000_0000
	keyChannel   = 0x8000_0000_0000_0000
)

// direction is the keyword of a packet's direction.
func direction(out bool) uint64 {
	if out {
		return keySend
	}
	return keyReceive
}

// event is one event with a piece of a packet.
func (n NDIS) event(f *Frame, packet, processor int, keyword uint64, piece []byte) Event {
	b := le.AppendUint32(nil, n.Miniport)
	b = le.AppendUint32(b, n.Lower)
	b = append(le.AppendUint32(b, uint32(len(piece))), piece...)
	if n.GFT {
		b = append(b, make([]byte, 16)...)
	}
	return Event{Provider: ndisProvider, ID: ndisEvent, Keyword: keyChannel | direction(f.Out) | keyword, PID: n.PID, TID: n.TID,
		Processor: processor, Time: f.Time, Data: b, Packet: packet}
}

// Whole is the event of a frame since Windows 8.1.
func (n NDIS) Whole(f *Frame, packet, processor int) Event {
	return n.event(f, packet, processor, keyEthernet|keyStart|keyEnd, f.Data)
}

// Cut is the event of a frame of which so many bytes were recorded.
func (n NDIS) Cut(f *Frame, packet, processor, length int) Event {
	return n.event(f, packet, processor, keyEthernet|keyStart|keyEnd|keyTruncated, f.Data[:length])
}

// Raw is the event of an IP packet of a mobile network (WWAN).
func (n NDIS) Raw(f *Frame, packet, processor int) Event {
	return n.event(f, packet, processor, keyWWAN|keyStart|keyEnd, f.IP())
}

// Pieces are the events of a frame until Windows 8: what the driver handed over in
// several buffers, each in an event. The last is at the frame's time, the first at another.
func (n NDIS) Pieces(f *Frame, packet, processor, pieces int, first int64) []Event {
	var list []Event
	for i := range pieces {
		from, to := i*len(f.Data)/pieces, (i+1)*len(f.Data)/pieces
		keyword := uint64(keyEthernet)
		if i == 0 {
			keyword |= keyStart
		}
		if i == pieces-1 {
			keyword |= keyEnd
		}
		e := n.event(f, packet, processor, keyword, f.Data[from:to])
		if i < pieces-1 {
			e.Time = first
		}
		list = append(list, e)
	}
	return list
}

// Wireless are the events of an 802.11 frame that was received: what the card said of it,
// and the frame. Windows records it after decryption, and leaves the Protected bit set.
func (n NDIS) Wireless(f *Frame, packet, processor int) []Event {
	const frameKeys = keyWireless | keyStart | keyEnd
	e := n.event(f, packet, processor, frameKeys, Wireless(f.IP(), f.Out, true))
	if f.Out {
		return []Event{e}
	}
	radio := []byte{0x80, 1, 44, 0} // NDIS_OBJECT_HEADER
	for _, v := range []uint32{0, 7, 5180} {
		radio = le.AppendUint32(radio, v) // flags, PHY (802.11n), frequency
	}
	radio = append(radio, 1, 0, 0, 0) // MPDUs, padding
	strength := int32(-52)
	radio = le.AppendUint32(radio, uint32(strength))
	radio = append(radio, 108)
	radio = append(radio, make([]byte, 44-len(radio))...)
	metadata := n.event(f, packet, processor, frameKeys, radio)
	metadata.ID = ndisMetadataEvent
	return []Event{metadata, e}
}

// Wireless is the 802.11 data frame that holds an IP packet: QoS, through an access point.
func Wireless(ip []byte, out, protected bool) []byte {
	const dataQoS, toDS, fromDS, isProtected = 0x88, 0x01, 0x02, 0x40
	flags := byte(fromDS)
	if out {
		flags = toDS
	}
	if protected {
		flags |= isProtected
	}
	b := []byte{dataQoS, flags, 0x30, 0}
	for _, mac := range [][]byte{hostMAC, routerMAC, routerMAC} {
		b = append(b, mac...)
	}
	b = append(b, 0x40, 1, 0, 0)             // sequence, QoS
	b = append(b, 0xAA, 0xAA, 0x03, 0, 0, 0) // LLC, SNAP
	return append(be.AppendUint16(b, etherType(ip)), ip...)
}

// Switch is the event of a frame at a port of a VM switch, in a VLAN. Copies is how many
// ports it goes out to; it is 0 for what comes in.
func (n NDIS) Switch(f *Frame, packet, processor int, port uint32, vlan uint16, copies int, narrow bool) Event {
	e := n.event(f, packet, processor, keyEthernet|keySwitch|keyStart|keyEnd, nil)
	b := le.AppendUint32(nil, n.Miniport)
	b = le.AppendUint32(b, n.Lower)
	names := func() {
		for _, s := range []string{"port-guid", "Network Adapter", "Synthetic"} {
			b = append(b, text(s)...)
		}
	}
	b = le.AppendUint32(b, port)
	names()
	b = le.AppendUint32(b, uint32(copies))
	for i := range copies {
		b = le.AppendUint32(b, port+1+uint32(i))
		names()
	}
	b = append(le.AppendUint32(b, uint32(len(f.Data))), f.Data...)
	// NET_BUFFER_LIST_INFO: an array of pointers; 4 is 802.1Q, 8 the hash.
	const values, vlanAt, hashAt = 28, 4, 8
	width := 8
	if narrow {
		width = 4
	}
	info := make([]byte, values*width)
	le.PutUint32(info[vlanAt*width:], uint32(vlan)<<4)
	le.PutUint32(info[hashAt*width:], 0xCAFE_F00D)
	e.Data, e.ID, e.Narrow = append(le.AppendUint32(b, uint32(len(info))), info...), ndisSwitchEvent, narrow
	return e
}

var rasProvider = guid("d84521f7-2235-4237-a7c0-14e3a9676286")

// Ras is the event of Microsoft-Windows-Ras-NdisWanPacketCapture: a frame of a tunnel
// that ends at the host.
func Ras(f *Frame, packet, processor int) Event {
	const sent, received = 5001, 5002
	id := uint16(received)
	if f.Out {
		id = sent
	}
	b := append(text("{00000000-0000-0000-0000-000000000000}"), text(`LAB\user`)...)
	b = append(le.AppendUint32(b, uint32(len(f.Data))), f.Data...)
	return Event{Provider: rasProvider, ID: id, PID: 4, TID: 72, Processor: processor, Time: f.Time, Data: b, Packet: packet}
}
