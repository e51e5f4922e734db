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

func parseConntrack(c *collector, l *lines) {
	defer l.next()
	protocol, _ := conntrackProtocol(l.fields())
	flow := infer.Flow{Protocol: protocol}
	sources, taken, ok := 0, 0, true
	take := func() {
		if flow.Source.Address.IsValid() && flow.Destination.Address.IsValid() {
			c.flow(flow)
			taken++
		}
		flow = infer.Flow{Protocol: protocol}
	}
	for _, field := range l.fields() {
		key, value, isPair := strings.Cut(field, "=")
		if !isPair {
			continue
		}
		switch key {
		case "src": // begins a tuple
			if sources++; sources > 2 {
				ok = false
			}
			take()
			ok = conntrackHost(&flow.Source, value) && ok
		case "dst":
			ok = conntrackHost(&flow.Destination, value) && ok
		case "sport":
			ok = conntrackPort(&flow.Source, value) && ok
		case "dport":
			ok = conntrackPort(&flow.Destination, value) && ok
		}
	}
	take()
	if !ok || taken == 0 {
		c.reject(l, whyRow)
	}
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
