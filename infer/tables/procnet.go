package tables

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/infer"
	"github.com/mendcap/mendcap/internal/packet"
)

// The files of Linux' /proc/net. Socket tables have addresses as words in the
// host's byte order, which is taken to be little-endian; the others have them
// as they are on the wire.

// procSocket reads a row of tcp, tcp6, udp or udp6: "N:", two endpoints in
// hex, the state in hex.
func procSocket(c *collector, fields []string) (why string) {
	slot, colon := strings.CutSuffix(fields[0], ":")
	if !colon || !isInteger(slot) || !isHexEnd(fields[1]) || !isHexEnd(fields[2]) || len(fields[3]) != 2 {
		return whyUnknown
	}
	local, ok := hexEnd(fields[1])
	remote, isRemote := hexEnd(fields[2])
	state, err := strconv.ParseUint(fields[3], 16, 8)
	if !ok || !isRemote || err != nil || local.Port == 0 {
		return whyName
	}
	name := ""
	isUDP := len(fields) == udpColumns
	if !isUDP && int(state) < len(linuxStates) {
		name = linuxStates[state]
	}
	return c.socket(isUDP, end{Endpoint: local}, end{Endpoint: remote}, name, 0)
}

// udpColumns is how many a row of udp or udp6 has; of tcp and tcp6 they are 12
// for what is closing down, else 17.
const udpColumns = 13

func isHexEnd(token string) bool {
	host, port, ok := strings.Cut(token, ":")
	return ok && len(port) == 4 && (len(host) == 8 || len(host) == 32)
}

// linuxStates are the kernel's numbers of a socket's states.
var linuxStates = [...]string{
	"", "ESTAB", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "CLOSED", "CLOSE-WAIT",
	"LAST-ACK", "LISTEN", "CLOSING", "NEW-SYN-RECV",
}

// hexEnd reads an endpoint. An address outside all that is in use comes from a
// host of the other byte order.
func hexEnd(token string) (endpoint infer.Endpoint, ok bool) {
	host, port, _ := strings.Cut(token, ":")
	n, err := strconv.ParseUint(port, 16, 16)
	raw, hexErr := hex.DecodeString(host)
	if err != nil || hexErr != nil {
		return endpoint, false
	}
	for i := 0; i < len(raw); i += 4 {
		binary.BigEndian.PutUint32(raw[i:], binary.LittleEndian.Uint32(raw[i:]))
	}
	address, ok := netip.AddrFromSlice(raw)
	address = address.Unmap()
	return infer.Endpoint{Address: specified(address), Port: uint16(n)}, ok && (address.Is4() || packet.AddrOf(address).InUse())
}

// hexAddress reads 32 hex digits in network order.
func hexAddress(token string) (address netip.Addr, ok bool) {
	raw, err := hex.DecodeString(token)
	if err != nil || len(raw) != 16 {
		return netip.Addr{}, false
	}
	return netip.AddrFrom16([16]byte(raw)).Unmap(), true
}

// ifInet6 reads a row of if_inet6: address, index, prefix length, scope,
// flags, name.
func ifInet6(c *collector, fields []string) (why string) {
	address, ok := hexAddress(fields[0])
	index, err := strconv.ParseUint(fields[1], 16, 32)
	switch {
	case len(fields) != 6 || len(fields[1]) < 2 || len(fields[1]) > 8 || len(fields[2]) != 2,
		!ok || err != nil || !isDevice(fields[5]):
		return whyUnknown
	case address.IsUnspecified() || address.IsMulticast():
		return whyName
	}
	c.local(uint32(index), word(fields[5]), address)
	return ""
}

// igmp6 reads a row of igmp6: index, name, group, users, flags, timer.
func igmp6(c *collector, fields []string) (why string) {
	address, ok := hexAddress(fields[2])
	if len(fields) != 6 || !isInteger(fields[0]) || !isDevice(fields[1]) || !ok || !address.IsMulticast() {
		return whyUnknown
	}
	index, _ := number[uint32](fields[0])
	c.group(index, word(fields[1]), address)
	return ""
}

// Flags of a row of ipv6_route.
const (
	routeReject = 0x0200
	routeLocal  = 0x8000_0000
	routeNo     = 0x0010_0000 // RTF_ANYCAST
)

// ipv6Route reads a row of ipv6_route: destination, source, next hop, each of
// the first two with a prefix length; metric, two counts, flags, name.
func ipv6Route(c *collector, fields []string) (why string) {
	if len(fields) != 10 || len(fields[0]) != 32 || len(fields[1]) != 2 || len(fields[2]) != 32 ||
		len(fields[4]) != 32 || len(fields[8]) != 8 {
		return whyUnknown
	}
	raw, err := hex.DecodeString(fields[0] + fields[1] + fields[4] + fields[8])
	if err != nil {
		return whyRow
	}
	prefix := netip.PrefixFrom(netip.AddrFrom16([16]byte(raw[:16])), int(raw[16]))
	hop := netip.AddrFrom16([16]byte(raw[17:33]))
	flags := binary.BigEndian.Uint32(raw[33:])
	switch {
	case !prefix.IsValid():
		return whyRow
	case flags&(routeReject|routeNo) != 0:
	case flags&routeLocal != 0 && isHostRoute(prefix):
		c.local(0, "", prefix.Addr()) // the device may be lo, whatever the address' is
	default:
		c.route(infer.Route{Prefix: prefix.Masked(), NextHop: hop, Device: word(fields[9])})
	}
	return ""
}

// procARP reads a row of arp: address, hardware type, flags, link-layer
// address, mask, name.
func procARP(c *collector, fields []string) (why string) {
	address, _, ok := parseHost(fields[0])
	if len(fields) != 6 || !strings.HasPrefix(fields[1], "0x") || !strings.HasPrefix(fields[2], "0x") || !ok {
		return whyUnknown
	}
	linkLayer, _ := parseLinkLayer(fields[3])
	c.neighbor(infer.Neighbor{Address: address, LinkLayer: linkLayer, Device: word(fields[5])})
	return ""
}
