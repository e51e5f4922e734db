package witness

import (
	"github.com/mendcap/mendcap/internal/lab"
)

// sockaddr is SOCKADDR_IN6 of an address.
func sockaddr(address []byte) []byte {
	return put(nil, uint16(23), uint16(0), uint32(0), address, uint32(0))
}

// given is what TCPIP says of a packet that a raw socket is given.
func given(ip []byte, socket uint64) entry {
	return entry{kind{tcpip, rawReceive}, []field{
		{name: "Endpoint", kind: pointerType, value: socket},
		{name: "IpProtocol", kind: int32Type, value: uint32(ip[6])},
		{name: "NumMessages", kind: int32Type, value: uint32(1)},
		{name: "NumBytes", kind: int32Type, value: uint32(len(ip) - 40)},
		{name: "LocalSockAddrLength", kind: int32Type, value: uint32(28)},
		{name: "LocalSockAddr", kind: binaryType, value: sockaddr(ip[24:40]), before: true},
		{name: "RemoteSockAddrLength", kind: int32Type, value: uint32(28)},
		{name: "RemoteSockAddr", kind: binaryType, value: sockaddr(ip[8:24]), before: true},
	}}
}

// Raw sockets in AFD: the capture's, and another process's.
const (
	ownEndpoint   uint64 = 0xffffcb0000007700
	otherEndpoint uint64 = 0xffffcb0000008800
)

// passage is what AFD says of a packet that comes into a raw socket or goes out of it,
// as the call begins and as it ends. A program's call begins without a packet.
func passage(p *lab.Packet, id uint16, endpoint uint64) (begins, ends entry) {
	event := func(exit uint32, length int, address []byte) entry {
		fields := []field{
			{name: "EnterExit", kind: int32Type, value: exit},
			{name: "Location", kind: int32Type, value: uint32(3000) + exit},
			{name: "Process", kind: pointerType, value: uint64(0xffffcb0000001000)},
			{name: "Endpoint", kind: pointerType, value: endpoint},
		}
		if id != intoSocket {
			fields = append(fields, field{name: "BufferCount", kind: int32Type, value: uint32(1)})
		}
		fields = append(fields,
			field{name: "Buffer", kind: pointerType, value: uint64(0xffffcb0000009000)},
			field{name: "BufferLength", kind: int32Type, value: uint32(length)})
		if id != intoSocket {
			fields = append(fields, field{name: "Status", kind: int32Type, value: uint32(0)})
		}
		fields = append(fields,
			field{name: "AddressLen", kind: int32Type, value: uint32(len(address))},
			field{name: "Address", kind: binaryType, value: address, before: true})
		return entry{kind{afd, id}, fields}
	}
	from := sockaddr(p.Data[8:24])
	if id == intoSocket {
		return event(0, len(p.Data)-40, from), event(1, len(p.Data)-40, from)
	}
	return event(0, 65535, nil), event(1, len(p.Data)-40, from)
}
