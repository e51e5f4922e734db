package etw

import (
	"fmt"
	"slices"
)

// Interface is a capture point as pcapng's interface description has it.
type Interface struct {
	// Name is etl2pcapng's for NDIS: "eth:LOWER:VLAN", "wifi:LOWER", "mbb:LOWER",
	// "vNIC:TYPE:PORT:LOWER:VLAN", "Rras:LOWER:DOMAIN:USER"; for PktMon "eth:COMPONENT",
	// "wifi:COMPONENT", "ip:COMPONENT" and "drop:COMPONENT"; for the WFP "wfp".
	Name        string
	Description string // "LWF over IfIndex 4"; "npcap.sys, Npcap Packet Driver (NPCAP), edge 2 (Lower)"
	LinkType    uint16
	Hardware    []byte // the MAC address, nil where it isn't told
	Packets     int64  // that it saw
	Dropped     bool   // its packets are those that PktMon saw dropped
}

// describe makes the interface of a capture point.
func (s *Survey) describe(l *seen) Interface {
	i := Interface{LinkType: l.at.link, Packets: l.packets}
	switch at := l.at; at.layer {
	case layerNDIS:
		i.Name = ndisName(at)
		if at.lower != at.miniport {
			i.Description = fmt.Sprintf("LWF over IfIndex %d", at.miniport)
		}
	case layerSwitch:
		i.Name = fmt.Sprintf("vNIC:%s:%s:%d:%d", l.port.nic, l.port.port, at.lower, at.vlan)
		i.Description = fmt.Sprintf("LWF over IfIndex %d, VM switch port %d, %s", at.miniport, at.port, l.port.nicName)
	case layerRas:
		i.Name = fmt.Sprintf("Rras:0:%s:%s", l.user.domain, l.user.name)
	case layerWFP:
		i.Name = "wfp"
		i.Description = "Windows Filtering Platform: headers of IP are made up"
	case layerPktMon, layerDropped:
		s.describeComponent(&i, at)
	}
	return i
}

func ndisName(at point) string {
	switch at.link {
	case LinkIEEE80211:
		return fmt.Sprintf("wifi:%d", at.lower)
	case LinkRaw:
		return fmt.Sprintf("mbb:%d", at.lower)
	}
	return fmt.Sprintf("eth:%d:%d", at.lower, at.vlan)
}

// describeComponent fills in the interface of a point of PktMon.
func (s *Survey) describeComponent(i *Interface, at point) {
	prefix := "user"
	switch at.link {
	case LinkEthernet:
		prefix = "eth"
	case LinkIEEE80211:
		prefix = "wifi"
	case LinkRaw:
		prefix = "ip"
	}
	if at.layer == layerDropped {
		prefix, i.Dropped = "drop", true
	}
	i.Name = fmt.Sprintf("%s:%d", prefix, at.component)
	edge := ""
	if c := s.stack.components[at.component]; c != nil {
		i.Description = c.label()
		i.Hardware = slices.Clone(c.hardware)
		edge = c.edges[at.edge]
	}
	if i.Dropped {
		i.Description = join(i.Description, "dropped packets")
		return
	}
	i.Description = join(i.Description, fmt.Sprintf("edge %d", at.edge))
	if edge != "" {
		i.Description += " (" + edge + ")"
	}
}

func join(a, b string) string {
	if a == "" {
		return b
	}
	return a + ", " + b
}
