package tables

import (
	"net/netip"
	"strconv"
	"strings"
)

// parseZoned reads the address of a host or group with the zone as its index or
// name. IPv4 addresses have zones too (127.0.0.53%lo).
func parseZoned(token string) (address netip.Addr, index uint32, device string, ok bool) {
	host, zone, _ := strings.Cut(token, "%")
	address, _, ok = parseHost(host)
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return address, uint32(n), "", ok
	}
	return address, 0, word(zone), ok
}

// parseUnixEnd reads an endpoint of Unix, whose port follows its last colon or, of
// BSD, dot. Brackets and the zone are taken off the address; a star is any. The
// port may be a service's name, the address a host's. What can be the last group of
// an IPv6 address without a port is no service.
func parseUnixEnd(token string, separator byte) (e end, ok bool) {
	at := strings.LastIndexByte(token, separator)
	if at <= 0 {
		return end{}, false
	}
	host, _, _ := strings.Cut(token[:at], "%")
	if inner, bracketed := strings.CutPrefix(host, "["); bracketed {
		host = strings.TrimSuffix(inner, "]")
	}
	if text := token[at+1:]; text != "*" {
		n, err := strconv.ParseUint(text, 10, 16)
		e.service = err != nil
		_, notGroup := strconv.ParseUint(text, 16, 16)
		if e.service && (!isService(text) || notGroup == nil && separator == ':' && host == token[:at] && strings.Contains(host, ":")) {
			return end{}, false
		}
		e.Port = uint16(n)
	}
	if host == "*" {
		return e, true
	}
	address, _, ok := parseAddress(host)
	e.Address, e.named = specified(address), !ok
	return e, ok || !mentionsAddress(host)
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

// isInteger tells decimal digits.
func isInteger(token string) bool {
	_, err := strconv.ParseUint(token, 10, 64)
	return err == nil
}

// isDevice tells what can be an interface's name: it begins with a letter.
func isDevice(token string) bool {
	return token != "" && len(token) <= 32 && (token[0]|0x20 >= 'a' && token[0]|0x20 <= 'z')
}
