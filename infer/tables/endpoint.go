package tables

import (
	"net/netip"
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/infer"
)

// end is one end of a row about two: an endpoint, or what is left of one whose
// address was cut.
type end struct {
	infer.Endpoint
	rest    string // of the address that was cut; empty where it is whole
	service bool   // the port is a service's name: it isn't known
	named   bool   // the address is a host's name: nothing is known
}

// whole reports whether all of an end is known.
func (e *end) whole() bool { return e.rest == "" && !e.service && !e.named }

// ends reports whether both ends of a row are whole. Of one that isn't it keeps
// what is certain: the host has the local address, and has dealt with the remote
// one.
func (c *collector) ends(local, remote end) (whole bool) {
	if local.whole() && remote.whole() {
		return true
	}
	switch {
	case local.rest != "":
		c.hint(local.rest, local.Port, true)
	case local.Address.IsValid() && !local.Address.IsMulticast():
		c.local(0, "", local.Address)
	}
	switch {
	case remote.rest != "":
		c.hint(remote.rest, remote.Port, false)
	case remote.Address.IsValid() && (remote.Port != 0 || remote.service):
		c.destination(infer.Destination{Destination: remote.Address})
	}
	return false
}

// parseEnd reads an address and port as Windows prints them: [a%zone]:port,
// a.b.c.d:port, *:port and *:*. An unspecified address is any: the zero one. The port
// may be a service's name, the address a host's.
func parseEnd(token string) (e end, ok bool) {
	colon := strings.LastIndexByte(token, ':')
	if colon <= 0 {
		return end{}, false
	}
	host, port := token[:colon], token[colon+1:]
	address, isAddress := bracketed(host)
	n, isPort := number[uint16](port)
	switch e.service = isService(port); {
	case isAddress && (isPort || port == "*"):
		return end{Endpoint: infer.Endpoint{Address: address, Port: n}}, true
	case port == "0" && !mentionsAddress(host):
		return end{}, true // what listens has the host's name for any address
	case !e.service && !isInteger(port):
		return end{}, false
	}
	e.Address, e.named = address, !isAddress
	return e, isAddress || !mentionsAddress(host)
}

// bracketed reads a star, or an address that is in brackets if it is IPv6: without
// them it and its port can't be told apart.
func bracketed(host string) (address netip.Addr, ok bool) {
	inner, opened := strings.CutPrefix(host, "[")
	inner, closed := strings.CutSuffix(inner, "]")
	address, _, ok = parseAddress(inner)
	if six := strings.Contains(inner, ":"); !ok || opened != six || closed != six {
		return netip.Addr{}, host == "*"
	}
	return specified(address), true
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
		n, isPort := number[uint16](text)
		_, notGroup := strconv.ParseUint(text, 16, 16)
		mayBeGroup := notGroup == nil && separator == ':' && host == token[:at] && strings.Contains(host, ":")
		if !isPort && (!isService(text) || mayBeGroup) {
			return end{}, false
		}
		e.Port, e.service = n, !isPort
	}
	if host == "*" {
		return e, true
	}
	address, _, ok := parseAddress(host)
	e.Address, e.named = specified(address), !ok
	return e, ok || !mentionsAddress(host)
}
