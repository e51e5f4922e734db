package tables

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/infer"
)

// The files of Linux' /proc/net. Socket tables have addresses as words in the
// host's byte order, which is taken to be little-endian; the others have them
// as they are on the wire.

// isProcSocket tells a row of tcp, tcp6, udp or udp6: "N:", two endpoints in
// hex, the state in hex.
func isProcSocket(fields []string) bool {
	return len(fields) >= 12 && strings.HasSuffix(fields[0], ":") && isInteger(fields[0][:len(fields[0])-1]) &&
		isHexEnd(fields[1]) && isHexEnd(fields[2]) && len(fields[3]) == 2
}

func isHexEnd(token string) bool {
	host, port, ok := strings.Cut(token, ":")
	return ok && len(port) == 4 && (len(host) == 8 || len(host) == 32)
}

// udpColumns is how many a row of udp or udp6 has; of tcp and tcp6 they are 12
// for what is closing down, else 17.
const udpColumns = 13

func parseProcSocket(c *collector, l *lines, fields []string) {
	local, ok := hexEnd(fields[1])
	remote, isRemote := hexEnd(fields[2])
	state, err := strconv.ParseUint(fields[3], 16, 8)
	if !ok || !isRemote || err != nil || local.Port == 0 {
		c.reject(l, whyName)
		return
	}
	row := infer.Connection{Local: local, Remote: remote}
	if len(fields) == udpColumns {
		c.udp(row)
		return
	}
	if int(state) < len(linuxStates) {
		row.State = linuxStates[state]
	}
	c.tcp(row)
}

// linuxStates are the kernel's numbers of a socket's states.
var linuxStates = [...]string{
	"", "ESTAB", "SYN-SENT", "SYN-RECV", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "CLOSED", "CLOSE-WAIT",
	"LAST-ACK", "LISTEN", "CLOSING", "NEW-SYN-RECV",
}

// hexEnd reads an endpoint. An address outside all that is assigned comes from
// a host of the other byte order.
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
	return infer.Endpoint{Address: specified(address), Port: uint16(n)}, ok && isAssigned(address)
}

// isAssigned reports whether an address lies where hosts have theirs (RFC 4291,
// section 2.4).
func isAssigned(a netip.Addr) bool {
	if a.Is4() || a.IsUnspecified() || a.IsLoopback() || a.IsMulticast() || a.IsLinkLocalUnicast() || a.IsPrivate() {
		return true
	}
	first := a.As16()[0]
	return first>>5 == 1 || first == 0 // 2000::/3; 64:ff9b::/96
}

// hexAddress reads 32 hex digits in network order.
func hexAddress(token string) (address netip.Addr, ok bool) {
	raw, err := hex.DecodeString(token)
	if err != nil || len(raw) != 16 {
		return netip.Addr{}, false
	}
	return netip.AddrFrom16([16]byte(raw)).Unmap(), true
}

// isIfInet6 tells a row of if_inet6: address, index, prefix length, scope,
// flags, name.
func isIfInet6(fields []string) bool {
	if len(fields) != 6 || len(fields[1]) < 2 || len(fields[1]) > 8 || len(fields[2]) != 2 {
		return false
	}
	_, ok := hexAddress(fields[0])
	_, err := strconv.ParseUint(fields[1], 16, 32)
	return ok && err == nil && isDevice(fields[5])
}

func parseIfInet6(c *collector, l *lines, fields []string) {
	address, _ := hexAddress(fields[0])
	index, _ := strconv.ParseUint(fields[1], 16, 32) // isIfInet6 has checked it
	if address.IsUnspecified() || address.IsMulticast() {
		c.reject(l, whyName)
		return
	}
	c.local(uint32(index), word(fields[5]), address)
}

// isIGMP6 tells a row of igmp6: index, name, group, users, flags, timer.
func isIGMP6(fields []string) bool {
	if len(fields) != 6 || !isInteger(fields[0]) || !isDevice(fields[1]) {
		return false
	}
	address, ok := hexAddress(fields[2])
	return ok && address.IsMulticast()
}

func parseIGMP6(c *collector, _ *lines, fields []string) {
	address, _ := hexAddress(fields[2])
	index, _ := strconv.ParseUint(fields[0], 10, 32) // isIGMP6 has checked it
	c.group(uint32(index), word(fields[1]), address)
}

// Flags of a row of ipv6_route.
const (
	routeReject = 0x0200
	routeLocal  = 0x8000_0000
	routeNo     = 0x0010_0000 // RTF_ANYCAST
)

// isIPv6Route tells a row of ipv6_route: destination, source, next hop, each of
// the first two with a prefix length; metric, two counts, flags, name.
func isIPv6Route(fields []string) bool {
	return len(fields) == 10 && len(fields[0]) == 32 && len(fields[1]) == 2 && len(fields[2]) == 32 &&
		len(fields[4]) == 32 && len(fields[8]) == 8
}

func parseIPv6Route(c *collector, l *lines, fields []string) {
	raw, err := hex.DecodeString(fields[0] + fields[1] + fields[4] + fields[8])
	if err != nil {
		c.reject(l, whyRow)
		return
	}
	prefix := netip.PrefixFrom(netip.AddrFrom16([16]byte(raw[:16])), int(raw[16]))
	hop := netip.AddrFrom16([16]byte(raw[17:33]))
	flags := binary.BigEndian.Uint32(raw[33:])
	switch {
	case !prefix.IsValid():
		c.reject(l, whyRow)
	case flags&(routeReject|routeNo) != 0:
	case flags&routeLocal != 0 && isHostRoute(prefix):
		c.local(0, "", prefix.Addr()) // the device may be lo, whatever the address' is
	default:
		c.route(infer.Route{Prefix: prefix.Masked(), NextHop: hop, Device: word(fields[9])})
	}
}

// isProcARP tells a row of arp: address, hardware type, flags, link-layer
// address, mask, name.
func isProcARP(fields []string) bool {
	if len(fields) != 6 || !strings.HasPrefix(fields[1], "0x") || !strings.HasPrefix(fields[2], "0x") {
		return false
	}
	_, _, ok := parseHost(fields[0])
	return ok
}

func parseProcARP(c *collector, _ *lines, fields []string) {
	address, _, _ := parseHost(fields[0])
	linkLayer, _ := parseLinkLayer(fields[3])
	c.neighbor(infer.Neighbor{Address: address, LinkLayer: linkLayer, Device: word(fields[5])})
}
