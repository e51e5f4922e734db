package tables

import (
	"strconv"
	"strings"

	"github.com/mendcap/mendcap/infer"
)

// isConntrack tells a row of `conntrack -L` or /proc/net/nf_conntrack: perhaps
// the family and its number, the protocol and its number, then the tuples of
// both directions as key=value.
func isConntrack(l *lines) bool {
	_, ok := conntrackProtocol(l.fields())
	return ok && strings.Contains(l.current, " src=") && strings.Contains(l.current, " dst=")
}

func conntrackProtocol(fields []string) (protocol uint8, ok bool) {
	if len(fields) > 2 && (fields[0] == "ipv4" || fields[0] == "ipv6") {
		fields = fields[2:]
	}
	if len(fields) < 4 || !isDevice(fields[0]) {
		return 0, false
	}
	n, err := strconv.ParseUint(fields[1], 10, 8)
	return uint8(n), err == nil
}

// parseConntrack takes both directions, or nothing: of a line that was cut the
// last address may lack digits.
func parseConntrack(c *collector, l *lines) {
	defer l.next()
	protocol, _ := conntrackProtocol(l.fields())
	var flows []infer.Flow
	ok := true
	for _, field := range l.fields() {
		key, value, isPair := strings.Cut(field, "=")
		if !isPair {
			continue
		}
		if key == "src" { // begins a direction
			flows = append(flows, infer.Flow{Protocol: protocol})
		} else if len(flows) == 0 {
			continue
		}
		flow := &flows[len(flows)-1]
		switch key {
		case "src":
			ok = conntrackHost(&flow.Source, value) && ok
		case "dst":
			ok = conntrackHost(&flow.Destination, value) && ok
		case "sport":
			ok = conntrackPort(&flow.Source, value) && ok
		case "dport":
			ok = conntrackPort(&flow.Destination, value) && ok
		}
	}
	if !ok || len(flows) != 2 || !isWholeFlow(flows[0]) || !isWholeFlow(flows[1]) {
		c.reject(l, whyRow)
		return
	}
	for _, flow := range flows {
		if !flow.Source.Address.IsMulticast() { // the answer of a group is never sent
			c.flow(flow)
		}
	}
}

// isWholeFlow reports whether a direction has its addresses and, of TCP and UDP,
// its ports.
func isWholeFlow(f infer.Flow) bool {
	const tcp, udp = 6, 17
	ports := f.Source.Port != 0 && f.Destination.Port != 0
	return f.Source.Address.IsValid() && f.Destination.Address.IsValid() && (ports || f.Protocol != tcp && f.Protocol != udp)
}

func conntrackHost(e *infer.Endpoint, text string) (ok bool) {
	e.Address, _, ok = parseHost(text)
	return ok
}

func conntrackPort(e *infer.Endpoint, text string) (ok bool) {
	n, err := strconv.ParseUint(text, 10, 16)
	e.Port = uint16(n)
	return err == nil
}
