package pipeline

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/packet"
)

// protocolNames are the upper-layer protocols that inference knows, by their
// IANA numbers.
var protocolNames = map[uint8]string{
	4: "IPv4", packet.ProtoTCP: "TCP", packet.ProtoUDP: "UDP", 33: "DCCP", packet.ProtoIPv6: "IPv6", 46: "RSVP", 47: "GRE",
	packet.ProtoESP: "ESP", packet.ProtoICMPv6: "ICMPv6", 88: "EIGRP", 89: "OSPF", 103: "PIM", 112: "VRRP", 132: "SCTP",
	packet.ProtoMobility: "Mobility", 136: "UDP-Lite", packet.ProtoHIP: "HIP",
}

func protocolName(n uint8) string {
	if name, ok := protocolNames[n]; ok {
		return fmt.Sprintf("%d (%s)", n, name)
	}
	return fmt.Sprint(n)
}

// ProtocolName returns the name of an upper-layer protocol, or else its number.
func ProtocolName(n uint8) string { return cmp.Or(protocolNames[n], fmt.Sprint(n)) }

// ParseProtocol reads what ProtocolName returns, in any case; numbers are those from
// 1 to 254. What is neither name nor number is an ErrUsage.
func ParseProtocol(text string) (uint8, error) {
	for n, name := range protocolNames {
		if strings.EqualFold(name, text) {
			return n, nil
		}
	}
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil || n == 0 || n == infer.Unknown {
		names := strings.ToLower(strings.Join(slices.Sorted(maps.Values(protocolNames)), ", "))
		return 0, fmt.Errorf("%w: %q is no protocol: a number from 1 to 254, or one of %s", ErrUsage, text, names)
	}
	return uint8(n), nil
}

// withLocal returns the tables with the addresses that the options state as the
// host's own.
func withLocal(s *infer.Snapshot, local []netip.Addr) *infer.Snapshot {
	if len(local) == 0 {
		return s
	}
	var all infer.Snapshot
	if s != nil {
		all = *s
	}
	all.Interfaces = append(slices.Clone(all.Interfaces), infer.Interface{Addresses: local})
	return &all
}
