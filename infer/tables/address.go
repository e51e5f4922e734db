package tables

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/infer"
)

// parseAddress reads an address with or without a zone. The zone is taken off;
// a numeric one is an interface's index (RFC 4007, section 11.2), any other is
// dropped. An IPv4-mapped address becomes the IPv4 address that was on the
// wire. The whole token must be the address.
func parseAddress(token string) (address netip.Addr, zone uint32, ok bool) {
	address, err := netip.ParseAddr(token)
	if err != nil {
		return netip.Addr{}, 0, false
	}
	if index, err := strconv.ParseUint(address.Zone(), 10, 32); err == nil {
		zone = uint32(index)
	}
	return address.WithZone("").Unmap(), zone, true
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

// parseEndpoint reads an address and port as Windows prints them: [a%zone]:port,
// a.b.c.d:port, *:port and *:*. An unspecified address is any: the zero one.
func parseEndpoint(token string) (endpoint infer.Endpoint, ok bool) {
	colon := strings.LastIndexByte(token, ':')
	if colon < 0 {
		return infer.Endpoint{}, false
	}
	host, port := token[:colon], token[colon+1:]
	if port != "*" {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return infer.Endpoint{}, false
		}
		endpoint.Port = uint16(n)
	}
	if host == "*" {
		return endpoint, true
	}
	inner, bracketed := strings.CutPrefix(host, "[")
	if bracketed {
		if inner, ok = strings.CutSuffix(inner, "]"); !ok {
			return infer.Endpoint{}, false
		}
	}
	// Without brackets an IPv6 address and its port cannot be told apart.
	address, _, ok := parseAddress(inner)
	if !ok || bracketed != strings.Contains(inner, ":") {
		return infer.Endpoint{}, false
	}
	endpoint.Address = specified(address)
	return endpoint, true
}

// parseEnd reads an endpoint of Windows whose port may be a service's name and
// whose address may be a host's.
func parseEnd(token string) (e end, ok bool) {
	if e.Endpoint, ok = parseEndpoint(token); ok {
		return e, true
	}
	colon := strings.LastIndexByte(token, ':')
	if colon <= 0 {
		return end{}, false
	}
	host, port := token[:colon], token[colon+1:]
	if port == "0" && !mentionsAddress(host) {
		return end{}, true // what listens has the host's name for any address
	}
	if e.service = isService(port); !e.service && !isInteger(port) {
		return end{}, false
	}
	e.Endpoint, ok = parseEndpoint(host + ":0")
	e.named = !ok
	return e, ok || !mentionsAddress(host)
}

// isService tells what can be a service's name, as lists of services have them:
// RFC 6335, section 5.1, with some older characters.
func isService(token string) bool {
	letter := false
	for _, c := range []byte(token) {
		switch {
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			letter = true
		case c >= '0' && c <= '9', strings.IndexByte("-_+.*/", c) >= 0:
		default:
			return false
		}
	}
	return letter && len(token) <= 32
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
// which stands for "unresolved", is the empty string.
func parseLinkLayer(token string) (linkLayer string, ok bool) {
	const length = 6*2 + 5
	if len(token) != length {
		return "", false
	}
	zero := true
	for i := range length {
		switch c := token[i]; {
		case i%3 == 2:
			if c != token[2] || c != '-' && c != ':' {
				return "", false
			}
		case !isHex(c):
			return "", false
		case c != '0':
			zero = false
		}
	}
	if zero {
		return "", true
	}
	return strings.ToLower(strings.ReplaceAll(token, "-", ":")), true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// mentionsAddress reports whether a line has something in it that is an
// address, or that looks like one that was cut or misprinted.
func mentionsAddress(line string) bool {
	if len(line) > maxLine {
		return true
	}
	tokens := strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\"'()[]<>,;=/%", r) })
	for _, token := range tokens {
		if resemblesAddress(token) {
			return true
		}
	}
	return false
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
