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

// certainEnds keeps what is certain of two ends that aren't both whole: the host has the
// local address, and has dealt with the remote one. It says why that is not all.
func (c *collector) certainEnds(local, remote end) (why string) {
	if local.named || remote.named {
		why = whyName
	}
	switch {
	case local.rest != "":
		why = c.hint(local.rest, local.Port, true)
	case local.Address.IsValid() && !local.Address.IsMulticast():
		c.local(0, "", local.Address)
	}
	switch {
	case remote.rest != "":
		why = c.hint(remote.rest, remote.Port, false)
	case remote.Address.IsValid() && (remote.Port != 0 || remote.service):
		c.destination(infer.Destination{Destination: remote.Address})
	}
	return why
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
	case !e.service && !isPort:
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
	return len(token) <= 32 && strings.ContainsAny(token, letters) && strings.Trim(token, letters+"0123456789-_+.*/") == ""
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

// PowerShell ends what it has cut in three dots, PowerShell 7 in an ellipsis. Of
// that there may be left a dot, a question mark, characters that were lost, or
// its bytes read as Western European or as those of a console.
const cutMarks = ".…?\ufffd"

var misreadMarks = []string{"â€¦", "ÔÇª", "ΓÇª"}

// trimCut takes off the mark of a value that was cut. No address ends so.
func trimCut(value string) (rest string, cut bool) {
	rest = strings.TrimRight(value, cutMarks)
	for _, mark := range misreadMarks {
		rest = strings.TrimSuffix(rest, mark)
	}
	return rest, rest != value
}

// certainOf returns the prefix that an address has whose beginning is all that
// is left: its whole groups, up to a double colon, whose length isn't known.
// There is none for IPv4, or where not even one group is whole.
func certainOf(rest string) (prefix netip.Prefix, ok bool) {
	rest = strings.TrimPrefix(rest, "[")
	rest, _, _ = strings.Cut(rest, "%")
	head, _, known := strings.Cut(rest, "::")
	groups := strings.Split(head, ":")
	if !known {
		groups = groups[:len(groups)-1] // the last may lack digits
	}
	address, err := netip.ParseAddr(strings.Join(groups, ":") + "::")
	if err != nil || len(groups) == 0 || groups[0] == "" {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(address, 16*len(groups)), true
}
