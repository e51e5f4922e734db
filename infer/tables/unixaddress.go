package tables

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/infer"
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

// splitEndpoint splits an endpoint of Unix at its last colon or, of BSD, dot.
// Brackets and the zone are taken off the host.
func splitEndpoint(token string, separator byte) (host string, port uint16, ok bool) {
	at := strings.LastIndexByte(token, separator)
	if at <= 0 {
		return "", 0, false
	}
	host = token[:at]
	if text := token[at+1:]; text != "*" {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return "", 0, false
		}
		port = uint16(n)
	}
	host, _, _ = strings.Cut(host, "%")
	if inner, bracketed := strings.CutPrefix(host, "["); bracketed {
		host = strings.TrimSuffix(inner, "]")
	}
	return host, port, true
}

// parseHostPort makes an endpoint of what splitEndpoint returns. A star is any.
func parseHostPort(host string, port uint16) (endpoint infer.Endpoint, ok bool) {
	if host == "*" {
		return infer.Endpoint{Port: port}, true
	}
	address, _, ok := parseAddress(host)
	return infer.Endpoint{Address: specified(address), Port: port}, ok
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
