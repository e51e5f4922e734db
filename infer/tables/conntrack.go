package tables

import (
	"slices"
	"strings"

	"github.com/mendcap/mendcap/infer"
)

// conntrack reads a row of `conntrack -L` or /proc/net/nf_conntrack: perhaps
// the family and its number, the protocol and its number, then the tuples of
// both directions as key=value. It takes both directions, or nothing: of a line
// that was cut the last address may lack digits.
func conntrack(c *collector, fields []string) (why string) {
	if fields[0] == "ipv4" || fields[0] == "ipv6" {
		fields = fields[2:]
	}
	if len(fields) < 4 || !isDevice(fields[0]) {
		return whyUnknown
	}
	protocol, ok := number[uint8](fields[1])
	if !ok || !hasPrefixed(fields[2:], "src=") || !hasPrefixed(fields[2:], "dst=") {
		return whyUnknown
	}
	var flows []infer.Flow
	for _, field := range fields {
		key, value, isPair := strings.Cut(field, "=")
		if isPair && key == "src" { // begins a direction
			flows = append(flows, infer.Flow{Protocol: protocol})
		} else if !isPair || len(flows) == 0 {
			continue
		}
		flow, isRead := &flows[len(flows)-1], true
		switch key {
		case "src":
			flow.Source.Address, _, isRead = parseHost(value)
		case "dst":
			flow.Destination.Address, _, isRead = parseHost(value)
		case "sport":
			flow.Source.Port, isRead = number[uint16](value)
		case "dport":
			flow.Destination.Port, isRead = number[uint16](value)
		}
		ok = ok && isRead
	}
	if !ok || len(flows) != 2 || !isWholeFlow(flows[0]) || !isWholeFlow(flows[1]) {
		return whyRow
	}
	for _, flow := range flows {
		if !flow.Source.Address.IsMulticast() { // the answer of a group is never sent
			keep(c, &c.snapshot.Flows, flow)
		}
	}
	return ""
}

func hasPrefixed(fields []string, prefix string) bool {
	return slices.ContainsFunc(fields, func(field string) bool { return strings.HasPrefix(field, prefix) })
}

// isWholeFlow reports whether a direction has its addresses and, of TCP and UDP,
// its ports.
func isWholeFlow(f infer.Flow) bool {
	const tcp, udp = 6, 17
	ports := f.Source.Port != 0 && f.Destination.Port != 0
	return f.Source.Address.IsValid() && f.Destination.Address.IsValid() && (ports || f.Protocol != tcp && f.Protocol != udp)
}
