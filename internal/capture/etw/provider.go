package etw

import "encoding/binary"

// The providers whose packets are read.
var (
	NDISPacketCapture = newGUID(0x2ed6006e, 0x4729, 0x4609, 0xb4233ee7bcd678ef)
	RasNdisWan        = newGUID(0xd84521f7, 0x2235, 0x4237, 0xa7c014e3a9676286)
	PktMon            = newGUID(0x4d4f80d9, 0xc8bd, 0x4d73, 0xbb5b19c90402c5ac)
	WFP               = newGUID(0xc22d1b14, 0xc242, 0x49de, 0x9f171d76b8b9c458)
)

// names are those of providers that traces of the network often hold.
var names = map[GUID]string{
	NDISPacketCapture: "Microsoft-Windows-NDIS-PacketCapture",
	RasNdisWan:        "Microsoft-Windows-Ras-NdisWanPacketCapture",
	PktMon:            "Microsoft-Windows-PktMon",
	WFP:               "Microsoft-Pef-WFP-MessageProvider",
	newGUID(0x2f07e2ee, 0x15db, 0x40f1, 0x90ef9d7ba282188a): "Microsoft-Windows-TCPIP",
	newGUID(0xe53c6823, 0x7bb8, 0x44bb, 0x90dc3f86090d48a6): "Microsoft-Windows-Winsock-AFD",
	newGUID(0x7dd42a49, 0x5329, 0x4832, 0x8dfd43d979153a88): "Microsoft-Windows-Kernel-Network",
	newGUID(0x9a280ac0, 0xc8e0, 0x11d1, 0x84e200c04fb998a2): "TcpIp of the kernel logger",
	newGUID(0xbf3a50c5, 0xa9c9, 0x4988, 0xa0052df0b7c80f80): "UdpIp of the kernel logger",
	newGUID(0x68fdd900, 0x4a3e, 0x11d1, 0x84f40000f80464e3): "EventTrace of the kernel logger",
	newGUID(0x9b79ee91, 0xb5fd, 0x41c0, 0xa2434248e266e9d0): "SystemConfigEx of the kernel logger",
	newGUID(0xbbccf6c1, 0x6cd1, 0x48c4, 0x80ff839482e37671): "metadata of events",
}

// ProviderName is the name of a provider where it is known, and its GUID where not.
func ProviderName(g GUID) string {
	if name, ok := names[g]; ok {
		return name
	}
	return "provider " + g.String()
}

// newGUID makes a GUID of its four parts, the last of which is written as two.
func newGUID(a uint32, b, c uint16, d uint64) (g GUID) {
	binary.LittleEndian.PutUint32(g[:], a)
	binary.LittleEndian.PutUint16(g[4:], b)
	binary.LittleEndian.PutUint16(g[6:], c)
	binary.BigEndian.PutUint64(g[8:], d)
	return g
}
