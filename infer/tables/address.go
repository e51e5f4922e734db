package tables

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// parseAddress reads an address with or without a zone. The zone is taken off;
// a numeric one is an interface's index (RFC 4007, section 11.2), any other is
// dropped. An IPv4-mapped address becomes the IPv4 address that was on the
// wire. The whole token must be the address.
func parseAddress(token string) (address netip.Addr, zone uint32, ok bool) {
	address, err := netip.ParseAddr(token)
	zone, _ = number[uint32](address.Zone())
	return address.WithZone("").Unmap(), zone, err == nil
}

// parseHost reads an address of one host or group: not the unspecified one.
func parseHost(token string) (address netip.Addr, zone uint32, ok bool) {
	address, zone, ok = parseAddress(token)
	return address, zone, ok && !address.IsUnspecified()
}

// parseLocal reads an address that an interface can have.
func parseLocal(token string) (address netip.Addr, zone uint32, ok bool) {
	address, zone, ok = parseHost(token)
	return address, zone, ok && !address.IsMulticast()
}

// parseGroup reads the address of a multicast group.
func parseGroup(token string) (address netip.Addr, zone uint32, ok bool) {
	address, zone, ok = parseAddress(token)
	return address, zone, ok && address.IsMulticast()
}

// parseZoned reads the address of a host or group with the zone as its index or
// name. IPv4 addresses have zones too (127.0.0.53%lo).
func parseZoned(token string) (address netip.Addr, index uint32, device string, ok bool) {
	host, zone, _ := strings.Cut(token, "%")
	address, _, ok = parseHost(host)
	index, isIndex := number[uint32](zone)
	if !isIndex {
		device = word(zone)
	}
	return address, index, device, ok
}

// parsePrefix reads an address, with or without a zone, and a prefix length.
// The bits after the prefix must be zero.
func parsePrefix(token string) (prefix netip.Prefix, ok bool) {
	host, length, ok := strings.Cut(token, "/")
	if !ok {
		return netip.Prefix{}, false
	}
	// BSD puts the zone before the length.
	host, _, _ = strings.Cut(host, "%")
	prefix, err := netip.ParsePrefix(host + "/" + length)
	return prefix, err == nil && prefix == prefix.Masked()
}

// defaultPrefix is that of the default route, of the next hop's family.
func defaultPrefix(hop netip.Addr) netip.Prefix {
	if hop.Is4() {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
}

// specified turns the unspecified address into the zero one.
func specified(address netip.Addr) netip.Addr {
	if address.IsUnspecified() {
		return netip.Addr{}
	}
	return address
}

// parseLinkLayer reads an Ethernet address, six octets of two digits with - or
// : between them, and gives it in lower case with colons; the zero address,
// which says "unresolved", is the empty string.
func parseLinkLayer(token string) (linkLayer string, ok bool) {
	const length = 6*2 + 5
	if len(token) != length {
		return "", false
	}
	octets, err := net.ParseMAC(token)
	if err != nil || [6]byte(octets) == [6]byte{} {
		return "", err == nil
	}
	return octets.String(), true
}

// parseShortLinkLayer reads a link-layer address as BSD prints it, without
// leading zeros.
func parseShortLinkLayer(token string) (linkLayer string, ok bool) {
	octets := strings.Split(token, ":")
	if len(octets) != 6 {
		return "", false
	}
	for i, octet := range octets {
		if len(octet) == 1 {
			octets[i] = "0" + octet
		}
	}
	return parseLinkLayer(strings.Join(octets, ":"))
}

// mentionsAddress reports whether a line has something in it that is an
// address, or that looks like one that was cut or misprinted.
func mentionsAddress(line string) bool {
	separates := func(r rune) bool { return strings.ContainsRune(" \t\"'()[]<>,;=/%", r) }
	return len(line) > maxLine || slices.ContainsFunc(strings.FieldsFunc(line, separates), resemblesAddress)
}

func resemblesAddress(token string) bool {
	if _, ok := parseShortLinkLayer(strings.ReplaceAll(token, "-", ":")); ok {
		return false
	}
	if strings.Contains(token, "::") || strings.Count(token, ":") >= 3 {
		return true
	}
	host, _, _ := strings.Cut(token, ":")
	_, err := netip.ParseAddr(host)
	return err == nil
}

// number reads decimal digits; of a number that T can't hold nothing.
func number[T uint8 | uint16 | uint32 | uint64](digits string) (n T, ok bool) {
	if digits == "" || digits[0] < '0' || digits[0] > '9' { // most words: an error costs more
		return 0, false
	}
	wide, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || wide != uint64(T(wide)) {
		return 0, false
	}
	return T(wide), true
}

// isInteger tells decimal digits.
func isInteger(token string) bool {
	_, ok := number[uint64](token)
	return ok
}

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// isDevice tells what can be an interface's name: it begins with a letter.
func isDevice(token string) bool {
	return token != "" && len(token) <= 32 && (token[0]|0x20 >= 'a' && token[0]|0x20 <= 'z')
}
