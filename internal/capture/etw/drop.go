package etw

import "strconv"

// dropReasons are those of PktMon (Microsoft's parser for Network Monitor), from which
// other components have numbers beyond.
var dropReasons = map[uint32]string{
	0:   "Unspecified",
	1:   "Invalid data",
	2:   "Invalid packet",
	3:   "Insufficient resources",
	4:   "Adapter not ready",
	5:   "Media disconnected",
	6:   "Not accepted",
	7:   "Device busy",
	8:   "Filtered",
	9:   "Filtered VLAN",
	10:  "Unauthorized VLAN",
	11:  "Unauthorized MAC",
	12:  "Failed security policy",
	13:  "Failed pVLAN setting",
	14:  "QoS drop",
	15:  "IPsec drop",
	16:  "Spoofed MAC address",
	17:  "Failed DHCP guard",
	18:  "Failed router guard",
	19:  "Bridge inside a VM",
	20:  "Virtual subnet ID does not match",
	21:  "Required vSwitch extension is missing",
	22:  "vSwitch over another vSwitch",
	23:  "MTU mismatch",
	24:  "Native forwarding required",
	25:  "Invalid VLAN format",
	26:  "Invalid destination MAC",
	27:  "Invalid source MAC",
	28:  "First buffer too small",
	29:  "Windows Network Virtualization error",
	30:  "Storm limit exceeded",
	31:  "ICMP request injected by switch",
	32:  "Failed to update destination list",
	33:  "Destination NIC is disabled",
	34:  "Packet does not match destination NIC's filter",
	35:  "vSwitch data flow is disabled",
	36:  "Port isolation does not allow untagged traffic",
	37:  "Invalid PD queue",
	38:  "Adapter is in low power state",
	101: "Adapter paused",
	102: "Adapter reset in progress",
	103: "Send aborted",
	104: "Unsupported EtherType",
	201: "Microport error",
	202: "VF not ready",
	203: "Microport not ready",
	204: "VMBus error",
}

// DropReason is what a reason of PktMon's means, "reason N" where that isn't known.
func DropReason(reason uint32) string {
	if s, ok := dropReasons[reason]; ok {
		return s
	}
	return "reason " + strconv.FormatUint(uint64(reason), 10)
}
