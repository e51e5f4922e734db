package etw

import (
	"strconv"
	"strings"
	"sync"
)

// The providers whose events tell of the network without holding its packets.
var (
	TCPIP         = newGUID(0x2f07e2ee, 0x15db, 0x40f1, 0x90ef9d7ba282188a)
	WinsockAFD    = newGUID(0xe53c6823, 0x7bb8, 0x44bb, 0x90dc3f86090d48a6)
	KernelNetwork = newGUID(0x7dd42a49, 0x5329, 0x4832, 0x8dfd43d979153a88)

	classTCP = newGUID(0x9a280ac0, 0xc8e0, 0x11d1, 0x84e200c04fb998a2) // of the kernel logger
	classUDP = newGUID(0xbf3a50c5, 0xa9c9, 0x4988, 0xa0052df0b7c80f80)
)

// isWitness reports whether a provider's events are read by a Witness.
func isWitness(provider GUID) bool {
	switch provider {
	case TCPIP, WinsockAFD, KernelNetwork, classTCP, classUDP:
		return true
	}
	return false
}

// published are the layouts in the manifests of Windows 7 to 11, for traces that don't
// state their own. A newer version of an event is there only where it doesn't just append
// fields.
var published = sync.OnceValue(func() map[layoutKey]layout {
	all := make(map[layoutKey]layout)
	add := func(provider GUID, fields string, ids ...uint16) {
		for _, id := range ids {
			all[layoutKey{provider, id, 0}] = parseLayout(fields)
		}
	}
	const (
		ends      = " 4:LocalAddressLength b:LocalAddress 4:RemoteAddressLength b:RemoteAddress "
		sockets   = " 4:LocalSockAddrLength b:LocalSockAddr 4:RemoteSockAddrLength b:RemoteSockAddr "
		afd       = "4:EnterExit 4:Location p:Process p:Endpoint "
		afdTaking = afd + "4:BufferCount p:Buffer 4:BufferLength 4:Status 4:AddressLen b:Address"
		kernel4   = "4:PID 4:size 4:daddr 4:saddr 2:dport 2:sport"
		kernel6   = "4:PID 4:size 16:daddr 16:saddr 2:dport 2:sport"
	)
	add(TCPIP, "p:Tcb"+ends+"4:NewState 4:RexmitCount", 1002)
	add(TCPIP, ends+"4:Status 4:ProcessId 4:Compartment p:Tcb", 1017, 1031, 1033, 1038, 1039, 1040, 1043, 1044, 1046)
	add(TCPIP, "p:Tcb"+ends+"4:State 4:Pid", 1300)
	add(TCPIP, "p:Tcb "+counters1477+ends, 1477)
	add(TCPIP, "p:Tcb 4:NumBytes 4:SeqNo", tcpipReceived)
	add(TCPIP, "p:Tcb 4:State 4:FastPath p:Nbl 4:ThSeq 4:ThAck", tcpipHeader)
	add(TCPIP, "p:Tcb 4:Cwnd 4:SSThresh 4:RttSample 4:NumBytes 4:SeqNo", tcpipSent)
	add(TCPIP, "p:Tcb 4:Cwnd 4:SndWnd 4:BytesSent 4:SeqNo", tcpipSentNext, tcpipSentCTCP)
	add(TCPIP, "p:Endpoint 4:NumMessages 4:NumBytes"+sockets+"4:Pid", 1169, 1170)
	add(TCPIP, "p:Endpoint 4:IpProtocol 4:NumMessages 4:NumBytes"+sockets, 1528, 1529)
	add(WinsockAFD, afd+"4:AddressFamily 4:SocketType 4:Protocol p:ProcessId 4:Status", 1000)
	add(WinsockAFD, afd+"4:Status 4:AddressLen b:Address", 1030)
	add(WinsockAFD, afdTaking, afdReceiveFrom, afdReceiveMessage)
	add(WinsockAFD, afd+"p:Buffer 4:BufferLength 4:AddressLen b:Address", afdGiven)
	add(KernelNetwork, kernel4, 10, 11, 12, 13, 14, 15, 16, 18, 42, 43)
	add(KernelNetwork, kernel6, 26, 27, 28, 29, 30, 31, 32, 34, 58, 59)
	return all
})

// counters1477 are what comes before the addresses of a connection's summary, by their
// lengths alone.
const counters1477 = "8: 8: 8: 8: 8: 8: 4: 4: 4: 4: 4: 4: 4: 4: 4: 4: 4: 4: 8: 4: 4: 8: 4: 4: 8: 8: 4: 4: 4: 4: 4: 4: 4:"

// parseLayout reads a layout of fields like "p:Tcb", each its form and its name: p a
// pointer, b bytes whose number the field before states, else how long it is.
func parseLayout(text string) layout {
	var l layout
	for i, one := range strings.Fields(text) {
		how, name, _ := strings.Cut(one, ":")
		f := field{role: roleOf(name)}
		switch how {
		case "p":
			f.form = formPointer
		case "b":
			f.form, f.by = formCounted, i-1
		default:
			f.form = formFixed
			f.length, _ = strconv.Atoi(how)
		}
		l = append(l, f)
	}
	return l
}
